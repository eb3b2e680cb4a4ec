"""The entry points of `crm_api`, one per cloud.

On one machine: ``python -m functions_framework --source functions/crm_api/main.py --target http --port 8901``
"""

from functools import partial

from functions.crm_api.handler import handle
from shared.platform.adapters import aws, google, yandex
from shared.platform.endpoint import serve
from shared.runtime import Runtime

respond = partial(serve, handle, Runtime.from_environment())

http = google.http_function(respond)
aws_handler = aws.http_function(respond)
yandex_handler = yandex.http_function(respond)
