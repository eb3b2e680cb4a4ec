"""The entry points of `run_deliveries`, one per cloud; a timer calls it every minute.

On one machine: ``python -m functions_framework --source functions/run_deliveries/main.py --target http --port 8904``
"""

from functools import partial

from functions.run_deliveries.run import run
from shared.platform.adapters import schedule
from shared.runtime import Runtime

# A delivery that has begun is worked on for as long as its lease lasts, at most.
_MARGIN_SECONDS = 70

_runtime = Runtime.from_environment()
_run = partial(run, _runtime)
_limits = (_runtime.settings.time_limit_seconds, _MARGIN_SECONDS)

http = schedule.google_function(_run, *_limits)
aws_handler = schedule.aws_function(_run, *_limits)
yandex_handler = schedule.yandex_function(_run, *_limits)
