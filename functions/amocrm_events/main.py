"""The entry points of `amocrm_events`, one per cloud.

On one machine: ``python -m functions_framework --source functions/amocrm_events/main.py --target http --port 8905``
"""

from functions.amocrm_events.handler import MOST_BYTES, handle
from shared.platform.adapters import aws, google, yandex
from shared.platform.http import Request, Response
from shared.platform.middleware import serve
from shared.runtime import Instance

instance = Instance()


def respond(request: Request) -> Response:
    return serve(handle, instance.runtime, request, most_bytes=MOST_BYTES)


http = google.http_function(respond)
aws_handler = aws.http_function(respond)
yandex_handler = yandex.http_function(respond)
