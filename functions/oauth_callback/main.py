"""The entry points of `oauth_callback`, one per cloud.

On one machine: ``python -m functions_framework --source functions/oauth_callback/main.py --target http --port 8902``
"""

from functools import partial

from functions.oauth_callback.handler import handle
from shared.platform.adapters import aws, google, yandex
from shared.platform.endpoint import serve
from shared.runtime import Runtime

respond = partial(serve, handle, Runtime.from_environment())

http = google.http_function(respond)
aws_handler = aws.http_function(respond)
yandex_handler = yandex.http_function(respond)
