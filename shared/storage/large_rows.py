"""Going through rows that may be large: by pages of a number of rows, and of a number of bytes.

Two hundred quotations are more than a machine of the operator's has memory for, and take longer over its line than a
statement may.
"""

from typing import Final, LiteralString

_MOST_BYTES: Final[LiteralString] = "4000000"


def bounded(page: LiteralString, column: LiteralString) -> LiteralString:
    """The statement of a page in the order of ids; it ends where its rows have so many bytes in that column."""
    before: LiteralString = f"sum(octet_length({column})) OVER (ORDER BY id) - octet_length({column}) AS bytes_before"
    measured: LiteralString = f"SELECT page.*, {before} FROM ({page}) AS page"  # noqa: S608 - all of it is ours
    return f"SELECT * FROM ({measured}) AS measured WHERE bytes_before < {_MOST_BYTES} ORDER BY id"  # noqa: S608
