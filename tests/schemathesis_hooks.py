"""Loaded by schemathesis before its workers start.

One of them else imports the transports late, and with them anyio, which parses its own source; Python 3.11's parser is
not safe in several threads at once ("AST constructor recursion depth mismatch").

CONTRACT_KNOWN names what is really there, as JSON: `{"headers": {name: value}, "query": {operation: {name: value}},
"body": {operation: {name: value}}}`. Random ids hit nothing, so every second case of an action asks for that.
"""

import itertools
import json
import os
from collections import defaultdict
from typing import Any

import schemathesis
import schemathesis.transport.asgi
import schemathesis.transport.wsgi

_KNOWN: dict[str, Any] = json.loads(os.environ.get("CONTRACT_KNOWN", "{}"))
_turns: "defaultdict[str, itertools.count[int]]" = defaultdict(itertools.count)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    operation = case.path.strip("/")
    if not _KNOWN or next(_turns[operation]) % 2:
        return
    case.headers.update(_KNOWN["headers"])
    if (query := _KNOWN["query"].get(operation)) is not None:
        case.query = query
    if (body := _KNOWN["body"].get(operation)) is not None and case.media_type == "application/json":
        case.body = body
