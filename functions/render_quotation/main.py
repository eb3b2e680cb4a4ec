"""The entry point of `render_quotation` on AWS, which alone carries the PDF engine; two other functions invoke it.

It has no address, no secret and no database. Clouds that install libraries themselves do without it.

`{inputs, timestamp, kind}` becomes `{content}` in Base64, or `{unprintable}`: see
`features/calculations/typesetting.py`.
"""

from typing import Any

from features.calculations import typesetting


def aws_handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    return typesetting.as_function(event)
