"""Loaded by schemathesis before its workers start.

One of them else imports this transport late, and with it anyio, which parses its own source; Python 3.11's parser is
not safe in several threads at once ("AST constructor recursion depth mismatch").
"""

import schemathesis.transport.asgi
import schemathesis.transport.wsgi  # noqa: F401
