"""What changes rarely in an account is asked once, and then known to all instances for an hour.

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
_memory: Expiring[tuple[UUID, str], Any] = Expiring(_MEMORY_SECONDS)

_READ = """
SELECT value FROM amocrm_remembered
WHERE integration_id = %(integration_id)s AND name = %(name)s AND remembered_at > amocrm_now() - interval '1 hour'
"""

_WRITE = """
INSERT INTO amocrm_remembered (integration_id, name, value) VALUES (%(integration_id)s, %(name)s, %(value)s)
ON CONFLICT (integration_id, name) DO UPDATE SET value = EXCLUDED.value, remembered_at = amocrm_now()
"""

_FORGET = "DELETE FROM amocrm_remembered WHERE integration_id = %(integration_id)s AND name = %(name)s"


class _Kept(Struct, frozen=True):
    value: Any


class Remembered(Struct, frozen=True):
    """The memory of one integration."""

    database: Database
    integration_id: UUID

    def get(self, name: str, kind: type[T], ask: Callable[[], T | None]) -> T | None:
        """What is known under the name, else what `ask` finds, which is kept unless it is None. `kind` must be JSON."""
        known: T | None = _memory.get((self.integration_id, name))
        if known is None:
            kept = self._kept(name, kind)
            known = ask() if kept is None else kept
            if known is None:
                return None
            if kept is None:
                self.database.execute(_WRITE, self._key(name) | {"value": Jsonb(msgspec.to_builtins(known))})
            _memory.put((self.integration_id, name), known)
        return known

    def _kept(self, name: str, kind: type[T]) -> T | None:
        """None also for what another version of the code has kept in another shape."""
        row = self.database.one(_Kept, _READ, self._key(name))
        try:
            return None if row is None else convert(row.value, kind)
        except msgspec.ValidationError:
            return None

    def forget(self, name: str) -> None:
        """It was wrong: somebody has changed the account."""
        _memory.drop((self.integration_id, name))
        self.database.execute(_FORGET, self._key(name))

    def _key(self, name: str) -> dict[str, object]:
        return {"integration_id": self.integration_id, "name": name}
