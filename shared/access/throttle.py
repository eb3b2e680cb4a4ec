"""Not too often: counted per minute in PostgreSQL, for all instances together."""

import hashlib

from msgspec import Struct

from shared.platform.messages import say
from shared.platform.problems import Problem
from shared.storage.database import Database

_COUNT = """
INSERT INTO amocrm_throttle AS t (bucket, minute, count)
VALUES (%(bucket)s, date_trunc('minute', amocrm_now()), %(uses)s)
ON CONFLICT (bucket, minute) DO UPDATE SET count = t.count + %(uses)s
RETURNING count, extract(epoch FROM minute + interval '1 minute' - amocrm_now())::float8 AS seconds_left
"""


class _Counted(Struct, frozen=True):
    count: int
    seconds_left: float


_IN_HOUR = """
WITH counted AS (
    INSERT INTO amocrm_throttle AS t (bucket, minute, count)
    VALUES (%(bucket)s, date_trunc('hour', amocrm_now()) + interval '1 hour', 1)
    ON CONFLICT (bucket, minute) DO UPDATE SET count = t.count + 1
    RETURNING count
)
SELECT count FROM counted
"""


def in_hour(database: Database, bucket: str) -> int:
    """Counts one use of the bucket: how many it has within this hour, so that what is repeated is told once, or a few
    times."""
    return database.number(_IN_HOUR, {"bucket": hashlib.sha256(f"hour:{bucket}".encode()).digest()})


def pass_or_refuse(database: Database, bucket: str, per_minute: int, uses: int = 1) -> None:
    """Counts one use of the bucket, or so many. Raises 429 for one too many within this minute."""
    counted = database.one(_Counted, _COUNT, {"bucket": hashlib.sha256(bucket.encode()).digest(), "uses": uses})
    assert counted is not None
    if counted.count > per_minute:
        raise Problem(
            429,
            "too_many_requests",
            say("Too many requests. Wait a minute."),
            retry_after=max(1, round(counted.seconds_left)),
        )
