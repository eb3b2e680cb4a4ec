"""`GET health`, for monitors, without any proof: does this instance reach its database?"""

import time
from typing import Final

from shared.platform import deadline
from shared.platform.http import Response
from shared.platform.middleware import json_response
from shared.platform.ttl_cache import Expiring
from shared.runtime import Runtime
from shared.storage.database import DatabaseUnavailableError

_PATIENCE_SECONDS: Final = 5.0  # monitors have little
# Nobody can keep the database busy by asking.
_answers: Final[Expiring[str, Response]] = Expiring(seconds=2)


def answer(runtime: Runtime) -> Response:
    """200 `{status: "ok", database_ms}`, or 503 `{status: "database_unavailable"}`."""
    known = _answers.get("health")
    if known is None:
        known = _looked(runtime)
        _answers.put("health", known)
    return known


def _looked(runtime: Runtime) -> Response:
    started = time.perf_counter()
    try:
        with deadline.limited(_PATIENCE_SECONDS):
            runtime.database.number("SELECT 1")
    except DatabaseUnavailableError:
        return json_response({"status": "database_unavailable"}, 503, (("Retry-After", "5"),))
    return json_response({"status": "ok", "database_ms": round((time.perf_counter() - started) * 1000, 1)})
