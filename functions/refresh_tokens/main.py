"""The entry points of `refresh_tokens`, one per cloud; a timer calls it every few minutes.

On one machine: ``python -m functions_framework --source functions/refresh_tokens/main.py --target http --port 8903``
"""

from functools import partial

from functions.refresh_tokens.run import run
from shared.amocrm.transport import LIMITS
from shared.connections import token_persistence
from shared.platform.adapters import schedule
from shared.runtime import Runtime

# A refresh that has begun is ended, and what it gave is kept, before the platform ends us.
_MARGIN_SECONDS = LIMITS.longest_call + token_persistence.LONGEST_SECONDS + 5

_runtime = Runtime.from_environment()
_run = partial(run, _runtime)
_limits = (_runtime.settings.time_limit_seconds, _MARGIN_SECONDS)

http = schedule.google_function(_run, *_limits)
aws_handler = schedule.aws_function(_run, *_limits)
yandex_handler = schedule.yandex_function(_run, *_limits)
