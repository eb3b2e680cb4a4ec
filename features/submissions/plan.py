"""The steps that bring an accepted submission into amoCRM.

A deal, an incoming lead or a contact is made while the person is locked, so that two submissions of one person make
one contact. What the account refuses, or no longer has, is met by a fallback, told in the log, and kept in the note.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from features.submissions import many_values, mapping, note, reassignment, unmapped_values
from features.submissions.mapping import Unplaced
from features.submissions.model import (
    SUBMIT_FORM,
    SUBMIT_ORDER,
    SYNC_CONTACT,
    Accepted,
    Body,
    Contact,
    Form,
    SubmitForm,
    SubmitOrder,
    sources,
)
from features.submissions.new_contact import Omitted
from features.submissions.settings import FieldRule, Submissions, creation_refused
from features.submissions.settings import of as settings_of
from features.submissions.writer import Submission, kind_of
from shared.actions.feature import PersonSubmission, Planner
from shared.amocrm import budgets, directory
from shared.amocrm.contacts import ContactsApi, main_contact
from shared.amocrm.directory import Directory
from shared.amocrm.errors import AddressBlockedError, BadRequestError, ForbiddenError
from shared.amocrm.leads import WON, AccountApi
from shared.connections.integrations import Integration
from shared.deliveries import long_notes, note_marks, products
from shared.deliveries.echo_marking import noting
from shared.deliveries.locks import Locks, name_of
from shared.deliveries.rows import Delivery
from shared.deliveries.runner import Plan, Result, Step
from shared.platform.decoding import decode
from shared.platform.i18n import document_language
from shared.platform.messages import say, say_plural
from shared.runtime import Runtime
from shared.storage.cache import SharedCache
from shared.storage.encryption import Keyring

Change = dict[str, object]

_MOST_TOLD: Final = 20  # values of a submission, each by itself
FIELDS: Final = {"leads": "lead_fields", "contacts": "contact_fields"}


def first_steps(settings: Submissions, mode: str, body: Body) -> list[str]:
    """The name of the one that depends on nothing."""
    return [(*(FIELDS[entity] for entity in entities_to_complete(settings, mode, body)), mode)[0]]


def calls(settings: Submissions, mode: str, body: Body) -> int:
    """How many calls the steps make that count against amoCRM's limit, when nothing is in the way."""
    return 3 + (mode == "lead") + 3 * isinstance(body, SubmitOrder) + _may_ask_for_the_zone(settings, body)


def _may_ask_for_the_zone(settings: Submissions, body: Body) -> bool:
    """Whether a mapping takes a time that needs one; which type its field has is not known yet."""
    given = sources(body)
    wanted = (given.get(mapping.exact(rule.source), given.get(rule.source)) for rule in settings.mapping)
    return any(mapping.needs_zone(text) for texts in wanted for text in texts or ())


def _planned(runtime: Runtime, delivery: Delivery, integration: Integration, content: tuple[Accepted, Body]) -> Plan:
    accepted, body = content
    parts = (runtime.database, runtime.keyring, runtime.locks, delivery, integration.id, accepted, body)
    language = document_language(integration.settings, integration.account_domain)
    made = Submission(*parts, settings_of(integration), language)
    return _steps(made), calls(made.settings, accepted.mode, body)


def _planner(action: str) -> Planner[tuple[Accepted, Body]]:
    def read(request: str) -> tuple[Accepted, Body]:
        accepted = decode(request, Accepted)
        return accepted, accepted.decoded(action)

    return Planner(action, read, _planned)


FORM: Final = _planner(SUBMIT_FORM)
ORDER: Final = _planner(SUBMIT_ORDER)
SYNC: Final = _planner(SYNC_CONTACT)
PLANNERS: Final = {one.action: one for one in (FORM, ORDER, SYNC)}


def of_person(runtime: Runtime, delivery: Delivery, integration: Integration, wanted: PersonSubmission) -> Plan:
    """A :data:`shared.actions.feature.Submitter`: the steps of a form that this person might have sent."""
    settings = settings_of(integration)
    where = replace(settings.forms, mode="lead", title=None)
    if wanted.pipeline_id is not None:
        where = replace(where, pipeline_id=wanted.pipeline_id, status_id=wanted.status_id)
    body = SubmitForm(
        Contact(name=wanted.name, phone=wanted.phone, email=wanted.email),
        Form(name=wanted.heading),
        {**wanted.fields, **{mapping.exact(name): moment.isoformat() for name, moment in wanted.moments.items()}},
        price=budgets.number(wanted.price),
        currency=wanted.currency or msgspec.UNSET,
    )
    accepted = Accepted("lead", msgspec.Raw(msgspec.json.encode(body)))
    parts = (runtime.database, runtime.keyring, runtime.locks, delivery, integration.id, accepted, body)
    language = document_language(integration.settings, integration.account_domain)
    if wanted.is_change:
        rules = [rule for rule in settings.mapping if rule.source in wanted.fields]
        settings = replace(settings, mapping=rules, skip_empty=False)
    made = Submission(*parts, replace(settings, forms=where), language, wanted.is_change, has_own_note=True)
    if wanted.lead_id is None:
        return _steps(made), calls(settings, "lead", body)
    of_contact = _of_deals_contact(made, wanted)
    plan: list[Step] = []
    for entity in entities_to_complete(settings, "lead", body):
        of_entity = of_contact if entity == "contacts" else made
        plan.append(fields_step(of_entity, entity, plan[-1].name if plan else None))
    before = plan[-1].name if plan else None
    plan += [
        _known_lead_step(made, wanted.lead_id, wanted, before),
        _left_note_step(made, "lead_note", "lead", unmapped_values.of_lead),
    ]
    has_contact = any(rule.entity == "contacts" for rule in of_contact.settings.mapping)
    plan += _contact_update_steps(of_contact, "lead") if has_contact else []
    return plan, 3 + 2 * has_contact + _may_ask_for_the_zone(made.settings, body)


def _of_deals_contact(made: Submission, wanted: PersonSubmission) -> Submission:
    """What of it is for the contact of a deal that is there. Who has come may be another than who stands in the deal:
    they keep their name and phone."""
    rules = [rule for rule in made.settings.mapping if rule.source in wanted.fields]
    nobody = replace(made.body, contact=Contact())
    return dataclasses.replace(made, body=nobody, settings=replace(made.settings, mapping=rules))


def _known_lead_step(made: Submission, lead_id: int, wanted: PersonSubmission, before: str | None) -> Step:
    """A deal that is there gets its mapped fields and its stage; the same again changes nothing. One that was won stays
    so: what is sold does not leave the company's sales for what comes of it."""

    def write(api: AccountApi, *_: Result) -> Result:
        lead = api.lead(lead_id)
        contact_id, name = main_contact(lead), str(lead.get("name") or "")
        placed = made.placed_in_lead(Directory(api, made.integration_id), skip_empty=not wanted.is_change).fields
        fields: Change = {"custom_fields_values": placed} if placed else {}
        own: Change = {}
        if wanted.renamed is not None and name.replace(*wanted.renamed) != name:
            own["name"] = name.replace(*wanted.renamed)
        if wanted.status_id is not None and lead.get("status_id") != WON:
            own |= {"pipeline_id": wanted.pipeline_id, "status_id": wanted.status_id}
        change, refused = change_deal(made, api, lead_id, fields, own)
        if refused is not None and fields.keys() - change.keys():
            made.tell_refused(refused)
        if refused is not None and "status_id" in own.keys() - change.keys():
            not_moved = say("The deal could not be moved to its stage ({error}).", error=refused.message)
            made.tell("values_refused", not_moved)
        is_bare = bool(fields.keys() - change.keys())
        return {"lead_id": lead_id, "contact_id": contact_id, "created": False, "bare": is_bare}

    return Step("lead", write, lambda *_: None, after=before)


def change_deal(
    made: Submission, api: AccountApi, lead_id: int, fields: Change, own: Change
) -> tuple[Change, BadRequestError | None]:
    """What amoCRM takes of both: what it refuses together it may take one by one."""
    refused: BadRequestError | None = None
    for change in [fields | own, own, fields] if fields and own else [fields | own]:
        try:
            if change:
                with noting(made.database, made.keyring, made.integration_id, "lead", lead_id, change):
                    api.change_lead(lead_id, change)
            return change, refused
        except BadRequestError as error:
            refused = refused or error
    return {}, refused


def _steps(made: Submission) -> list[Step]:
    accepted, body, delivery = made.accepted, made.body, made.delivery
    plan: list[Step] = []
    for entity in entities_to_complete(made.settings, accepted.mode, body):
        plan.append(fields_step(made, entity, plan[-1].name if plan else None))
    before = plan[-1].name if plan else None
    plan.append(Step(accepted.mode, made.writer(), made.finder(), after=before))
    if accepted.mode == "lead":
        for step in many_values.steps(made, accepted.mode):
            plan += [step, _left_note_step(made, f"{step.name}_note", step.name, many_values.refused)]
    if accepted.mode != "contact":
        plan += _contact_update_steps(made, accepted.mode)
        plan += [_budget_step(made)] if made.budget.amount else []
    if isinstance(body, SubmitOrder) and accepted.mode == "lead":
        remembered = SharedCache(made.database, delivery.integration_id)
        plan += goods_steps(remembered, made.keyring, made.locks, delivery, body, made.language)
    plan.append(_note_step(made))
    if reassignment.may_name_a_user(made.settings, body):
        plan.append(_handing_step(made, plan))
    return plan


def _handing_step(made: Submission, plan: Sequence[Step]) -> Step:
    mode = made.accepted.mode
    names = [mode, *(one.name for one in plan if one.name != mode)]

    def change(api: AccountApi, kind: str, id_: int, fields: Change) -> None:
        with noting(made.database, made.keyring, made.integration_id, kind, id_, fields):
            if kind == "lead":
                api.change_lead(id_, fields)
            else:
                ContactsApi(api).change_contact(id_, fields)

    return reassignment.step(made.database, made.locks.clock, made.delivery, names, change, made.tell)


def _budget_step(made: Submission) -> Step:
    """What has become of the price: cents that the account cuts are rounded, and whatever was left out is told."""

    def write(api: AccountApi, result: Result) -> Result:
        lead_id = result.get("lead_id")
        if lead_id is None or result.get("bare") == Omitted.ALL_BUT_THE_NAME:
            return {"nothing_to_do": True}
        return made.budget.settled(api, lead_id, price_setter(made, api, lead_id))

    return Step("budget", write, lambda *_: None, after=made.accepted.mode)


def price_setter(made: Submission, api: AccountApi, lead_id: int) -> Callable[[int | float], None]:
    """Writes a price into a deal that is there."""

    def change(price: float) -> None:
        wanted: Change = {"price": price}
        with noting(made.database, made.keyring, made.integration_id, "lead", lead_id, wanted):
            api.change_lead(lead_id, wanted)

    return change


def _contact_update_steps(made: Submission, after: str) -> list[Step]:
    return [
        Step("contact_update", made.update_contact, lambda *_: None, after=after),
        _left_note_step(made, "contact_note", "contact_update", unmapped_values.of_contact),
    ]


def entities_to_complete(settings: Submissions, mode: str, body: Body) -> list[str]:
    """Those with fields that may have to be created for this submission."""
    if not settings.create_fields:
        return []
    given = sources(body)
    creatable = {rule.entity for rule in settings.mapping if _may_be_created(rule) and given.get(rule.source)}
    return [entity for entity in FIELDS if entity in creatable and (entity == "contacts" or mode != "contact")]


def _may_be_created(rule: FieldRule) -> bool:
    return rule.field is not None and rule.field_id is None


def goods_steps(
    remembered: SharedCache, keyring: Keyring, locks: Locks, delivery: Delivery, body: SubmitOrder, language: str
) -> list[Step]:
    items = tuple(replace(one.item, unit=one.unit_in(language)) for one in body.order.items)
    own = products.Goods(remembered, keyring, items, locks, delivery.id, body.order.currency or None)

    def find_or_create(api: AccountApi, lead: Result) -> Result:
        return own.find_or_create(api) | {"lead_id": lead["lead_id"]}

    return [
        Step("goods", find_or_create, lambda *_: None, after="lead"),
        Step("goods_link", own.link, own.find_links, after="goods"),
    ]


def place_of(result: Result) -> tuple[str, int | None]:
    """Where the note goes."""
    is_lead = result.get("lead_id") is not None
    return ("leads", result["lead_id"]) if is_lead else ("contacts", result.get("contact_id"))


def noted(made: Submission, name: str, after: str, mark: str, text: Callable[[AccountApi, Result], str | None]) -> Step:
    """A step that writes a note, once; a long one in several, of which the last has the mark. `text` None: there is
    nothing to say."""

    def find(api: AccountApi, result: Result) -> Result | None:
        entity, entity_id = place_of(result)
        note_id = None if entity_id is None else api.find_note(entity_id, mark, made.since, entity=entity)
        return None if note_id is None else {"note_id": note_id}

    def write(api: AccountApi, result: Result) -> Result:
        (entity, entity_id), content = place_of(result), text(api, result)
        if content is None or entity_id is None:
            return {"nothing_to_do": True}
        return {"note_id": long_notes.write(api, made.delivery, name, entity_id, content, mark, entity)}

    return Step(name, write, find, after=after)


def _note_step(made: Submission) -> Step:
    """Everything that a person wrote, and what found no field."""

    def text(api: AccountApi, result: Result) -> str | None:
        if result.get("superseded"):
            return None  # a newer profile says what there is to say
        unmapped, unplaced = unmapped_values.of_submission(made, api, result)
        values, _ = made.values()
        order = made.body.order if isinstance(made.body, SubmitOrder) else None
        if order is not None and not order.currency:
            order = replace(order, currency=made.budget.own_currency(api))
        tell_unplaced(made, unplaced)
        return note.text(kind_of(made.body), made.heading, values, order, unmapped, unplaced, made.language)

    return noted(made, "note", made.accepted.mode, _mark_of_note(made.delivery), text)


def _mark_of_note(delivery: Delivery) -> str:
    """A shop's own is that of what it says: where an order comes once more after a restore, and says something else,
    its deal is there, and that note is not."""
    said = delivery.summary.get("told", {}) if delivery.summary.get("by") == "server" else {}
    return note_marks.of_delivery(delivery.id, said.get("content"))


def _left_note_step(
    made: Submission, name: str, after: str, left: Callable[[Submission, Result], list[Unplaced]]
) -> Step:
    """What a contact or deal that is there did not take; beside the note, which does not wait for that."""

    def text(_: AccountApi, result: Result) -> str | None:
        unplaced = left(made, result)
        tell_unplaced(made, unplaced)
        return note.text(kind_of(made.body), made.heading, {}, None, (), unplaced, made.language)

    return noted(made, name, after, note_marks.of_step(made.delivery.id, name), text)


def tell_unplaced(made: Submission, unplaced: Sequence[Unplaced]) -> None:
    for one in unplaced[:_MOST_TOLD]:
        told = say("{source} is in the note: {reason}.", source=one.source[:120], reason=one.reason)
        made.tell("value_in_note", told)
    if len(unplaced) > _MOST_TOLD:
        told = say_plural(
            "{count} more value is in the note.",
            "{count} more values are in the note.",
            count=len(unplaced) - _MOST_TOLD,
        )
        made.tell("value_in_note", told)


def _refused_fields(
    account: Directory, entity: str, wanted: list[dict[str, Any]]
) -> tuple[list[str], ForbiddenError | BadRequestError | None]:
    """Creates the fields, each by itself where all together are refused. The names of those that are, and why."""
    try:
        account.create_fields(entity, wanted)
        return [], None
    except AddressBlockedError:  # what stands before amoCRM says nothing of the tariff
        raise
    except ForbiddenError as error:  # the tariff's no is to all of them
        return [str(one["name"]) for one in wanted], error
    except BadRequestError as error:
        if len(wanted) == 1:
            return [str(wanted[0]["name"])], error
    found = [_refused_fields(account, entity, [one]) for one in wanted]
    names = [name for names, _ in found for name in names]
    return names, next((error for _, error in found if error is not None), None)


def fields_step(made: Submission, entity: str, before: str | None) -> Step:
    """Creates the fields of the mapping that the account does not have, once, however many instances meet (row C6)."""

    def missing(account: Directory) -> Sequence[FieldRule]:
        rules = [rule for rule in made.settings.mapping if rule.entity == entity and _may_be_created(rule)]
        fields = account.fields(entity)
        return [rule for rule in rules if mapping.field_of(rule, fields) is None]

    def write(api: AccountApi, *_: Result) -> Result:
        account = Directory(api, made.integration_id)
        if not missing(account):
            return {"created": 0}
        remembered = SharedCache(made.database, made.integration_id)
        with made.locks.holding(made.integration_id, [name_of(f"fields:{entity}")], made.delivery.id):
            directory.forget(made.integration_id)
            rules = missing(account)
            if not rules:
                return {"created": 0}
            if remembered.last(creation_refused(entity), bool):
                return {"created": 0, "refused": True}  # told before; saving the settings makes us ask again
            wanted = {str(rule.field).casefold(): {"name": rule.field, "type": rule.type} for rule in rules}
            refused, error = _refused_fields(account, entity, list(wanted.values()))
            if error is not None:
                remembered.put(creation_refused(entity), True)
                made.tell(
                    "fields_refused",
                    say(
                        "amoCRM does not let us create the fields {names} ({error}). Make them in amoCRM, choose a "
                        "tariff that allows it, or switch automatic fields off; until then their values are in the "
                        "notes.",
                        names=", ".join(refused),
                        error=error.message,
                    ),
                )
                return {"created": len(wanted) - len(refused), "refused": True}
        return {"created": len(wanted)}

    return Step(FIELDS[entity], write, lambda *_: None, after=before)
