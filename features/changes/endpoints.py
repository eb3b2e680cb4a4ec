"""Endpoints: the servers of a company that are told what happens in its account."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import msgspec
from msgspec import Meta, Struct
from psycopg.types.json import Jsonb

from features.changes.kinds import is_chosen
from shared.deliveries.webhooks import new_secret
from shared.platform.secret import Guarded
from shared.storage.database import Database
from shared.storage.encryption import DecryptionError, Keyring

Id = Annotated[int, Meta(gt=0, le=2**63 - 1)]

MOST: Final = 20  # of one connection
OVERLAP: Final = timedelta(hours=24)  # a secret that was replaced signs as well
_MOST_BEFORE: Final = 4
LEASE: Final = timedelta(seconds=60)
MOST_FAILURES: Final = 3  # in a row, and the endpoint is left for now
NEWS_WAITS: Final = timedelta(minutes=5)  # at most, for an endpoint that is left

_OF = """
SELECT e.*,
    coalesce(e.old_secret_until > amocrm_now(), false) AS is_old_good,
    (SELECT count(*) FROM amocrm_sends s WHERE s.endpoint_id = e.id AND s.state = 'waiting') AS waiting,
    (SELECT extract(epoch FROM amocrm_now() - min(s.asked_at))::float8 FROM amocrm_sends s
     WHERE s.endpoint_id = e.id AND s.state = 'waiting') AS oldest_seconds
FROM amocrm_endpoints e WHERE e.integration_id = %(integration_id)s AND e.removed_at IS NULL
ORDER BY e.created_at, e.id
"""
# The ceiling is a part of the statement; what a repetition of it finds is the row that the first one has made.
_ADD = """
INSERT INTO amocrm_endpoints
    (id, integration_id, name, url, host, secret, kinds, pipelines, statuses, stages, fields, revision)
SELECT %(id)s, %(integration_id)s, %(name)s, %(url)s, %(host)s, %(secret)s, %(kinds)s, %(pipelines)s, %(statuses)s,
    %(stages)s, %(fields)s, %(revision)s
WHERE %(most)s > (
    SELECT count(*) FROM amocrm_endpoints
    WHERE integration_id = %(integration_id)s AND removed_at IS NULL AND id <> %(id)s)
ON CONFLICT (id) DO UPDATE SET name = excluded.name
"""
# Over the revision that its author has seen; the same save may come twice.
# Whoever turns it on again has looked at it: everything that waits is tried at once, and has all its time again.
# Whoever is telling it at this moment stops: what the address before it answers says nothing of this one.
_CHANGE = """
WITH changed AS (
    UPDATE amocrm_endpoints SET
        name = %(name)s, url = %(url)s, host = %(host)s, kinds = %(kinds)s, pipelines = %(pipelines)s,
        statuses = %(statuses)s, stages = %(stages)s, fields = %(fields)s, is_on = %(is_on)s,
        off_reason = CASE WHEN %(is_on)s THEN NULL ELSE coalesce(off_reason, 'person') END,
        failures = CASE WHEN %(is_on)s THEN 0 ELSE failures END,
        failing_since = CASE WHEN %(is_on)s THEN NULL ELSE failing_since END,
        due_at = CASE WHEN %(is_on)s THEN amocrm_now() END, lease_id = NULL, lease_until = NULL,
        revision = %(next)s
    WHERE id = %(id)s AND integration_id = %(integration_id)s AND removed_at IS NULL
      AND (%(seen)s::uuid IS NULL OR revision IN (%(seen)s, %(next)s))
    RETURNING id
), awakened AS (
    UPDATE amocrm_sends SET due_at = amocrm_now(), attempts = 0, refused_since = NULL
    WHERE endpoint_id IN (SELECT id FROM changed) AND state = 'waiting' AND %(is_on)s
      AND (attempts > 0 OR due_at > amocrm_now())
)
SELECT count(*) FROM changed
"""
_REMOVE = """
WITH gone AS (
    UPDATE amocrm_endpoints SET removed_at = amocrm_now(), is_on = false, off_reason = 'person', due_at = NULL,
        lease_id = NULL, lease_until = NULL
    WHERE id = %(id)s AND integration_id = %(integration_id)s AND removed_at IS NULL RETURNING id
), forgotten AS (
    DELETE FROM amocrm_sends WHERE endpoint_id IN (SELECT id FROM gone)
)
SELECT count(*) FROM gone
"""
_RENEW = """
UPDATE amocrm_endpoints SET old_secret = CASE WHEN secret = %(secret)s THEN old_secret ELSE %(old)s END,
    old_secret_until = amocrm_now() + %(overlap)s, secret = %(secret)s
WHERE id = %(id)s AND integration_id = %(integration_id)s AND removed_at IS NULL AND secret IN (%(known)s, %(secret)s)
"""


class Stage(Struct, forbid_unknown_fields=True, frozen=True):
    """A stage of a pipeline; null: whichever."""

    pipeline_id: Id | None = None
    status_id: Id | None = None


class Endpoint(Guarded, frozen=True):
    """A row of `amocrm_endpoints`."""

    HIDDEN = ("url", "secret", "old_secret")

    id: UUID
    integration_id: UUID
    name: str
    url: bytes
    host: str
    secret: bytes
    old_secret: bytes | None
    old_secret_until: datetime | None
    kinds: list[str]
    pipelines: list[int]
    statuses: list[int]
    stages: list[dict[str, int | None]]  # as Stage has them
    fields: list[str]
    is_on: bool
    off_reason: str | None  # person, gone (it answered 410), failing (for three days)
    failures: int  # in a row
    failing_since: datetime | None
    last_status: str | None
    last_ok_at: datetime | None
    wakes: int  # how often something new was to be told
    lease_id: UUID | None
    created_at: datetime
    revision: UUID  # of what a person has set
    is_old_good: bool = False
    waiting: int = 0
    oldest_seconds: float | None = None

    def wants(self, kind: str, document: Mapping[str, Any]) -> bool:
        """Whether it is told of this. One that is failing goes on collecting; one that a person or 410 has turned off
        does not."""
        return (self.is_on or self.off_reason == "failing") and self.asks_for(kind, document)

    def asks_for(self, kind: str, document: Mapping[str, Any]) -> bool:
        """Whether a person wants it to be told of such things."""
        if not is_chosen(kind, self.kinds):
            return False
        lead = document.get("lead")
        if lead is not None and "pipeline_id" in lead:
            if self.pipelines and lead["pipeline_id"] not in self.pipelines:
                return False
            if self.statuses and lead["status_id"] not in self.statuses:
                return False
            if self.stages and not any(_is_at(one, lead) for one in self.stages):
                return False
        changed = document.get("changed")
        return not (self.fields and changed is not None and not set(self.fields) & set(changed))


def _is_at(stage: Mapping[str, int | None], lead: Mapping[str, Any]) -> bool:
    return all(wanted in (None, lead[name]) for name, wanted in stage.items())


class EndpointFields(Struct, frozen=True):
    """What a person sets. Empty lists: everything."""

    name: str
    url: str
    kinds: Sequence[str] = ()
    pipelines: Sequence[int] = ()
    statuses: Sequence[int] = ()
    stages: Sequence[Stage] = ()
    fields: Sequence[str] = ()
    is_on: bool = True


def of(database: Database, integration_id: UUID) -> list[Endpoint]:
    """Those of a connection, the oldest first."""
    return database.all(Endpoint, _OF, {"integration_id": integration_id})


def add(
    database: Database, keyring: Keyring, integration_id: UUID, wanted: EndpointFields
) -> tuple[UUID, str, UUID] | None:
    """The new one's id, its secret, which is shown this once, and its revision. None where there are too many."""
    new_id, secret, revision = uuid4(), new_secret(), uuid4()
    parameters = _columns(keyring, new_id, integration_id, wanted) | {"revision": revision, "most": MOST}
    parameters["secret"] = keyring.encrypt(secret, new_id, "endpoint_secret")
    return (new_id, secret, revision) if database.execute(_ADD, parameters) else None


def change(
    database: Database,
    keyring: Keyring,
    integration_id: UUID,
    endpoint_id: UUID,
    wanted: EndpointFields,
    seen: UUID | None = None,
) -> UUID | None:
    """The new revision. None for one that this connection does not have, or that has changed since `seen`; a `seen` of
    None saves in any case."""
    parameters = _columns(keyring, endpoint_id, integration_id, wanted)
    parameters |= {"is_on": wanted.is_on, "seen": seen, "next": uuid4()}
    return parameters["next"] if database.number(_CHANGE, parameters) else None


def remove(database: Database, integration_id: UUID, endpoint_id: UUID) -> bool:
    """What waited for it goes with it. False for one that this connection does not have."""
    return database.number(_REMOVE, {"id": endpoint_id, "integration_id": integration_id}) > 0


def replace_secret(database: Database, keyring: Keyring, integration_id: UUID, endpoint_id: UUID) -> str | None:
    """The new secret; those of the last day sign as well for a day more, because nobody knows which of them the
    consumer has. None for one that this connection does not have."""
    secret = new_secret()
    parameters: dict[str, Any] = {"id": endpoint_id, "integration_id": integration_id, "overlap": OVERLAP}
    parameters["secret"] = keyring.encrypt(secret, endpoint_id, "endpoint_secret")
    while (known := next((one for one in of(database, integration_id) if one.id == endpoint_id), None)) is not None:
        if database.execute(_RENEW, parameters | {"known": known.secret, "old": _before(keyring, known)}):
            return secret
    return None


def _before(keyring: Keyring, endpoint: Endpoint) -> bytes:
    """The secrets that a new one replaces: encrypted, the newest first, with spaces between."""
    try:
        before = [keyring.decrypt(endpoint.secret, endpoint.id, "endpoint_secret")]
        if endpoint.old_secret is not None and endpoint.is_old_good:
            before += keyring.decrypt(endpoint.old_secret, endpoint.id, "endpoint_secret").split()
    except DecryptionError:
        return endpoint.secret  # nobody can sign with it now; perhaps its key comes back
    return keyring.encrypt(" ".join(before[:_MOST_BEFORE]), endpoint.id, "endpoint_secret")


def _columns(keyring: Keyring, endpoint_id: UUID, integration_id: UUID, wanted: EndpointFields) -> dict[str, Any]:
    return {
        "id": endpoint_id,
        "integration_id": integration_id,
        "name": wanted.name,
        "url": keyring.encrypt(wanted.url, endpoint_id, "endpoint_url"),
        "host": urlsplit(wanted.url).netloc.lower(),
        "kinds": sorted(set(wanted.kinds)),
        "pipelines": sorted(set(wanted.pipelines)),
        "statuses": sorted(set(wanted.statuses)),
        "stages": Jsonb(msgspec.to_builtins(list(dict.fromkeys(wanted.stages)))),
        "fields": sorted(set(wanted.fields)),
    }
