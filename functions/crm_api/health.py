"""`GET health`, for monitors, without any proof: does this instance reach its database, and do the schedules run?"""

import time
from typing import Final

from features import registry
from shared.platform import deadline
from shared.platform.http import Response
from shared.platform.middleware import json_response
from shared.platform.ttl_cache import Expiring
from shared.runtime import Runtime
from shared.storage import jobs
from shared.storage.database import DatabaseUnavailableError

_PATIENCE_SECONDS: Final = 5.0  # monitors have little
# Nobody can keep the database busy by asking.
_answers: Final[Expiring[str, Response]] = Expiring(seconds=2)


def answer(runtime: Runtime) -> Response:
    """200 `{status: "ok" | "late", database_ms, jobs: {name: seconds since its last good run or null}}`, or 503
    `{status: "database_unavailable"}`. `late`: a schedule does not run; calls are answered all the same."""
    known = _answers.get("health")
    if known is None:
        known = _looked(runtime)
        _answers.put("health", known)
    return known


def _looked(runtime: Runtime) -> Response:
    started = time.perf_counter()
    try:
        with deadline.limited(_PATIENCE_SECONDS):
            standing = jobs.standing(runtime.database, registry.jobs())
    except DatabaseUnavailableError:
        return json_response({"status": "database_unavailable"}, 503, (("Retry-After", "5"),))
    took = round((time.perf_counter() - started) * 1000, 1)
    status = "late" if any(job.is_late for job in standing) else "ok"
    ages = {job.name: None if job.seconds is None else round(job.seconds) for job in standing}
    return json_response({"status": status, "database_ms": took, "jobs": ages})
