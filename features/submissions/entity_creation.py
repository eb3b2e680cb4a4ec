"""The calls by which a submission makes its deal, incoming lead or contact, noted so that they are no news (row H5)."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from shared.amocrm.contacts import ContactsApi, CreatedEntities, fitting
from shared.amocrm.leads import AccountApi
from shared.deliveries.echo_marking import noting_link, noting_new
from shared.storage import own_writes
from shared.storage.database import Database
from shared.storage.encryption import Keyring

Entity = dict[str, Any]
_Tell = Callable[[int | None], None]

# Seconds between amoCRM's clock and ours, where only its moment tells that something is what we have made. What bears
# our mark may be an hour off (`Delivery.made_since`).
CLOCKS_DIFFER: Final = 5


class EntityCreation(Struct, frozen=True):
    database: Database
    keyring: Keyring
    integration_id: UUID
    delivery_id: UUID

    def lead(self, api: AccountApi, lead: Entity, known_id: int | None, contact: Entity) -> CreatedEntities:
        """A deal of a contact that is there, or with a new one; then with as many values as one call takes."""
        if known_id is None:
            lead, contact = _fitting(lead), _fitting(contact)
        with self._new("lead", lead) as tell_lead, self._new_or_linked(known_id, contact) as tell_contact:
            made = ContactsApi(api).create_lead(lead, known_id, contact)
            tell_lead(made.lead_id)
            tell_contact(made.contact_id)
        return made

    def incoming_lead(
        self, api: AccountApi, incoming: Entity, lead: Entity, known_id: int | None, contact: Entity
    ) -> CreatedEntities:
        """`lead`, `contact`: what `incoming` makes."""
        with self._new("lead", lead) as tell_lead, self._new_or_linked(known_id, contact) as tell_contact:
            made = ContactsApi(api).create_incoming_lead(incoming)
            tell_lead(made.lead_id)
            tell_contact(made.contact_id)
        return made

    def found(self, made: CreatedEntities) -> None:
        """What an earlier attempt has made, whose answer was lost."""
        for entity_type, entity_id in (("lead", made.lead_id), ("contact", made.contact_id)):
            if entity_id is not None:
                own_writes.found(self.database, self.integration_id, entity_type, self.delivery_id, entity_id)

    def contact(self, api: AccountApi, contact: Entity) -> int:
        with self._new("contact", contact) as tell:
            made = ContactsApi(api).create_contact(contact)
            tell(made)
        return made

    def _new(self, entity_type: str, content: Entity) -> AbstractContextManager[_Tell]:
        noted = self.integration_id, entity_type, self.delivery_id, content
        return noting_new(self.database, self.keyring, *noted)

    @contextlib.contextmanager
    def _new_or_linked(self, known_id: int | None, contact: Entity) -> Iterator[_Tell]:
        """A contact that is there gets the deal, and no value."""
        if known_id is None:
            with self._new("contact", contact) as tell:
                yield tell
            return
        with noting_link(self.database, self.integration_id, "contact", known_id):
            yield lambda _: None


def _fitting(entity: Entity) -> Entity:
    """The rest is written by :mod:`features.submissions.many_values`."""
    values = entity.get("custom_fields_values")
    return entity | {"custom_fields_values": fitting(values)} if values else entity
