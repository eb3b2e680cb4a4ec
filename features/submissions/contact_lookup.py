"""The contact of a person in the account: looked for (row C4), and once more where the one that was found is gone."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from msgspec import Struct

from features.submissions import person_identity
from features.submissions.model import Contact
from shared.amocrm.contacts import ContactsApi
from shared.amocrm.errors import BadRequestError, NotFoundError
from shared.amocrm.leads import AccountApi
from shared.platform.messages import Message, say

Entity = dict[str, Any]
Made = TypeVar("Made")

_MOST_SEARCHED: Final = 3  # phones, and as many e-mails
_MOST_GONE: Final = 3  # contacts that a search brought; then a new one is made


class HeldPerson(Struct):
    """What is remembered of a person who is locked: contacts by their phones and e-mails, and by their messenger's id.
    `remember`: the contact that they have now."""

    by_line: Sequence[int]
    by_id: Sequence[int]
    remember: int | None = None


def find(
    api: ContactsApi,
    held: HeldPerson,
    contact: Contact,
    country: str,
    gone: Collection[int],
    tell: Callable[[str, Message], None],
) -> Entity | None:
    """The contact that is this person's: by phone, else by their messenger's id, else by e-mail; none of those that are
    gone.

    Two people of one office share an e-mail. What is remembered counts where the contact itself has the phone, or
    the e-mail; amoCRM's search does not find at once what was just made. An id stands in no contact: its memory counts.
    """
    known = sorted({*held.by_line, *held.by_id}.difference(gone))
    remembered = api.contacts(known) if known else []
    of_id = [one for one in remembered if int(one["id"]) in held.by_id and not one.get("is_deleted")]
    phones = [one.searches for one in person_identity.phones(contact.phones, country) if one.identity is not None]
    by_phone = [query for searches in phones[:_MOST_SEARCHED] for query in searches]
    by_email = person_identity.emails(contact.emails)[:_MOST_SEARCHED]
    for code, queries in (("PHONE", by_phone), ("EMAIL", by_email)):
        found = person_identity.matching(remembered, contact, country, code)
        for query in queries:
            if not found:
                brought = [one for one in api.search_contacts(query) if int(one["id"]) not in gone]
                found = person_identity.matching(brought, contact, country, code)
        if code == "PHONE":  # whoever has shown their phone since may have a contact by it already
            found += [one for one in of_id if one not in found]
        if len(found) > 1:
            ids = ", ".join(str(one["id"]) for one in found)
            several = say("Contacts {ids} are this person; {taken} was taken.", ids=ids, taken=found[0]["id"])
            tell("several_contacts", several)
        if found:
            return found[0]
    return None


def at(
    find_but: Callable[[Collection[int]], Entity | None], write: Callable[[Entity | None], Made]
) -> tuple[Made, Entity | None]:
    """What `write` makes at the contact that is found (None: at a new one), and that contact.

    A search may bring one that is gone, and somebody may delete it at any moment: NotFoundError of `write` says so.
    """
    gone: set[int] = set()
    while True:
        known = find_but(gone) if len(gone) < _MOST_GONE else None
        try:
            return write(known), known
        except NotFoundError:
            if known is None:
                raise
            gone.add(int(known["id"]))


@contextmanager
def telling_gone(api: AccountApi, known: Entity | None) -> Iterator[None]:
    """What amoCRM refuses because the contact is gone is a NotFoundError: no value of the person's is at fault."""
    try:
        yield
    except BadRequestError:
        # vendor: contacts.gone (guess) A contact that is gone is refused with 400 where a deal is to have it: no deal
        # is made, and no other contact. So is one without an id where it must be there already (seen: `FieldMissing`,
        # `_embedded.contacts.0.id`). Which refusal it was is not read from its words: the contact is looked for.
        # source: an integration in production met the second; the first follows its kind
        if known is not None and not ContactsApi(api).contacts([int(known["id"])]):
            raise NotFoundError(say("amoCRM has no such object"), 404) from None
        raise
