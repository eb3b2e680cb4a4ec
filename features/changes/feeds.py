"""Feeds: the connections that want to know what happens in amoCRM, and what amoCRM has said to them."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from features.changes import retry_policy
from features.changes.subjects import SUBJECTS
from features.changes.webhook_payload import Hint, WebhookPayload
from shared.platform.messages import Message
from shared.platform.problems import Problem
from shared.platform.secret import Guarded
from shared.storage.database import Database
from shared.storage.encryption import Keyring

LEASE: Final = timedelta(seconds=120)  # the longest call, a few times; it is renewed between calls, see feed_lease.py
# Several hooks of one change are one read; and what we write ourselves has its answer by then.
SETTLE: Final = timedelta(seconds=2)
MOST_WAITING: Final = 5000  # hints of a connection; what comes above is found by asking, which waits for room
MOST_UNASKED: Final = 20_000  # the same with those that no asking finds
CHECK_EVERY: Final = timedelta(hours=1)
RETRY_REFUSED_EVERY: Final = timedelta(days=1)
ASK_EVERY: Final = {"hook": timedelta(minutes=10), "ask": timedelta(minutes=1)}
_INCOMING_BEGUN: Final = "incoming_begun"  # among what a feed has asked for
_CLOCK_SKEW_SECONDS: Final = 60

# Turning on begins with now: nobody is told what was before, also by what was known and said before. Whoever saves the
# settings wants to know at once whether amoCRM still refuses what it has refused.
_SWITCH_ON = """
WITH gone AS (
    DELETE FROM amocrm_hints WHERE integration_id = %(integration_id)s AND NOT EXISTS (
        SELECT FROM amocrm_feeds WHERE integration_id = %(integration_id)s AND is_on)
)
INSERT INTO amocrm_feeds AS old (integration_id, is_on, key_hash, key, salt, begun_at, asked_until, check_due_at,
    ask_due_at)
VALUES (%(integration_id)s, true, %(key_hash)s, %(key)s, %(salt)s, extract(epoch FROM amocrm_now())::bigint,
    extract(epoch FROM amocrm_now())::bigint, amocrm_now(), amocrm_now() + interval '1 minute')
ON CONFLICT (integration_id) DO UPDATE SET
    is_on = true, check_due_at = amocrm_now(),
    begun_at = CASE WHEN old.is_on THEN old.begun_at ELSE excluded.begun_at END,
    asked_until = CASE WHEN old.is_on THEN old.asked_until ELSE excluded.asked_until END,
    asked = CASE WHEN old.is_on THEN old.asked ELSE '{}' END,
    ask_due_at = CASE WHEN old.is_on THEN old.ask_due_at ELSE excluded.ask_due_at END,
    refused_at = CASE WHEN old.refused_at IS NOT NULL THEN to_timestamp(0) END
"""
# The feed first, as hooks do, so that nobody waits in a circle.
_SWITCH_OFF = """
WITH off AS (
    UPDATE amocrm_feeds SET is_on = false, ask_due_at = NULL, read_due_at = NULL,
        check_due_at = CASE WHEN subscribed IS NOT NULL THEN amocrm_now() END
    WHERE integration_id = %(integration_id)s RETURNING integration_id
)
DELETE FROM amocrm_hints WHERE integration_id IN (SELECT integration_id FROM off)
"""
# The address before it stays in `subscribed` until amoCRM does not call it any more.
_REPLACE_KEY = """
UPDATE amocrm_feeds SET key_hash = %(key_hash)s, key = %(key)s, check_due_at = amocrm_now()
WHERE integration_id = %(integration_id)s AND is_on
"""
# A body that names no account is of the one that the key stands for: nobody else knows it.
_TAKE = """
SELECT outcome, integration, is_first
FROM amocrm_take_hints(%(key_hash)s, coalesce(%(account_id)s::bigint, (
    SELECT i.account_id FROM amocrm_feeds f JOIN amocrm_integrations i ON i.id = f.integration_id
    WHERE f.key_hash = %(key_hash)s)), %(hints)s, %(settle)s, %(most)s, %(is_whole)s)
"""
_HINT = "SELECT amocrm_hint_within(%(integration_id)s, %(hints)s, interval '0', %(most)s)::integer"
_OF = "SELECT * FROM amocrm_feeds WHERE integration_id = %(integration_id)s"
# Chosen once, as endpoints are. What amoCRM has refused is asked for again after a day, and when somebody has connected
# the account since: perhaps it has another tariff, or an administrator has.
_CLAIM = """
WITH chosen AS MATERIALIZED (
    SELECT f.integration_id FROM amocrm_feeds f JOIN amocrm_integrations i ON i.id = f.integration_id
    WHERE i.status = 'connected'
      AND least(f.check_due_at, f.ask_due_at, f.read_due_at) <= amocrm_now()
      AND (f.lease_until IS NULL OR f.lease_until < amocrm_now())
      AND (SELECT m.state FROM amocrm_moves m
           WHERE m.integration_id = i.id AND m.state NOT IN ('closing', 'arrived')) IS NULL
    ORDER BY least(f.check_due_at, f.ask_due_at, f.read_due_at) LIMIT %(limit)s FOR UPDATE OF f SKIP LOCKED
)
UPDATE amocrm_feeds AS claimed SET lease_id = gen_random_uuid(), lease_until = amocrm_now() + %(lease)s
WHERE integration_id IN (SELECT integration_id FROM chosen)
RETURNING claimed.*, coalesce(check_due_at <= amocrm_now() OR refused_at < (
        SELECT connected_at FROM amocrm_integrations WHERE id = claimed.integration_id), false) AS must_check,
    coalesce(ask_due_at <= amocrm_now(), false) AS must_ask,
    coalesce(refused_at < greatest(amocrm_now() - %(retry)s, (
        SELECT connected_at FROM amocrm_integrations WHERE id = claimed.integration_id)), false) AS must_retry
"""
_AGAIN = "SELECT * FROM amocrm_feeds WHERE integration_id = %(integration_id)s AND lease_id = %(lease_id)s"
# What has happened before amoCRM began to call us is asked for at once. A feed that was switched off meanwhile keeps
# the address until amoCRM does not call it any more, and has nothing else to do; the same in what follows. Where the
# key was replaced meanwhile, this address is not the one that is wanted now, and neither are these settings where other
# things are wanted.
_SUBSCRIBED = """
UPDATE amocrm_feeds SET subscribed = %(subscribed)s, way = %(way)s,
    refused_at = CASE WHEN %(way)s = 'ask' THEN amocrm_now() ELSE refused_at END,
    check_due_at = CASE WHEN is_on AND key = %(key)s AND wants IS NOT DISTINCT FROM %(wants)s::text[]
            THEN amocrm_now() + %(check_in)s
        WHEN is_on OR %(subscribed)s::bytea IS NOT NULL THEN amocrm_now() END,
    ask_due_at = CASE WHEN is_on AND (subscribed IS NULL OR way <> %(way)s) THEN amocrm_now() ELSE ask_due_at END
WHERE integration_id = %(integration_id)s AND lease_id = %(lease_id)s
"""
_ENDED = """
UPDATE amocrm_feeds SET subscribed = NULL, check_due_at = CASE WHEN is_on THEN amocrm_now() END
WHERE integration_id = %(integration_id)s
"""
# Where other things are wanted meanwhile, it is asked once more: what stands there says from when on they are told.
_ASKED = """
UPDATE amocrm_feeds SET asked = %(asked)s, asked_until = greatest(asked_until, %(until)s),
    ask_due_at = amocrm_now() + %(ask_in)s
WHERE integration_id = %(integration_id)s AND lease_id = %(lease_id)s AND is_on
    AND wants IS NOT DISTINCT FROM %(wants)s::text[]
"""
# A hook may have come in between, and its hint is not seen here: then it is read at once.
_DONE = """
UPDATE amocrm_feeds SET lease_id = NULL, lease_until = NULL, failures = 0,
    problem_code = %(code)s, problem_detail = %(detail)s,
    check_due_at = CASE WHEN is_on OR subscribed IS NOT NULL THEN check_due_at END,
    ask_due_at = CASE WHEN is_on THEN ask_due_at END,
    read_due_at = CASE WHEN NOT is_on THEN NULL WHEN hooks <> %(hooks)s THEN amocrm_now() ELSE
        (SELECT min(due_at) FROM amocrm_hints WHERE integration_id = %(integration_id)s) END
WHERE integration_id = %(integration_id)s AND lease_id = %(lease_id)s
"""
_FAILED = """
UPDATE amocrm_feeds SET lease_id = NULL, lease_until = NULL, failures = failures + 1,
    problem_code = %(code)s, problem_detail = %(detail)s,
    check_due_at = CASE WHEN check_due_at IS NOT NULL THEN greatest(check_due_at, amocrm_now() + %(wait)s) END,
    ask_due_at = CASE WHEN is_on THEN greatest(ask_due_at, amocrm_now() + %(wait)s) END,
    read_due_at = CASE WHEN is_on AND read_due_at IS NOT NULL THEN greatest(read_due_at, amocrm_now() + %(wait)s) END
WHERE integration_id = %(integration_id)s AND lease_id = %(lease_id)s
"""
_CHECK_LATER = """
UPDATE amocrm_feeds SET check_due_at = amocrm_now() + %(wait)s
WHERE integration_id = %(integration_id)s AND lease_id = %(lease_id)s AND is_on
"""


# What is wanted from now on is told from now on; of incoming leads, which are in the list as long as they wait, that
# moment is kept.
_WANT = """
UPDATE amocrm_feeds SET wants = %(wants)s, check_due_at = amocrm_now(),
    asked = asked || (SELECT coalesce(jsonb_object_agg(name, extract(epoch FROM amocrm_now())::bigint), '{}')
        FROM unnest(%(wants)s::text[]) AS wanted CROSS JOIN unnest(
            CASE wanted WHEN 'incoming_lead' THEN ARRAY[wanted, %(begun)s] ELSE ARRAY[wanted] END) AS name
        WHERE NOT wanted = ANY(coalesce(wants, %(wants)s)))
WHERE integration_id = %(integration_id)s AND is_on AND (wants IS DISTINCT FROM %(wants)s::text[]
    OR way = 'hook' AND NOT %(settings)s::text[] <@ (subscribed_to || refused))
"""
_SUBSCRIBED_TO = """
UPDATE amocrm_feeds SET subscribed_to = %(settings)s, refused = %(refused)s,
    refused_at = CASE WHEN %(refused)s <> '{}'::text[] THEN amocrm_now() END,
    ask_due_at = CASE WHEN is_on AND refused <> %(refused)s THEN amocrm_now() ELSE ask_due_at END
WHERE integration_id = %(integration_id)s AND lease_id = %(lease_id)s
"""


_ALLOWS_TEXTS = """
SELECT integration_id FROM amocrm_feeds f JOIN amocrm_integrations i ON i.id = f.integration_id
WHERE f.key_hash = %(key_hash)s AND i.settings #> '{changes,message_texts}' = 'true'
"""


class Feed(Guarded, frozen=True):
    """A row of `amocrm_feeds`."""

    HIDDEN = ("key", "salt", "subscribed")

    integration_id: UUID
    is_on: bool
    key: bytes
    salt: bytes
    subscribed: bytes | None
    way: str  # hook; ask, where amoCRM refuses webhooks
    begun_at: int  # Unix seconds
    asked_until: int  # Unix seconds of amoCRM's clock
    asked: dict[str, int]  # see polling.py
    hooks: int
    last_hook_at: datetime | None
    wants: list[str] | None  # lines of subjects.py; None: not looked at yet
    subscribed_to: list[str]  # the settings with which the subscription was made last
    refused: list[str]  # those that amoCRM does not know
    lease_id: UUID | None
    failures: int
    problem_code: str | None
    problem_detail: Message | None
    must_check: bool = False
    must_ask: bool = False
    must_retry: bool = False  # what amoCRM has refused

    def follows(self, entity_type: str) -> bool:
        return self.wants is None or entity_type in self.wants

    @property
    def incoming_begun_at(self) -> int:
        """Incoming leads that came before this are not told of, Unix seconds: they were there before anybody wanted to
        know of them. (amoCRM's clock may be behind ours: rather one too many than one too few.)"""
        return max(self.begun_at, self.asked.get(_INCOMING_BEGUN, 0) - _CLOCK_SKEW_SECONDS)

    def address(self, keyring: Keyring, url: str | None) -> str | None:
        """Where amoCRM calls us; None where this installation has no address for hooks."""
        if url is None:
            return None
        return f"{url}?key={keyring.decrypt(self.key, self.integration_id, 'feed_key')}"

    def fingerprint(self, keyring: Keyring) -> Callable[[str], str]:
        """Stands for a text of this account without telling it, whatever keys there are."""
        salt = keyring.decrypt(self.salt, self.integration_id, "feed_salt").encode()
        return lambda text: hmac.digest(salt, text.encode(), "sha256").hex()[:16]


class HookReceipt(Struct, frozen=True):
    """What became of a hook. `is_first`: nothing else was waiting to be read."""

    outcome: str  # taken, off, unknown, foreign, full
    integration: UUID | None
    is_first: bool


def switch(database: Database, keyring: Keyring, integration_id: UUID, is_on: bool) -> None:
    """Tells what happens from now on, or nothing any more. Doing it twice is no error."""
    if not is_on:
        database.execute(_SWITCH_OFF, {"integration_id": integration_id})
        return
    salt = keyring.encrypt(secrets.token_urlsafe(32), integration_id, "feed_salt")
    database.execute(_SWITCH_ON, _new_key(keyring, integration_id) | {"salt": salt})


def replace_key(database: Database, keyring: Keyring, integration_id: UUID) -> bool:
    """Another address for hooks; the one before is not known any more. False for a feed that is off."""
    return database.execute(_REPLACE_KEY, _new_key(keyring, integration_id)) > 0


def _new_key(keyring: Keyring, integration_id: UUID) -> dict[str, object]:
    key = secrets.token_urlsafe(32)
    return {
        "integration_id": integration_id,
        "key_hash": hashed(key),
        "key": keyring.encrypt(key, integration_id, "feed_key"),
    }


def hashed(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def want(database: Database, integration_id: UUID, wants: Sequence[str], settings: Sequence[str]) -> None:
    """What is followed from now on, and with which settings it is asked of amoCRM: soon, where that is not so already.
    Nothing where events are off."""
    parameters = {"integration_id": integration_id, "wants": list(wants), "settings": list(settings)}
    database.execute(_WANT, parameters | {"begun": _INCOMING_BEGUN})


def subscribed_to(database: Database, feed: Feed, settings: Sequence[str], refused: Sequence[str]) -> None:
    """The subscription was made with these settings; others are not to be had in this account."""
    database.execute(_SUBSCRIBED_TO, _leased(feed) | {"settings": list(settings), "refused": list(refused)})


class _Allows(Struct, frozen=True):
    integration_id: UUID


def seal(database: Database, keyring: Keyring, key: str, said: WebhookPayload) -> None:
    """Puts the texts of messages, encrypted, beside their facts: where the settings of the connection say so."""
    allows = database.one(_Allows, _ALLOWS_TEXTS, {"key_hash": hashed(key)})
    if allows is None:
        return
    for one in said.hints:
        if one.entity_type == "message" and one.entity_id in said.texts:
            text = msgspec.json.encode(said.texts[one.entity_id]).decode()
            one.facts["sealed"] = keyring.encrypt(text, allows.integration_id, "message_text").hex()


def take(database: Database, key: str, said: WebhookPayload) -> HookReceipt:
    """Writes down what a hook says, durably, in one round trip: all of it, or nothing where it finds no room. Where not
    all of it was read, the account is asked."""
    return _take(database, key, said, MOST_WAITING)


def take_unasked(database: Database, key: str, said: WebhookPayload) -> tuple[HookReceipt, int]:
    """The same of what no asking finds, which has more room; and how many these are."""
    hints = [one for one in said.hints if SUBJECTS[one.entity_type].asked is None or "sealed" in one.facts]
    return _take(database, key, msgspec.structs.replace(said, hints=hints), MOST_UNASKED), len(hints)


def _take(database: Database, key: str, said: WebhookPayload, most: int) -> HookReceipt:
    parameters = {
        "key_hash": hashed(key),
        "account_id": said.account_id,
        "hints": Jsonb(msgspec.to_builtins(said.hints)),
        "is_whole": said.is_whole,
        "settle": SETTLE,
        "most": most,
    }
    taken = database.one(HookReceipt, _TAKE, parameters)
    assert taken is not None  # a function's row
    return taken


def hint(database: Database, feed: Feed, hints: Sequence[Hint]) -> bool:
    """Writes down what asking has found. False: so much waits already that it has to be asked for again."""
    if not hints:
        return True
    said = Jsonb(msgspec.to_builtins(hints))
    parameters = {"integration_id": feed.integration_id, "hints": said, "most": MOST_WAITING}
    return database.number(_HINT, parameters) > 0


def of(database: Database, integration_id: UUID) -> Feed | None:
    return database.one(Feed, _OF, {"integration_id": integration_id})


def claim(database: Database, limit: int) -> list[Feed]:
    """Feeds with something to do, under our lease."""
    return database.all(Feed, _CLAIM, {"limit": limit, "lease": LEASE, "retry": RETRY_REFUSED_EVERY})


def again(database: Database, feed: Feed) -> Feed:
    """As the row of a claimed feed is now."""
    now = database.one(Feed, _AGAIN, _leased(feed))
    return feed if now is None else msgspec.structs.replace(now, must_ask=feed.must_ask)


def subscribed(database: Database, keyring: Keyring, feed: Feed, address: str | None, way: str) -> None:
    owner = feed.integration_id
    database.execute(
        _SUBSCRIBED,
        _leased(feed)
        | {
            "subscribed": None if address is None else keyring.encrypt(address, owner, "feed_address"),
            "way": way,
            "key": feed.key,
            "wants": feed.wants,
            "check_in": CHECK_EVERY if way == "hook" else RETRY_REFUSED_EVERY,
        },
    )


def ended(database: Database, integration_id: UUID) -> None:
    """amoCRM does not call us any more."""
    database.execute(_ENDED, {"integration_id": integration_id})


def asked(database: Database, feed: Feed, asked: dict[str, int], until: int, wait: timedelta) -> None:
    """How far asking has come, and when it goes on."""
    facts = {"asked": Jsonb(asked), "until": until, "ask_in": wait, "wants": feed.wants}
    database.execute(_ASKED, _leased(feed) | facts)


def check_later(database: Database, feed: Feed, wait: timedelta) -> None:
    database.execute(_CHECK_LATER, _leased(feed) | {"wait": wait})


def done(database: Database, feed: Feed, problem: Problem | None = None) -> None:
    """`problem`: what could not be done beside it."""
    told = {"code": problem and problem.code, "detail": problem and problem.detail}
    database.execute(_DONE, _leased(feed) | {"hooks": feed.hooks} | told)


def failed(database: Database, feed: Feed, code: str, detail: Message, retry_after: int) -> None:
    wait = max(timedelta(seconds=retry_after), retry_policy.backoff(feed.failures))
    facts = {"code": code, "detail": detail, "wait": wait}
    database.execute(_FAILED, _leased(feed) | facts)


def _leased(feed: Feed) -> dict[str, object]:
    return {"integration_id": feed.integration_id, "lease_id": feed.lease_id}
