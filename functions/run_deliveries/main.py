"""The entry points of `run_deliveries`, one per cloud; a timer calls it every minute.

On one machine: ``python -m functions_framework --source functions/run_deliveries/main.py --target http --port 8904``
"""

from functools import partial

from functions.run_deliveries.run import run
from shared.platform.adapters import schedule
from shared.runtime import Runtime

_runtime = Runtime.from_environment()
_run = partial(run, _runtime)

http = schedule.google_function(_run, _runtime.settings.time_limit_seconds)
aws_handler = schedule.aws_function(_run, _runtime.settings.time_limit_seconds)
yandex_handler = schedule.yandex_function(_run, _runtime.settings.time_limit_seconds)
