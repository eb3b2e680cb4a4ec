"""The entry points of `refresh_tokens`, one per cloud; a timer calls it every few minutes.

On one machine: ``python -m functions_framework --source functions/refresh_tokens/main.py --target http --port 8903``
"""

from functools import partial

from functions.refresh_tokens.run import run
from shared.platform.adapters import schedule
from shared.runtime import Runtime

_runtime = Runtime.from_environment()
_run = partial(run, _runtime)

http = schedule.google_function(_run, _runtime.settings.time_limit_seconds)
aws_handler = schedule.aws_function(_run, _runtime.settings.time_limit_seconds)
yandex_handler = schedule.yandex_function(_run, _runtime.settings.time_limit_seconds)
