"""The calls that make deals and contacts. Source: amoCRM's documentation, "Deals", "Contacts", "Incoming leads"."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from shared.amocrm.errors import NotFoundError, UnknownOutcomeError
from shared.amocrm.events import FeedApi
from shared.amocrm.filtered_reads import PAGE_LIMIT, by_ids, embedded, newest_first
from shared.amocrm.leads import AccountApi
from shared.platform.messages import say

Entity = dict[str, Any]


# vendor: leads.complex_values (page) The call that makes a deal with its contact takes at most 40 values of fields for
# each of them, and refuses more. Other writes have no such bound.
# source: Kommo's and amoCRM's documentation, "Complex adding of deals"
_MOST_VALUES: Final = 40


def fitting(values: Sequence[Entity]) -> list[Entity]:
    """Of `custom_fields_values`, the fields that this call takes; several values of a field stay together."""
    kept: list[Entity] = []
    room = _MOST_VALUES
    for one in values:
        count = len(one["values"] or ())
        if count <= room:
            kept.append(one)
            room -= count
    return kept


class CreatedEntities(Struct, frozen=True):
    lead_id: int | None
    contact_id: int | None


class ContactsApi(Struct, frozen=True):
    """Contacts, deals and incoming leads, as submissions make and find them."""

    account: AccountApi

    def search_contacts(self, query: str) -> list[Entity]:
        """Contacts in which amoCRM finds the text; a phone is found by its digits, however it was typed."""
        params = {"query": query, "limit": PAGE_LIMIT, "with": "leads"}
        # vendor: contacts.query (report) `query` finds a phone by its last ten digits, however it was typed, and other
        # texts anywhere in the contact; what it finds is compared here.
        # source: amocrm-api-php issue 515; zero-archive issue 81
        return embedded(self.account.send("GET", "/contacts", params=params), "contacts")

    def contacts(self, contact_ids: list[int]) -> list[Entity]:
        """The contacts with these ids, with the ids of their deals; those that are gone are left out."""
        deals = ("with", "leads")

        def read(params: list[tuple[str, Any]]) -> Any:
            return self.account.send("GET", "/contacts", params=[*params, deals])

        def read_one(contact_id: int) -> Entity:
            answer: Entity | None = self.account.send("GET", f"/contacts/{contact_id}", params=[deals])
            if answer is None:
                raise NotFoundError(say("amoCRM has no such object"), 204)
            return answer

        return by_ids(self.account.host, read, read_one, "contacts", contact_ids)

    def create_contact(self, contact: Entity) -> int:
        made = embedded(self.account.send("POST", "/contacts", json=[contact]), "contacts")
        return int(_only(made)["id"])

    def change_contact(self, contact_id: int, fields: Entity) -> None:
        self.account.send("PATCH", f"/contacts/{contact_id}", json=fields)

    def create_lead(self, lead: Entity, contact_id: int | None, contact: Entity | None) -> CreatedEntities:
        """A deal, and its contact with it in the same call where that is new: then each has what is `fitting`."""
        tags = lead.get("_embedded", {})
        if contact_id is not None:
            body = lead | {"_embedded": tags | {"contacts": [{"id": contact_id, "is_main": True}]}}
            made = embedded(self.account.send("POST", "/leads", json=[body]), "leads")
            return CreatedEntities(int(_only(made)["id"]), contact_id)
        answer = self.account.send(
            # vendor: leads.complex (page) A deal with its contact in one call answers a list: id, contact_id, merged.
            # With duplicate control on, `merged` says that the id is of a deal that was there before.
            # source: amoCRM's documentation, "Complex adding of deals"
            "POST",
            "/leads/complex",
            json=[lead | {"_embedded": tags | {"contacts": [contact]}}],
        )
        one = _only(answer)
        return CreatedEntities(int(one["id"]), int(one["contact_id"]) if one.get("contact_id") else None)

    def find_lead(self, mark: str, since: int) -> CreatedEntities | None:
        """The deal whose name carries the mark, or did when it was made, at `since` (Unix seconds) or later; and its
        main contact. Of several, which are copies, the oldest."""
        params = {"query": mark, "limit": PAGE_LIMIT, "with": "contacts"}
        found = embedded(self.account.send("GET", "/leads", params=params), "leads")
        # vendor: leads.query (production) `query` finds a deal by a word of its name, seconds after it was made and not
        # at once.
        # source: integrations in production that search for what they made; the lag is in public reports
        marked = sorted(int(one["id"]) for one in found if mark in str(one.get("name")))
        # vendor: search.deleted
        lead = next(filter(None, (self._there(one, since) for one in marked)), None)
        if lead is None and (renamed := FeedApi(self.account).named_before(mark, since)) is not None:
            lead = self._there(renamed, since)
        return None if lead is None else CreatedEntities(int(lead["id"]), main_contact(lead))

    def _there(self, lead_id: int, since: int) -> Entity | None:
        """None where somebody has deleted it, and for one that is older: the same mark may be that of a write under the
        same key, long ago."""
        try:
            lead = self.account.lead(lead_id)
        except NotFoundError:
            return None
        return lead if int(lead.get("created_at") or since) >= since else None

    def create_incoming_lead(self, submission: Entity) -> CreatedEntities:
        """Into "incoming leads", where a person accepts or declines it."""
        answer = self.account.send("POST", "/leads/unsorted/forms", json=[submission])
        return _made_incoming(_only(embedded(answer, "unsorted")))

    def find_incoming_lead(self, source_uid: str, since: int) -> CreatedEntities | None:
        """By our own id of the submission, among those made at `since` (Unix seconds) or later."""

        def read(params: list[tuple[str, Any]]) -> Any:
            return self.account.send("GET", "/leads/unsorted", params=params)

        found = newest_first(read, "unsorted", {"order[created_at]": "desc"}, since)
        own = next((one for one in found if one.get("source_uid") == source_uid), None)
        return None if own is None else _made_incoming(own)


def _made_incoming(one: Entity) -> CreatedEntities:
    # vendor: unsorted.answer (page) An incoming lead is made with a deal and a contact at once, whose ids its answer
    # tells; they are in no list until it is accepted.
    # source: amoCRM's documentation, "Incoming leads"
    inside = one.get("_embedded") or {}
    ids = [next((int(entity["id"]) for entity in inside.get(name) or []), None) for name in ("leads", "contacts")]
    return CreatedEntities(ids[0], ids[1])


def main_contact(lead: Mapping[str, Any]) -> int | None:
    """The id of the deal's main contact, else of its first one."""
    contacts = (lead.get("_embedded") or {}).get("contacts") or []
    main = next((one for one in contacts if one.get("is_main")), contacts[0] if contacts else None)
    return int(main["id"]) if main else None


def _only(made: Any) -> Entity:
    if not isinstance(made, list) or len(made) != 1 or ("id" not in made[0] and "uid" not in made[0]):
        raise UnknownOutcomeError(say("amoCRM's answer does not name all that was made"))
    one: Entity = made[0]
    return one
