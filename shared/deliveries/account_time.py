"""The time zone of an account, for what people write without one: a form of a company means the company's own time."""

from collections.abc import Callable
from datetime import tzinfo
from typing import Final

from shared.amocrm.leads import AccountApi
from shared.platform import time_zones
from shared.platform.messages import Message
from shared.storage.cache import SharedCache

_ZONE: Final = "time_zone"
_SECONDS: Final = 600  # an account may be given another one


class AccountTime:
    """Of one account, for the time of one delivery. amoCRM is asked when the zone is needed first; `tell` is called
    once where what it says is doubtful."""

    def __init__(self, remembered: SharedCache, tell: Callable[[Message], None]) -> None:
        self._remembered = remembered
        self._tell = tell
        self._zone: tzinfo | None = None

    def zone(self, api: AccountApi) -> tzinfo:
        """By its name; where that is not known here by its offset of now, else UTC."""
        if self._zone is None:
            said = self._remembered.get(_ZONE, dict[str, str], lambda: _asked(api), _SECONDS) or {}
            self._zone, doubt = time_zones.of_account(said.get("name", ""), said.get("offset", ""))
            if doubt is not None:
                self._tell(doubt)
        return self._zone


def _asked(api: AccountApi) -> dict[str, str]:
    """`{name?, offset?}`, what amoCRM tells of both."""
    # vendor: account.time_zone (page) The account's settings tell its zone by the name of the IANA's database, and its
    # offset, such as "+03:00"; whether that is the one of now, and whether fields of a date and a time are shown in
    # that zone to all users, nobody says (guess: both).
    # source: amoCRM's documentation, "Account"; answers in tests of a client in Go
    said = api.datetime_settings()
    found = {"name": said.get("timezone"), "offset": said.get("timezone_offset")}
    return {name: text for name, text in found.items() if isinstance(text, str)}
