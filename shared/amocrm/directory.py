"""What an account consists of: pipelines, users, fields, lists. It changes rarely, so it is remembered for a while.

Source: amoCRM's documentation, "Pipelines", "Users", "Custom fields", "Lists"; Kommo's, "Get Salesbots".
"""

from typing import Any
from uuid import UUID

from msgspec import Struct

from shared.amocrm.errors import AddressBlockedError, ForbiddenError
from shared.amocrm.filtered_reads import embedded, whole
from shared.amocrm.leads import AccountApi
from shared.platform.ttl_cache import Expiring

# vendor: unsorted.status (production) The status in which incoming leads wait has `type` 1; no deal can be put there by
# hand.
# source: integrations in production that leave it out by that
UNSORTED_TYPE = 1  # of the status in which incoming leads wait; a deal is not put there


class Status(Struct, frozen=True):
    id: int
    name: str
    is_unsorted: bool = False


class Pipeline(Struct, frozen=True):
    id: int
    name: str
    is_main: bool
    statuses: tuple[Status, ...]


class User(Struct, frozen=True):
    id: int
    name: str
    is_admin: bool


class Field(Struct, frozen=True):
    id: int
    name: str
    code: str | None
    type: str
    enums: tuple[tuple[int, str], ...] = ()  # id and value


class Catalog(Struct, frozen=True):
    id: int
    name: str
    type: str


class Bot(Struct, frozen=True):
    id: int
    name: str
    is_active: bool


_known: Expiring[tuple[UUID, str], tuple[Any, ...]] = Expiring(seconds=600)


def forget(integration_id: UUID) -> None:
    """After the account was seen to have changed."""
    for what in ("pipelines", "users", "catalogs", "bots", "leads", "contacts"):
        _known.drop((integration_id, what))


class Directory(Struct, frozen=True):
    """What an account consists of, remembered for some minutes by a warm instance."""

    account: AccountApi
    integration_id: UUID

    def pipelines(self) -> tuple[Pipeline, ...]:
        """Those in use, the main one first."""
        return self._kept("pipelines", self._read_pipelines)

    def users(self) -> tuple[User, ...]:
        """Those who can work: switched-off users are left out."""
        return self._kept("users", self._read_users)

    def users_if_allowed(self) -> tuple[User, ...] | None:
        """None where we may not ask: whoever has connected the account is no administrator, or none any more."""
        # vendor: users.administrators (page) Users are listed for an administrator's token only: 403. So are fields
        # made, and webhooks subscribed.
        # source: amoCRM's documentation, "Users", "Custom fields", "Webhooks"; amocrm-api-php issue 86
        try:
            return self.users()
        except AddressBlockedError:  # what stands before amoCRM says nothing of rights
            raise
        except ForbiddenError:
            return None

    def fields(self, entity: str) -> tuple[Field, ...]:
        """Custom fields of `leads` or `contacts`."""
        return self._kept(entity, lambda: tuple(map(_field, self._all(f"/{entity}/custom_fields", "custom_fields"))))

    def catalogs(self) -> tuple[Catalog, ...]:
        return self._kept("catalogs", self._read_catalogs)

    def bots(self) -> tuple[Bot, ...]:
        """As far as amoCRM tells of them."""
        # vendor: bots.list (page) GET /bots has them under `items`, each with `id`, `name` and `settings.active`; 204
        # where there are none. One real account told of none although it had some: an id may be entered by hand.
        # source: Kommo's documentation, "Get Salesbots"; notes of an integration in production
        return self._kept("bots", lambda: tuple(map(_bot, self._all("/bots", "items"))))

    def create_fields(self, entity: str, wanted: list[dict[str, Any]]) -> None:
        """Creates fields in one call: `[{name, type, enums?}]`."""
        # vendor: fields.tariff (page) Fields are created in one call; the basic tariff refuses that with 403.
        # source: amoCRM's documentation, "Custom fields"
        self.account.send("POST", f"/{entity}/custom_fields", json=wanted)
        _known.drop((self.integration_id, entity))

    def _read_pipelines(self) -> tuple[Pipeline, ...]:
        found = embedded(self.account.send("GET", "/leads/pipelines"), "pipelines")
        # vendor: pipelines.archived (guess) No deal can be put into a pipeline of the archive: 400. They are left out.
        # source: none found
        used = [_pipeline(one) for one in found if not one.get("is_archive")]
        return tuple(sorted(used, key=lambda pipeline: not pipeline.is_main))

    def _read_users(self) -> tuple[User, ...]:
        found = self._all("/users", "users")
        rights = [(one, one.get("rights") or {}) for one in found]
        return tuple(
            User(int(one["id"]), str(one.get("name") or ""), bool(right.get("is_admin")))
            for one, right in rights
            # vendor: users.switched_off (guess) A user who is switched off is refused as responsible, as one who is not
            # there is (400). They are left out.
            # source: amocrm-api-php issue 26 for one who is not there
            # vendor: users.rights (code) A user's rights say is_active and is_admin; one who was switched off stays in
            # the list.
            # source: amocrm-api-php's model of users
            if right.get("is_active", True)
        )

    def _read_catalogs(self) -> tuple[Catalog, ...]:
        found = self._all("/catalogs", "catalogs")
        return tuple(Catalog(int(one["id"]), str(one.get("name")), str(one.get("type"))) for one in found)

    def _kept(self, what: str, read: Any) -> tuple[Any, ...]:
        known = _known.get((self.integration_id, what))
        if known is None:
            known = read()
            _known.put((self.integration_id, what), known)
        return known

    def _all(self, path: str, name: str) -> list[dict[str, Any]]:
        return whole(lambda params: self.account.send("GET", path, params=params), name)


def _bot(one: dict[str, Any]) -> Bot:
    settings = one.get("settings")
    is_active = not isinstance(settings, dict) or settings.get("active") is not False
    return Bot(int(one["id"]), str(one.get("name") or one["id"]), is_active)


def _pipeline(one: dict[str, Any]) -> Pipeline:
    statuses = (one.get("_embedded") or {}).get("statuses") or []
    return Pipeline(
        int(one["id"]),
        str(one.get("name") or ""),
        bool(one.get("is_main")),
        tuple(
            Status(int(status["id"]), str(status.get("name") or ""), status.get("type") == UNSORTED_TYPE)
            for status in statuses
        ),
    )


def _field(one: dict[str, Any]) -> Field:
    enums = tuple((int(enum["id"]), str(enum["value"])) for enum in one.get("enums") or [])
    return Field(int(one["id"]), str(one.get("name") or ""), one.get("code") or None, str(one.get("type")), enums)
