"""What of a submission has come into no field, for the notes: nothing that a person wrote is lost."""

from collections.abc import Sequence
from typing import Final

from features.submissions import new_contact, note
from features.submissions.mapping import Unplaced
from features.submissions.model import Address, SubmitForm, SubmitOrder, SyncContact
from features.submissions.new_contact import Omitted
from features.submissions.writer import Submission, kind_of
from shared.amocrm.directory import Directory
from shared.amocrm.leads import AccountApi
from shared.deliveries.runner import Result
from shared.platform.messages import Message, say

_REFUSED: Final = say("amoCRM refused it")
_OUTDATED: Final = say("something newer is there already")


def of_submission(made: Submission, api: AccountApi, result: Result) -> tuple[list[str], list[Unplaced]]:
    """Values without a rule, or that the contact does not take, by name; and those whose rule could not be followed.

    `result`: of the step that made the deal, incoming lead or contact.
    """
    account, left, kept = Directory(api, made.integration_id), Omitted(result.get("bare", 0)), _kept(made, api, result)
    values, wrong = made.values()
    has_lead = made.accepted.mode != "contact"
    told = _told(made, left)
    unmapped = [name for name in values if name not in told or name in kept]
    visit = {} if isinstance(made.body, SyncContact) else made.body.tracking
    if left or not has_lead:
        reason = _REFUSED if left else say("the account has no tracking field for it")
        wrong += [Unplaced(name, (text,), reason) for name, text in visit.items() if text.strip()]
    price = (made.budget.given(),) if made.budget.amount else ()
    if left is Omitted.ALL_BUT_THE_NAME and has_lead:
        wrong += _given(tuple(made.tags), price, _REFUSED)
    elif not has_lead and not isinstance(made.body, SyncContact):
        is_form = isinstance(made.body, SubmitForm)  # an order's total is in its note
        wrong += _given(tuple(made.body.tags), price if is_form else (), say("no deal is made of it"))
    elif price and isinstance(made.body, SubmitForm) and not made.has_own_note and not made.budget.is_own(api):
        wrong += _given((), price, made.budget.why_left_out(api))
    if not left:
        wrong += new_contact.placed(made.settings, values, account.fields("contacts"), made.zone(api)).unplaced
        wrong += made.placed_in_lead(account).unplaced if has_lead else ()
    return unmapped, wrong


def of_contact(made: Submission, update: Result) -> list[Unplaced]:
    """What a contact that was there before did not take, though it should have. `update`: of `contact_update`."""
    left, (values, _) = Omitted(update.get("bare", 0)), made.values()
    if left:
        person = ("phone", "email") if left is Omitted.ALL_BUT_THE_PERSON else ()
        return [one for one in _mapped(made, "contacts") if one.source not in person]
    return [Unplaced(name, tuple(values[name]), _OUTDATED) for name in update.get("outdated", [])]


def of_lead(made: Submission, lead: Result) -> list[Unplaced]:
    """What a deal that was there before did not take. `lead`: of the step that changed it."""
    return _mapped(made, "leads") if lead.get("bare") else []


def _given(tags: tuple[str, ...], price: tuple[str, ...], reason: Message) -> list[Unplaced]:
    return [Unplaced(name, texts, reason) for name, texts in (("tags", tags), ("price", price)) if texts]


def _kept(made: Submission, api: AccountApi, result: Result) -> Sequence[str]:
    kept: list[str] | None = result.get("kept")
    if kept is not None:
        return kept
    # The answer was lost, and the deal was found.
    is_known = not result.get("created") and result.get("contact_id") is not None
    return made.kept(api, next(iter(api.contacts([result["contact_id"]])), None) if is_known else None)


def _told(made: Submission, left: Omitted) -> set[str]:
    """The sources that need no line of their own: a rule brings them somewhere, or the note says them anyway."""
    spoken_for = set(note.spoken_for(kind_of(made.body), made.body.fields))
    if isinstance(made.body, SubmitOrder) and isinstance(made.body.order.address, Address):  # they are in its line
        spoken_for |= {f"address.{name}" for name in made.body.order.address.parts} - made.body.fields.keys()
    if made.has_own_note and isinstance(made.body, SubmitForm):
        spoken_for |= made.body.fields.keys()
    if left is Omitted.ALL_BUT_THE_NAME:
        return spoken_for - {"phone", "email"}
    if left is Omitted.ALL_BUT_THE_PERSON:
        return spoken_for
    has_lead = made.accepted.mode != "contact"
    ruled = {rule.source for rule in new_contact.rules(made.settings)}
    ruled |= {rule.source for rule in made.settings.mapping if rule.entity == "contacts" or has_lead}
    return ruled | spoken_for


def _mapped(made: Submission, entity: str) -> list[Unplaced]:
    values, _ = made.values()
    rules = new_contact.rules(made.settings) if entity == "contacts" else made.settings.mapping
    sources = dict.fromkeys(rule.source for rule in rules if rule.entity == entity)
    return [Unplaced(name, tuple(values[name]), _REFUSED) for name in sources if values.get(name)]
