"""The rows of `amocrm_incoming`: bodies as they came to the address of a server's key, and what became of each.

A row is there before anything is read of the body, so that what ends in between is not lost. It stays as long as a
delivery does, and of one key so many bodies and bytes at most: the oldest go first, last what is nowhere else, and a
person is told.
"""

import hashlib
import re
import zlib
from base64 import b85decode, b85encode
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from shared.platform.decoding import decode
from shared.platform.http import Headers, Pairs, Request
from shared.platform.messages import Message, say, translated
from shared.platform.secret import Guarded
from shared.storage import event_log
from shared.storage.database import Database
from shared.storage.encryption import Keyring

MOST_BODIES: Final = 2000  # of one key
MOST_BYTES: Final = 50_000_000
_AFTER_DROPPING: Final = 0.9  # so that not each of a flood has to drop one
# Counting looks at all of them, so it is done now and then, at random, and for each that is large.
COUNTED_EVERY: Final = 16
_LARGE: Final = 100_000
# Headers that are, or prove, a secret: who sent it was found out before it was kept.
_SECRET: Final = re.compile("authorization|cookie|token|key|secret|signature|hmac|password")
_NOT_KEPT: Final = ("site_key", "action")  # of the address
_COLUMN: Final = "incoming"

# A body that has come within ten minutes is the same, as for its delivery. Said again after a lost answer, it counts
# once.
_KEEP = """
WITH again AS (
    UPDATE amocrm_incoming SET times = times + (request_id <> %(request_id)s)::int, request_id = %(request_id)s,
        last_at = amocrm_now()
    WHERE id = (SELECT id FROM amocrm_incoming WHERE site_key_id = %(site_key_id)s AND mark = ANY (%(marks)s::bytea[])
        AND created_at > amocrm_now() - interval '10 minutes' ORDER BY created_at DESC LIMIT 1)
    RETURNING id
), fresh AS (
    INSERT INTO amocrm_incoming (id, integration_id, site_key_id, action, mark, body, size, request_id)
    SELECT %(id)s, %(integration_id)s, %(site_key_id)s, %(action)s, (%(marks)s::bytea[])[1], %(body)s, %(size)s,
        %(request_id)s
    WHERE NOT EXISTS (SELECT FROM again)
    ON CONFLICT (id) DO NOTHING
    RETURNING id
)
SELECT id FROM again UNION ALL SELECT id FROM fresh LIMIT 1
"""

_COUNT = """
SELECT count(*) AS bodies, coalesce(sum(size), 0)::bigint AS bytes FROM amocrm_incoming
WHERE site_key_id = %(site_key_id)s
"""

# What was refused, or not read to its end, stands nowhere else.
_DROP = """
WITH placed AS (
    SELECT id, row_number() OVER dearest AS place, sum(size) OVER dearest AS bytes FROM amocrm_incoming
    WHERE site_key_id = %(site_key_id)s
    WINDOW dearest AS (ORDER BY outcome IN ('refused', 'taken') DESC, created_at DESC, id DESC)
), gone AS (
    DELETE FROM amocrm_incoming
    WHERE id IN (SELECT id FROM placed WHERE place > %(bodies)s OR bytes > %(bytes)s) AND id <> %(id)s RETURNING id
)
UPDATE amocrm_site_keys SET bodies_dropped_at = amocrm_now()
WHERE id = %(site_key_id)s AND EXISTS (SELECT FROM gone) RETURNING name
"""

# What has become a delivery stays so.
_END = """
UPDATE amocrm_incoming SET outcome = %(outcome)s, detail = %(detail)s, delivery_id = %(delivery_id)s,
    has_person = %(has_person)s
WHERE id = %(id)s AND (delivery_id IS NULL OR delivery_id = %(delivery_id)s)
"""

# One without a person may be a form that asks for none; three are a form that is not understood.
_JUDGE = """
UPDATE amocrm_site_keys k SET without_person = judged.is_so
FROM (SELECT count(*) >= 3 AND NOT coalesce(bool_or(has_person), false) AS is_so FROM (
    SELECT has_person FROM amocrm_incoming WHERE site_key_id = %(site_key_id)s AND has_person IS NOT NULL
    ORDER BY created_at DESC, id DESC LIMIT 10) latest) judged
WHERE k.id = %(site_key_id)s AND k.without_person <> judged.is_so AND NOT k.accepts_without_person
"""

# Without the bodies, of which each may be a megabyte.
_PAGE = """
SELECT id, integration_id, site_key_id, action, size, times, outcome, detail, delivery_id, again_id, has_person,
       request_id, created_at, last_at
FROM amocrm_incoming
WHERE integration_id = %(integration_id)s AND (%(site_key_id)s::uuid IS NULL OR site_key_id = %(site_key_id)s)
  AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
  AND (%(before)s::uuid IS NULL
       OR (created_at, id) < (SELECT b.created_at, b.id FROM amocrm_incoming b WHERE b.id = %(before)s))
ORDER BY created_at DESC, id DESC LIMIT %(limit)s
"""

_BY_ID = """
SELECT * FROM amocrm_incoming WHERE id = %(id)s AND integration_id = %(integration_id)s
"""

# Where the process ended before it was written down; or the same has come again, and was read.
_DELIVERY = """
SELECT d.id FROM amocrm_incoming own JOIN amocrm_deliveries d ON d.integration_id = own.integration_id
    AND d.created_at >= own.created_at AND d.summary ->> 'incoming' = own.id::text
WHERE own.id = %(id)s
UNION ALL
SELECT other.delivery_id FROM amocrm_incoming own JOIN amocrm_incoming other ON other.site_key_id = own.site_key_id
    AND other.mark = own.mark AND other.delivery_id IS NOT NULL AND other.created_at >= own.created_at
WHERE own.id = %(id)s
LIMIT 1
"""

_READ_AGAIN = """
UPDATE amocrm_incoming SET outcome = 'accepted', detail = NULL, delivery_id = %(delivery_id)s, again_id = %(again_id)s,
    has_person = %(has_person)s
WHERE id = %(id)s AND (delivery_id IS NULL OR delivery_id = %(delivery_id)s)
"""

# The latest of a key, whatever became of them.
_LATEST = """
SELECT * FROM amocrm_incoming WHERE site_key_id = %(site_key_id)s AND integration_id = %(integration_id)s
ORDER BY created_at DESC, id DESC LIMIT %(limit)s
"""


_KEYS = """
SELECT id, name, revoked_at, without_person, accepts_without_person, bodies_dropped_at FROM amocrm_site_keys
WHERE integration_id = %(integration_id)s AND is_server
ORDER BY revoked_at IS NOT NULL, created_at DESC LIMIT 200
"""


class Key(Struct, frozen=True):
    """A server's key, and what people should know of what has come to it."""

    id: UUID
    name: str
    revoked_at: datetime | None
    without_person: bool
    accepts_without_person: bool  # somebody has said that this is right
    bodies_dropped_at: datetime | None


class Incoming(Guarded, frozen=True):
    """A body as it came, and what became of it."""

    HIDDEN = ("body",)

    id: UUID
    integration_id: UUID
    site_key_id: UUID
    action: str
    size: int
    times: int
    outcome: str  # taken, accepted, nothing, refused
    detail: Message | None
    delivery_id: UUID | None
    again_id: UUID | None  # the latest delivery that has completed it
    has_person: bool | None
    request_id: str
    created_at: datetime
    last_at: datetime
    body: bytes = b""  # encrypted, see :func:`request_of`; not in lists

    def why(self, language: str) -> str | None:
        """Why it has become nothing, for people."""
        return None if self.detail is None else translated(self.detail, language)


class _Row(Struct, frozen=True):
    id: UUID


class _Counted(Struct, frozen=True):
    bodies: int
    bytes: int


class _Named(Struct, frozen=True):
    name: str


class _Document(Struct, frozen=True):
    """What is encrypted."""

    query: list[tuple[str, str]]
    headers: list[tuple[str, str]]
    body: str  # compressed, in base 85


def keep(
    database: Database, keyring: Keyring, integration_id: UUID, site_key_id: UUID, action: str, request: Request
) -> UUID:
    """Stores what came, before anything is read of it. Its id; of a repetition, that of the first."""
    new_id = uuid4()
    came = request.headers.get("Content-Type") or ""
    # Whatever else a header says of the way that it came is another thing each time.
    digest = hashlib.sha256(msgspec.json.encode((_query(request), came)) + request.body).hexdigest()
    parameters: dict[str, Any] = {
        "id": new_id,
        "integration_id": integration_id,
        "site_key_id": site_key_id,
        "action": action,
        "marks": keyring.fingerprints(f"incoming:{site_key_id}:{action}:{digest}", integration_id),
        "body": sealed(keyring, new_id, request),
        "size": len(request.body),
        "request_id": request.id,
    }
    kept = database.one(_Row, _KEEP, parameters)
    assert kept is not None
    if kept.id.int % COUNTED_EVERY == 0 or len(request.body) > _LARGE:
        _bound(database, integration_id, {"id": kept.id, "site_key_id": site_key_id})
    return kept.id


def _bound(database: Database, integration_id: UUID, parameters: dict[str, Any]) -> None:
    there = database.one(_Counted, _COUNT, parameters)
    if there is not None and (there.bodies > MOST_BODIES or there.bytes > MOST_BYTES):
        _drop(database, integration_id, parameters)


def _drop(database: Database, integration_id: UUID, parameters: dict[str, Any]) -> None:
    most = {"bodies": int(MOST_BODIES * _AFTER_DROPPING), "bytes": int(MOST_BYTES * _AFTER_DROPPING)}
    key = database.one(_Named, _DROP, parameters | most)
    if key is not None:
        told = say(
            "More has come to the server's key {name} than is kept ({most} bodies, {megabytes} MB): its oldest bodies "
            "went. What has become of them stays in amoCRM and among the deliveries.",
            name=key.name,
            most=MOST_BODIES,
            megabytes=MOST_BYTES // 1_000_000,
        )
        every = timedelta(hours=1)
        event_log.add_rarely(
            database, "incoming.dropped", told, level="warning", integration_id=integration_id, every=every
        )


def sealed(keyring: Keyring, row: UUID, request: Request) -> bytes:
    """As it is stored: without the key, and whatever else would prove who sent it."""
    headers = [(name, value) for name, value in request.headers.items() if not _SECRET.search(name)]
    body = b85encode(zlib.compress(request.body, 6)).decode()
    document = msgspec.json.encode(_Document(_query(request), headers, body))
    return keyring.encrypt(document.decode(), row, _COLUMN)


def opened(keyring: Keyring, row: UUID, stored: bytes, action: str) -> Request:
    kept = decode(keyring.decrypt(stored, row, _COLUMN), _Document)
    query: Pairs = (("action", action), *kept.query)
    return Request("POST", "/", query, Headers(kept.headers), zlib.decompress(b85decode(kept.body)))


def request_of(keyring: Keyring, incoming: Incoming) -> Request:
    """The request as it came, as far as it is kept."""
    return opened(keyring, incoming.id, incoming.body, incoming.action)


def _query(request: Request) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.query if name not in _NOT_KEPT]


def became(database: Database, incoming_id: UUID, site_key_id: UUID, delivery_id: UUID, has_person: bool) -> None:
    """It was accepted as this delivery."""
    _end(database, incoming_id, "accepted", None, delivery_id, has_person)
    database.execute(_JUDGE, {"site_key_id": site_key_id})


def became_nothing(database: Database, incoming_id: UUID, reason: Message) -> None:
    _end(database, incoming_id, "nothing", reason)


def was_refused(database: Database, incoming_id: UUID, reason: Message) -> None:
    _end(database, incoming_id, "refused", reason)


def was_read_again(database: Database, incoming: Incoming, delivery_id: UUID, again_id: UUID, has_person: bool) -> None:
    """What it had become was completed by another delivery."""
    read = {"id": incoming.id, "delivery_id": delivery_id, "again_id": again_id, "has_person": has_person}
    database.execute(_READ_AGAIN, read)
    database.execute(_JUDGE, {"site_key_id": incoming.site_key_id})


def _end(
    database: Database,
    incoming_id: UUID,
    outcome: str,
    detail: Message | None,
    delivery_id: UUID | None = None,
    has_person: bool | None = None,
) -> None:
    ended: dict[str, Any] = {"outcome": outcome, "detail": detail, "delivery_id": delivery_id, "has_person": has_person}
    database.execute(_END, {"id": incoming_id} | ended)


def delivery_of(database: Database, incoming: Incoming) -> UUID | None:
    """The delivery that it has become, also where the process ended before that was written down here."""
    if incoming.delivery_id is not None:
        return incoming.delivery_id
    found = database.one(_Row, _DELIVERY, {"id": incoming.id})
    return None if found is None else found.id


def by_id(database: Database, incoming_id: UUID, integration_id: UUID) -> Incoming | None:
    return database.one(Incoming, _BY_ID, {"id": incoming_id, "integration_id": integration_id})


def page(
    database: Database,
    integration_id: UUID,
    *,
    site_key_id: UUID | None = None,
    outcome: str | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[Incoming]:
    """The newest first; `before` is the last one of the page already read."""
    asked = {"integration_id": integration_id, "site_key_id": site_key_id, "outcome": outcome}
    return database.all(Incoming, _PAGE, asked | {"before": before, "limit": limit})


def latest(database: Database, integration_id: UUID, site_key_id: UUID, limit: int) -> list[Incoming]:
    """The newest bodies of a key, whatever became of them."""
    asked = {"integration_id": integration_id, "site_key_id": site_key_id, "limit": limit}
    return database.all(Incoming, _LATEST, asked)


def keys(database: Database, integration_id: UUID) -> list[Key]:
    """Servers' keys of a connection, the newest first, those that are revoked last."""
    return database.all(Key, _KEYS, {"integration_id": integration_id})
