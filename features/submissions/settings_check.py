"""Settings against the account they are for: what is not there is named, with what is there instead."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from features.submissions.mapping import field_of
from features.submissions.settings import Destination, FieldRule, Route, Submissions, creation_refused
from shared.actions import account_references
from shared.actions.feature import SettingsPart
from shared.amocrm import directory
from shared.amocrm.directory import Directory
from shared.amocrm.leads import AccountApi
from shared.connections.integrations import Integration
from shared.platform.messages import Message, say
from shared.platform.problems import InputError, Problem
from shared.runtime import Runtime
from shared.storage.cache import SharedCache

_NAME: Final = "name"  # of a contact; it is no field


class Document(Struct, frozen=True):
    """What submissions add to the settings of an integration."""

    submissions: Submissions = Submissions()


def _check(runtime: Runtime, integration: Integration, given: Document) -> None:
    """Raises 422 with what the account does not have, and what it has instead."""
    if not _names_something_of_the_account(given.submissions):
        return

    def ask(api: AccountApi) -> list[InputError]:
        directory.forget(integration.id)
        return _problems(given.submissions, Directory(api, integration.id))

    found = runtime.connections.call(integration, ask, calls=4)
    if found:
        detail = say("The settings do not fit the account; nothing was saved.")
        raise Problem(422, "invalid_input", detail, errors=tuple(found))


def _names_something_of_the_account(settings: Submissions) -> bool:
    """Else amoCRM need not be asked, and a connection that is not authorised yet can have settings."""
    places: list[Destination | Route] = [settings.forms, settings.orders, *settings.routes]
    return bool(
        settings.responsible_user_ids
        or settings.mapping
        or any(name.casefold() != _NAME for name in settings.read_only)
        or any(place.pipeline_id or place.status_id for place in places)
        or any(route.responsible_user_id for route in settings.routes)
    )


def _problems(settings: Submissions, account: Directory) -> list[InputError]:
    pipelines = account.pipelines()
    found: list[InputError] = []
    places: list[tuple[str, Destination | Route]] = [("forms", settings.forms), ("orders", settings.orders)]
    places += [(f"routes[{index}]", route) for index, route in enumerate(settings.routes)]
    for path, place in places:
        found += account_references.place_problems(f"submissions.{path}", place, pipelines)
    found += _user_problems(settings, account)
    found += _read_only_problems(settings, account)
    for index, rule in enumerate(settings.mapping):
        found += _rule_problems(f"submissions.mapping[{index}]", rule, settings.create_fields, account)
    return found


def _read_only_problems(settings: Submissions, account: Directory) -> Iterator[InputError]:
    """A slip of the pen would leave a field to be overwritten. Those of the mapping are made when they are needed."""
    named = [(index, name) for index, name in enumerate(settings.read_only) if name.casefold() != _NAME]
    if not named:
        return
    fields = account.fields("contacts")
    known = {text.casefold() for one in fields for text in (str(one.id), one.code, one.name) if text}
    known |= {rule.field.casefold() for rule in settings.mapping if rule.entity == "contacts" and rule.field}
    for index, name in named:
        if name.casefold() not in known:
            there = account_references.listed((one.id, one.name) for one in fields)
            yield InputError(
                f"submissions.read_only[{index}]",
                _no_such_field("contacts", there),
            )


def _user_problems(settings: Submissions, account: Directory) -> Iterator[InputError]:
    named = [(f"responsible_user_ids[{index}]", one) for index, one in enumerate(settings.responsible_user_ids)]
    named += [
        (f"routes[{index}].responsible_user_id", route.responsible_user_id)
        for index, route in enumerate(settings.routes)
        if route.responsible_user_id is not None
    ]
    if not named:
        return
    users = account.users_if_allowed()
    if users is not None:
        yield from account_references.user_problems([(f"submissions.{path}", one) for path, one in named], users)


def _rule_problems(path: str, rule: FieldRule, may_create: bool, account: Directory) -> Iterator[InputError]:
    if (rule.field_id is None) == (rule.field is None):
        yield InputError(path, say("name the field by field_id, or by its code or name in field"))
        return
    fields = account.fields(rule.entity)
    field = field_of(rule, fields)
    if field is None:
        if rule.field_id is not None or not may_create:
            known = account_references.listed((one.id, one.name) for one in fields)
            yield InputError(path, _no_such_field(rule.entity, known))
        return
    if rule.enum is not None and rule.enum not in {value for _, value in field.enums}:
        kinds = ", ".join(value for _, value in field.enums) or say("none")
        yield InputError(f"{path}.enum", say("{name} has the kinds {known}", name=field.name, known=kinds))


def _no_such_field(entity: str, known: Message) -> Message:
    if entity == "contacts":
        return say("contacts have no such field; they have {known}", known=known)
    return say("deals have no such field; they have {known}", known=known)


def _saved(runtime: Runtime, integration: Integration) -> None:
    """Fields that the account did not let us create are tried again."""
    remembered = SharedCache(runtime.database, integration.id)
    for entity in ("leads", "contacts"):
        remembered.forget(creation_refused(entity))


PART = SettingsPart(Document, _check, _saved, is_of_account=True)
