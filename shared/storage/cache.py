"""What changes rarely in an account is asked once, and then known to all instances for an hour, or less.

A warm instance has it in memory, a cold one reads a row; amoCRM, whose calls are counted, is asked last.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from shared.platform.decoding import convert
from shared.platform.ttl_cache import Expiring
from shared.storage.database import Database

T = TypeVar("T")

_MEMORY_SECONDS: Final = 600
_SECONDS: Final = 3600
_memory: Expiring[tuple[UUID, str], Any] = Expiring(_MEMORY_SECONDS)

_READ = """
SELECT value FROM amocrm_remembered
WHERE integration_id = %(integration_id)s AND name = %(name)s
  AND (%(seconds)s::int IS NULL OR remembered_at > amocrm_now() - make_interval(secs => %(seconds)s::int))
"""

_WRITE = """
INSERT INTO amocrm_remembered (integration_id, name, value) VALUES (%(integration_id)s, %(name)s, %(value)s)
ON CONFLICT (integration_id, name) DO UPDATE SET value = EXCLUDED.value, remembered_at = amocrm_now()
"""

_FORGET = "DELETE FROM amocrm_remembered WHERE integration_id = %(integration_id)s AND name = %(name)s"

_TURN = """
INSERT INTO amocrm_remembered AS old (integration_id, name, value) VALUES (%(integration_id)s, %(name)s, '1')
ON CONFLICT (integration_id, name) DO UPDATE SET
    value = to_jsonb(old.value::integer + 1), remembered_at = amocrm_now()
RETURNING value::integer
"""


class _Kept(Struct, frozen=True):
    value: Any


class SharedCache(Struct, frozen=True):
    """The memory of one integration."""

    database: Database
    integration_id: UUID

    def get(self, name: str, kind: type[T], ask: Callable[[], T | None], seconds: int = _SECONDS) -> T | None:
        """What is known under the name, else what `ask` finds, which is kept unless it is None. `kind` must be JSON.
        `seconds`: how old it may be where an instance takes it up; that one knows it for ten minutes more."""
        known: T | None = _memory.get((self.integration_id, name))
        if known is None:
            kept = self._kept(name, kind, seconds)
            known = ask() if kept is None else kept
            if known is None:
                return None
            if kept is None:
                self.put(name, known)
            else:
                _memory.put((self.integration_id, name), known)
        return known

    def latest(self, name: str, kind: type[T], seconds: int = _SECONDS) -> T | None:
        """As any instance has kept it last, whatever this one has in memory: for who holds the lock of it."""
        return self._kept(name, kind, seconds)

    def last(self, name: str, kind: type[T]) -> T | None:
        """What was known under the name last, however old it is: for who cannot ask."""
        return self._kept(name, kind, None)

    def put(self, name: str, value: object) -> None:
        """It was seen, whatever was known before."""
        self.database.execute(_WRITE, self._key(name) | {"value": Jsonb(msgspec.to_builtins(value))})
        _memory.put((self.integration_id, name), value)

    def _kept(self, name: str, kind: type[T], seconds: int | None) -> T | None:
        """None also for what another version of the code has kept in another shape."""
        row = self.database.one(_Kept, _READ, self._key(name) | {"seconds": seconds})
        try:
            return None if row is None else convert(row.value, kind)
        except msgspec.ValidationError:
            return None

    def forget(self, name: str) -> None:
        """It was wrong: somebody has changed the account."""
        _memory.drop((self.integration_id, name))
        self.database.execute(_FORGET, self._key(name))

    def turn(self, name: str) -> int:
        """Counts: 1, 2, 3 … Told again after a lost answer it may leave one out, which harms nothing."""
        return self.database.number(_TURN, self._key(name))

    def _key(self, name: str) -> dict[str, object]:
        return {"integration_id": self.integration_id, "name": name}
