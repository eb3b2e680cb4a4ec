"""The contact of somebody who leaves neither a phone nor an e-mail, where the answer that told its id was lost.

Nothing in it says whose it is: it is one of that name, without either, made since the form came, that no other form is
known to have made or found. Of two that are equal either will do.
"""

from typing import Any, Final

from features.submissions import new_contact, person_identity
from features.submissions.entity_creation import CLOCKS_DIFFER
from features.submissions.model import Contact
from shared.amocrm.errors import TooMuchToReadError
from shared.amocrm.filtered_reads import newest_first
from shared.amocrm.leads import AccountApi
from shared.deliveries.rows import Delivery
from shared.storage.database import Database

Entity = dict[str, Any]

# Longer than a delivery is tried.
_OF_ANOTHER: Final = """
SELECT count(*) FROM amocrm_deliveries
WHERE integration_id = %(integration_id)s AND id <> %(id)s AND created_at > %(created_at)s - interval '7 days'
  AND coalesce(steps -> 'contact', steps -> 'lead', steps -> 'incoming_lead') -> 'result' -> 'contact_id'
      = to_jsonb(%(contact_id)s::bigint)
"""


def find(api: AccountApi, database: Database, delivery: Delivery, contact: Contact, country: str) -> Entity | None:
    """None also in an account of which nobody can look through what is new."""

    def read(params: list[tuple[str, Any]]) -> Any:
        return api.send("GET", "/contacts", params=params)

    since = int(delivery.created_at.timestamp()) - CLOCKS_DIFFER
    name = _plain(new_contact.name_of(contact))
    own = {"integration_id": delivery.integration_id, "id": delivery.id, "created_at": delivery.created_at}
    try:
        for one in newest_first(read, "contacts", {"order[id]": "desc"}, since):
            is_it = _plain(str(one.get("name") or "")) == name and not _has_marks(one, country)
            if is_it and not database.number(_OF_ANOTHER, own | {"contact_id": int(one["id"])}):
                return one
    except TooMuchToReadError:
        pass  # two of them are better than none
    return None


def _has_marks(one: Entity, country: str) -> bool:
    phones = person_identity.identities(person_identity.values(one, "PHONE"), country)
    return bool(phones or person_identity.emails(person_identity.values(one, "EMAIL")))


def _plain(name: str) -> str:
    """amoCRM may put it together of its parts."""
    return " ".join(name.casefold().split())
