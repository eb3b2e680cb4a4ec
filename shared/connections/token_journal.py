"""The second home of tokens: each version of a connection is an object outside of the database, so that a database that
was restored from a backup knows the pairs that were given since (docs/rotation.md).

An object is written once and never changed; its key is `INSTALLATION/CONNECTION/POSITION.json`, and
`…/POSITION-left.json` of what lives in another cell since that position. Writing needs the right
to create objects, and no other. What is in it is encrypted with the keys that encrypt rows, and bound to installation,
connection and position: an object that was moved, renamed or made by somebody else does not open.

A function writes before the row does. It never waits long, and never fails for it: what could not be written is caught
up with by `refresh_tokens` (`journal_upkeep.py`), and a command brings a restored database up (`journal_recovery.py`).
"""

import base64
import functools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.amocrm.oauth import TokenPair
from shared.connections import integrations
from shared.connections.integrations import Integration
from shared.platform import logs
from shared.platform.clock import Clock
from shared.platform.decoding import decode
from shared.platform.secret import Guarded
from shared.storage.database import Database, DatabaseUnavailableError, RowId
from shared.storage.encryption import DecryptionError, Keyring
from shared.storage.object_stores import ObjectStore, StoreError

FORMAT: Final = 1
WRITE_SECONDS: Final = 4.0  # at most, with a token for it: each of the stores gives up by itself
_SILENT_SECONDS: Final = 30.0  # after a failure others do not wait as well
_REFRESH_TOKEN_LIVES: Final = timedelta(days=90)
_SUFFIX: Final = ".json"
_LEFT: Final = "-left"  # before the suffix: so the object of the same position comes behind it, and counts

# The row is made where it is missing: tests empty all tables.
_INSTALLATION = """
WITH made AS (
    INSERT INTO amocrm_token_journal DEFAULT VALUES ON CONFLICT (is_only) DO NOTHING RETURNING installation
)
SELECT installation AS id FROM made UNION ALL SELECT installation FROM amocrm_token_journal LIMIT 1
"""


# What was written as another installation is written anew, as this one.
_ADOPT = """
WITH adopted AS (
    INSERT INTO amocrm_token_journal (installation) VALUES (%(id)s)
    ON CONFLICT (is_only) DO UPDATE SET installation = excluded.installation, address = '', swept_to = ''
    WHERE amocrm_token_journal.installation <> excluded.installation
    RETURNING installation
)
SELECT installation AS id FROM adopted
"""

_MARK = """
UPDATE amocrm_integrations SET journaled_version = token_version WHERE id = %(id)s AND token_version = %(version)s
"""


class JournalError(Exception):
    """An object that is of no use; the message says why, for people."""


@functools.total_ordering
class Position(Struct, frozen=True):
    """Where a version stands among all of its connection. What a person has allowed later comes later, whatever its
    number: after a restore numbers begin again where the backup was."""

    consent: int  # when the account was connected, in seconds since 1970
    version: int

    def __lt__(self, other: "Position") -> bool:
        return (self.consent, self.version) < (other.consent, other.version)

    @property
    def next(self) -> "Position":
        """Of what amoCRM gives for this one."""
        return Position(self.consent, self.version + 1)

    def __str__(self) -> str:
        return f"{self.consent:012d}-{self.version:010d}"

    @classmethod
    def of(cls, row: Integration) -> "Position":
        return cls(int(row.connected_at.timestamp()) if row.connected_at else 0, row.token_version)

    @classmethod
    def read(cls, text: str) -> "Position | None":
        consent, _, version = text.partition("-")
        is_ours = consent.isascii() and consent.isdigit() and version.isascii() and version.isdigit()
        return cls(int(consent), int(version)) if is_ours else None


class Tokens(Guarded, frozen=True):
    """All that is needed to go on with a connection, also where its row is lost."""

    HIDDEN = ("client_secret", "access_token", "refresh_token")

    widget_type: str
    account_domain: str
    account_id: int
    client_id: str
    client_secret: str
    redirect_uri: str
    access_token: str
    refresh_token: str | None  # None: a long-lived token
    access_expires_at: datetime
    refresh_expires_at: datetime | None


class Entry(Struct, frozen=True):
    """A version of a connection. `tokens` None: it ended there, and has none any more; or it `has_left`."""

    integration_id: UUID
    position: Position
    tokens: Tokens | None
    has_left: bool = False


class Place(Struct, frozen=True):
    """What an object's key says. `has_left`: the connection went to another cell's database at this position."""

    installation: UUID
    integration_id: UUID
    position: Position
    has_left: bool = False

    @property
    def key(self) -> str:
        return f"{self.installation}/{self.integration_id}/{self.name}{_SUFFIX}"

    @property
    def name(self) -> str:
        return f"{self.position}{_LEFT if self.has_left else ''}"

    @classmethod
    def read(cls, key: str) -> "Place | None":
        """None for an object that is not the journal's."""
        try:
            installation, integration_id, name = key.removesuffix(_SUFFIX).split("/")
            position = Position.read(name.removesuffix(_LEFT))
            if position is None:
                return None
            place = cls(UUID(installation), UUID(integration_id), position, name.endswith(_LEFT))
        except ValueError:
            return None
        return place if place.key == key else None


class _Document(Struct, frozen=True):
    format: int
    written_at: datetime  # for people: nothing is decided by clocks of two machines
    sealed: str  # in base64


class _Format(Struct, frozen=True):
    format: int


class _Sealed(Struct, frozen=True):
    tokens: Tokens | None


def installation_of(database: Database) -> UUID:
    """Whose objects are this database's. A restored one has the same id, a new one another."""
    found = database.one(RowId, _INSTALLATION)
    assert found is not None
    return found.id


def adopt(database: Database, installation: UUID) -> None:
    """This database stands in for another installation's, which is lost. (The address is none any more: so all that
    was written is written once more.)"""
    database.one(RowId, _ADOPT, {"id": installation})


def mark(database: Database, row: Integration) -> None:
    """The journal has this version of the row."""
    database.execute(_MARK, {"id": row.id, "version": row.token_version})


def given(claimed: Integration, pair: TokenPair, client_secret: str, now: datetime) -> Entry:
    """What amoCRM has just given for a row's version: the next one."""
    assert claimed.account_id is not None  # a check of the table: it is connected
    tokens = Tokens(
        claimed.widget_type,
        claimed.account_domain,
        claimed.account_id,
        claimed.client_id,
        client_secret,
        claimed.redirect_uri,
        pair.access_token,
        pair.refresh_token,
        now + timedelta(seconds=pair.expires_in),
        now + _REFRESH_TOKEN_LIVES,
    )
    return Entry(claimed.id, Position.of(claimed).next, tokens)


def stored(row: Integration, keyring: Keyring) -> Entry:
    """What a row holds now. Raises :class:`DecryptionError`."""
    if row.access_token is None or row.account_id is None or row.access_expires_at is None:
        return Entry(row.id, Position.of(row), None)
    refresh = row.refresh_token and keyring.decrypt(row.refresh_token, row.id, "refresh_token")
    tokens = Tokens(
        row.widget_type,
        row.account_domain,
        row.account_id,
        row.client_id,
        row.secret(keyring),
        row.redirect_uri,
        keyring.decrypt(row.access_token, row.id, "access_token"),
        refresh or None,
        row.access_expires_at,
        row.refresh_expires_at,
    )
    return Entry(row.id, Position.of(row), tokens)


class TokenJournal:
    def __init__(self, store: ObjectStore, address: str, keyring: Keyring, clock: Clock) -> None:
        self.store = store
        self.address = address
        self._keyring = keyring
        self._clock = clock
        self._silent_until = float("-inf")

    def prepare(self) -> None:
        """Before amoCRM is asked: nothing that takes long is done while the only copy of a pair is in our memory."""
        if self._clock.monotonic() >= self._silent_until:
            try:
                self.store.prepare()
            except Exception as error:  # noqa: BLE001 - an address, or an SDK, that is none: no refresh fails for it
                self._fell_silent(error)

    def wrote(self, installation: UUID | None, entry: Entry) -> bool:
        """Whether it is there now. Never raises, whatever the store does: the only copy of a pair is in our memory."""
        if installation is None or self._clock.monotonic() < self._silent_until:
            return False
        try:
            return self.create(installation, entry)
        except Exception as error:  # noqa: BLE001 - see above
            self._fell_silent(error, integration_id=entry.integration_id)
        return False

    def create(self, installation: UUID, entry: Entry) -> bool:
        """False where this position has an object already, which is left as it is. Raises :class:`StoreError`."""
        place = Place(installation, entry.integration_id, entry.position)
        return self.store.create(place.key, self._written(place, entry.tokens))

    def say_left(self, installation: UUID, row: Integration) -> None:
        """That it lives in another cell from its row's position on. Raises :class:`StoreError`."""
        place = Place(installation, row.id, Position.of(row), has_left=True)
        self.store.create(place.key, self._written(place, None))

    def wrote_row(self, database: Database, integration_id: UUID) -> None:
        """Writes what a person has just given, after its row. Never raises, as :meth:`wrote`."""
        try:
            row = integrations.by_id(database, integration_id)
            if row is not None and self.wrote(installation_of(database), stored(row, self._keyring)):
                mark(database, row)
        except (DatabaseUnavailableError, DecryptionError) as error:
            logs.warning("journal.write_failed", integration_id=integration_id, reason=type(error).__name__)

    def looked_up(self, place: Place) -> Entry | None:
        """As :meth:`read`, for whoever can do without; also where a function has no right to read."""
        try:
            return self.read(place)
        except (StoreError, JournalError, DecryptionError) as error:
            logs.warning("journal.not_read", integration_id=place.integration_id, reason=str(error))
            return None

    def places(self, installation: UUID | None = None, after: str = "") -> Iterator[Place]:
        """What there is of an installation, or of all; by connection, each one's newest last."""
        for key in self.store.keys(f"{installation}/" if installation else "", after):
            place = Place.read(key)
            if place is not None:
                yield place

    def installations(self) -> Iterator[UUID]:
        """Whose objects there are."""
        after = ""
        while (place := next(self.places(after=after), None)) is not None:
            yield place.installation
            after = f"{place.installation}/~"  # behind all of its keys

    def read(self, place: Place) -> Entry | None:
        """None where there is none. Raises :class:`JournalError`, :class:`StoreError`, and
        :class:`DecryptionError`."""
        body = self.store.read(place.key)
        if body is None:
            return None
        document = self._document(body)
        try:
            text = self._keyring.decrypt(base64.b64decode(document.sealed), place.integration_id, _bound_to(place))
            return Entry(place.integration_id, place.position, decode(text, _Sealed).tokens, place.has_left)
        except (ValueError, msgspec.DecodeError):
            raise JournalError("it is damaged") from None

    def renew(self, installation: UUID, tell: Callable[[str], None]) -> int:
        """Writes each object anew that another key wrote than the one that writes now, and counts them. What cannot be
        read is told, and left. Raises :class:`StoreError`."""
        return sum(self._renewed(place, tell) for place in self.places(installation))

    def _renewed(self, place: Place, tell: Callable[[str], None]) -> bool:
        body = self.store.read(place.key)
        try:
            if body is None or self._keyring.is_current(base64.b64decode(self._document(body).sealed)):
                return False
            entry = self.read(place)
        except (DecryptionError, JournalError) as error:
            tell(f"{place.key} of the token journal: {error}")
            return False
        if entry is not None:
            self.store.replace(place.key, self._written(place, entry.tokens))
        return entry is not None

    def _written(self, place: Place, tokens: Tokens | None) -> bytes:
        text = msgspec.json.encode(_Sealed(tokens)).decode()
        sealed = self._keyring.encrypt(text, place.integration_id, _bound_to(place))
        return msgspec.json.encode(_Document(FORMAT, self._clock.now(), base64.b64encode(sealed).decode()))

    def _document(self, body: bytes) -> _Document:
        try:
            number = decode(body, _Format).format
            if number > FORMAT:
                raise JournalError(f"a newer version has written it (format {number})")
            document = decode(body, _Document)
            base64.b64decode(document.sealed, validate=True)
        except (ValueError, msgspec.DecodeError):
            raise JournalError("it is cut off, or no object of the journal") from None
        return document

    def _fell_silent(self, error: Exception, **fields: object) -> None:
        self._silent_until = self._clock.monotonic() + _SILENT_SECONDS
        reason = str(error) if isinstance(error, StoreError) else type(error).__name__
        logs.warning("journal.write_failed", reason=reason, **fields)


def _bound_to(place: Place) -> str:
    return f"token_journal:{FORMAT}:{place.installation}:{place.name}"
