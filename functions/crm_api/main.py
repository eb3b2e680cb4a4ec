"""The entry points of `crm_api`, one per cloud.

On one machine: ``python -m functions_framework --source functions/crm_api/main.py --target http --port 8901``
"""

from functions.crm_api.handler import handle
from shared.platform.adapters import aws, google, yandex
from shared.platform.http import Request, Response
from shared.platform.middleware import serve
from shared.runtime import Instance
from shared.storage import counters

instance = Instance()


def respond(request: Request) -> Response:
    response = serve(handle, instance.runtime, request)
    counters.keep(instance.runtime.database)
    return response


http = google.http_function(respond)
aws_handler = aws.http_function(respond)
yandex_handler = yandex.http_function(respond)
