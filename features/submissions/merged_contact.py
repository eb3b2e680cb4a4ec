"""The contact of somebody who is known by their messenger's id only, where theirs was merged with another one: nothing
in that one says whose it is, but the deal that a message of theirs has made."""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from shared.amocrm.contacts import ContactsApi, main_contact
from shared.amocrm.errors import AddressBlockedError, ForbiddenError, NotFoundError
from shared.amocrm.leads import AccountApi
from shared.storage.database import Database

Entity = dict[str, Any]

_DEAL: Final = """
SELECT coalesce(max((made ->> 'lead_id')::bigint), 0) FROM amocrm_deliveries,
    LATERAL (SELECT coalesce(steps -> 'lead', steps -> 'incoming_lead') -> 'result' AS made) AS one
WHERE integration_id = %(integration_id)s AND made -> 'contact_id' = ANY (%(contacts)s::jsonb[])
"""


# vendor: contacts.merge (guess) Of contacts that are merged one stays; the others are gone as deleted ones are, and
# their deals are that one's.
# source: none found (looked for again); the card of a merged contact shows the deals of all of them
def find(api: AccountApi, database: Database, integration_id: UUID, gone: Collection[int]) -> Entity | None:
    """`gone`: the contacts that were the person's. None where no deal of theirs is known any more, is shown to us, or
    has a contact."""
    own = {"integration_id": integration_id, "contacts": [str(one) for one in gone]}
    lead_id = database.number(_DEAL, own) if gone else 0
    try:
        contact_id = main_contact(api.lead(lead_id)) if lead_id else None
    except AddressBlockedError:  # it says nothing of one deal
        raise
    except (ForbiddenError, NotFoundError):  # vendor: rights.own
        return None
    if contact_id is None or contact_id in gone:
        return None
    return next(iter(ContactsApi(api).contacts([contact_id])), None)
