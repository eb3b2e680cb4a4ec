"""The call that makes a deal with its new contact takes 40 values of each: what is more is written into each of them by
itself, afterwards, and once."""

from typing import Any, Final

from features.submissions import mapping, new_contact
from features.submissions.mapping import TRACKING_CODES, Unplaced
from features.submissions.model import SyncContact
from features.submissions.settings import FieldRule
from features.submissions.writer import Submission
from shared.amocrm.contacts import ContactsApi, fitting
from shared.amocrm.directory import Directory, Field
from shared.amocrm.errors import BadRequestError, NotFoundError
from shared.amocrm.leads import AccountApi
from shared.deliveries.echo_marking import noting
from shared.deliveries.runner import Result, Step
from shared.platform.messages import say

Values = list[dict[str, Any]]

LEAD: Final = "lead_rest"
CONTACT: Final = "contact_rest"
_REFUSED: Final = say("amoCRM refused it")


def steps(made: Submission, after: str) -> list[Step]:
    """Of a submission that may have so many; of most there is none."""
    return [
        Step(name, lambda api, result, kind=kind: _write(made, kind, api, result), lambda *_: None, after=after)
        for name, kind in ((LEAD, "lead"), (CONTACT, "contact"))
        if _most(made, kind)
    ]


def refused(made: Submission, result: Result) -> list[Unplaced]:
    """What of it amoCRM did not take, for the note. `result`: of one of the steps."""
    values, _ = made.values()
    visit = {} if isinstance(made.body, SyncContact) else made.body.tracking
    return [
        Unplaced(name, tuple(values.get(name) or [visit.get(name, "")]), _REFUSED) for name in result.get("refused", [])
    ]


def _rules(made: Submission, kind: str) -> list[FieldRule]:
    if kind == "contact":
        return new_contact.rules(made.settings)
    return [rule for rule in made.settings.mapping if rule.entity == "leads"]


def _most(made: Submission, kind: str) -> bool:
    """Whether there may be more than the call takes, whatever fields the account has."""
    values, _ = made.values()
    visit = 0 if kind == "contact" or isinstance(made.body, SyncContact) else len(made.body.tracking)
    several = sum(len(values.get(rule.source) or ()) for rule in _rules(made, kind))
    return len(fitting([{"values": [0]}] * (several + visit))) < several + visit


def _write(made: Submission, kind: str, api: AccountApi, result: Result) -> Result:
    place = {name: result.get(name) for name in ("lead_id", "contact_id")}
    entity_id = place[f"{kind}_id"]
    is_whole = kind == "contact" and not result.get("created")  # a known contact is changed as a whole
    if entity_id is None or is_whole or result.get("bare"):
        return place | {"nothing_to_do": True}
    account, values = Directory(api, made.integration_id), made.values()[0]
    fields = account.fields(f"{kind}s")
    if kind == "lead":
        wanted = made.placed_in_lead(account).fields
    else:
        wanted = [
            one for one in new_contact.placed(made.settings, values, fields, made.zone(api)).fields if one["values"]
        ]
    kept = fitting(wanted)
    rest = [one for one in wanted if one not in kept]
    try:
        rest = _missing(api, kind, entity_id, rest) if rest else []
        if not rest:
            return place | {"nothing_to_do": True}
        change = {"custom_fields_values": rest}
        with noting(made.database, made.keyring, made.integration_id, kind, entity_id, change):
            if kind == "lead":
                api.change_lead(entity_id, change)
            else:
                ContactsApi(api).change_contact(entity_id, change)
    except NotFoundError:
        return place | {"nothing_to_do": True}  # somebody has deleted it meanwhile
    except BadRequestError as error:
        made.tell_refused(error)
        return place | {"refused": _sources(made, kind, fields, {one["field_id"] for one in rest})}
    return place | {"written": len(rest)}


def _missing(api: AccountApi, kind: str, entity_id: int, rest: Values) -> Values:
    """Those that it does not have: a person may have been faster than a step that is tried again."""
    there = api.lead(entity_id) if kind == "lead" else next(iter(api.contacts([entity_id])), None)
    if there is None:
        return []
    taken = {one["field_id"] for one in there.get("custom_fields_values") or []}
    return [one for one in rest if one["field_id"] not in taken]


def _sources(made: Submission, kind: str, fields: tuple[Field, ...], ids: set[int]) -> list[str]:
    values, _ = made.values()
    ruled = [
        rule.source
        for rule in _rules(made, kind)
        if values.get(rule.source) and (field := mapping.field_of(rule, fields)) is not None and field.id in ids
    ]
    if kind == "contact" or isinstance(made.body, SyncContact):
        return list(dict.fromkeys(ruled))
    codes = {(field.code or "").upper() for field in fields if field.id in ids}
    visit = [name for name in made.body.tracking if TRACKING_CODES.get(name.lower(), name.upper()) in codes]
    return list(dict.fromkeys([*ruled, *visit]))
