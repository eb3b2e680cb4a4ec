"""Making calculators: `get_calculator_draft`, `get_calculator_version`, `check_calculator`, `save_calculator_draft`,
`discard_calculator_draft`, `publish_calculator`, `inherit_calculator`.

`level` says whose it is: the `widget` type's, the `client`'s (an integration of amoCRM's), or the `connection`'s own;
the connection is named by the usual headers.
"""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import asdict

from features.calculations import calculator as calculators
from features.calculations import versions
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions import currency
from shared.actions.action import Action
from shared.connections.inheritance import Level, LevelName, level_of
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input, told
from shared.runtime import Runtime

_MOST_BYTES = 300_000


class CheckCalculator(Struct, forbid_unknown_fields=True, frozen=True):
    document: dict[str, Any]
    action: str | None = None


class SaveDraft(Struct, forbid_unknown_fields=True, frozen=True):
    """`revision`: of the draft that was changed; null for the first."""

    level: LevelName
    document: dict[str, Any]
    revision: UUID | None = None
    action: str | None = None


class NamedDraft(Struct, forbid_unknown_fields=True, frozen=True):
    level: LevelName
    revision: UUID
    action: str | None = None


class Publish(Struct, forbid_unknown_fields=True, frozen=True):
    level: LevelName
    revision: UUID
    note: Annotated[str, Meta(max_length=200)] | None = None
    action: str | None = None


class Inherit(Struct, forbid_unknown_fields=True, frozen=True):
    level: LevelName
    note: Annotated[str, Meta(max_length=200)] | None = None
    action: str | None = None


def _draft(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{level, draft, in_force, touched, versions, usual, account_currency}`: the draft (`document, revision,
    changed_at, changed_by`, or null), the calculators in force, the nearest first (`level, version, document`; `level`
    null for the one that comes with the widget type), for how many connections this level is the one (10,000 stands for
    more, too), its versions, and the widget types that come with a calculator to begin from, these in the account's
    currency (ISO 4217; null where nobody can say now)."""
    integration = caller.require_integration()
    level = _asked_level(caller, request)
    database = runtime.database
    draft = versions.draft(database, level)
    own = currency.of_account(runtime, integration)
    begun_with = {} if own is None else {"currency": own}
    found = [
        {
            "level": one.level,
            "version": one.version,
            "document": _shown(msgspec.json.decode(one.text)) | ({} if one.level else begun_with),
        }
        for one in versions.in_force(database, integration)
    ]
    return json_response(
        {
            "level": bodies.level(request),
            "draft": None if draft is None else asdict(draft) | {"document": _shown(draft.document)},
            "in_force": found,
            "touched": versions.touched(database, level),
            "versions": [asdict(one) for one in versions.versions(database, level)],
            "usual": {name: calculators.document(one) | begun_with for name, one in calculators.usual_ones().items()},
            "account_currency": own,
        }
    )


def _version(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{document}` of an earlier version. 404 for a number that is not there."""
    number = bodies.positive(request.parameter("version") or "", "version", 2**31 - 1)
    found = versions.version(runtime.database, _asked_level(caller, request), number)
    if found is None:
        raise Problem(404, "unknown_version", say("There is no such version of this calculator."))
    return json_response({"document": found})


def _check(_runtime: Runtime, _caller: Caller, request: Request) -> Response:
    """`{calculator, problems}`: the calculator ready to be reckoned, or null and what does not fit together, each with
    `path` and `detail`. Nothing is kept."""
    found = versions.compiled_of(_small(request, bodies.decode(request, CheckCalculator).document))
    return json_response({"calculator": found.document, "problems": told(found.problems, request.language)})


def _save(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """As `check_calculator`, with `revision`: the draft is kept, whether it fits together or not. 409 where somebody
    else has saved it since; `changed_by` and `changed_at` say who."""
    body = bodies.decode(request, SaveDraft)
    level = level_of(caller.require_integration(), body.level)
    document = _small(request, body.document)
    revision = versions.save_draft(runtime.database, level, document, body.revision, str(caller.actor))
    if revision is None:
        raise _changed(runtime, level)
    found = versions.compiled_of(document)
    answer = {"revision": revision, "calculator": found.document, "problems": told(found.problems, request.language)}
    return json_response(answer)


def _discard(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{discarded: true}`; what is in force stays. 409 where somebody else has saved the draft since."""
    body = bodies.decode(request, NamedDraft)
    level = level_of(caller.require_integration(), body.level)
    if not versions.discard(runtime.database, level, body.revision):
        raise _changed(runtime, level)
    return json_response({"discarded": True})


def _publish(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{version, touched}`: the draft is in force from now on, for so many connections (10,000 stands for more, too).
    422 for one that does not fit together, 409 where somebody else has saved it since."""
    body = bodies.decode(request, Publish)
    level = level_of(caller.require_integration(), body.level)
    draft = versions.draft(runtime.database, level)
    if draft is None or draft.revision != body.revision:
        raise _changed(runtime, level)
    found = versions.compiled_of(draft.document)
    if found.document is None:
        detail = say("The calculator does not fit together; nothing was published.")
        raise Problem(422, "invalid_input", detail, errors=found.problems)
    number = versions.publish(runtime.database, level, body.revision, body.note, str(caller.actor))
    if number is None:
        raise _changed(runtime, level)
    return json_response({"version": number, "touched": versions.touched(runtime.database, level)})


def _inherit(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{inherited: true}`: from now on the level above holds; the versions stay, to go back to."""
    body = bodies.decode(request, Inherit)
    level = level_of(caller.require_integration(), body.level)
    versions.inherit(runtime.database, level, body.note, str(caller.actor))
    return json_response({"inherited": True})


def _asked_level(caller: Caller, request: Request) -> Level:
    return level_of(caller.require_integration(), bodies.level(request))


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    """As it is written today."""
    try:
        return calculators.document(versions.read(document))
    except (msgspec.ValidationError, TypeError, KeyError, AttributeError, ValueError):
        return document  # a draft that is not whole


def _small(request: Request, document: dict[str, Any]) -> dict[str, Any]:
    if len(request.body) > _MOST_BYTES:
        raise invalid_input(say("is larger than {most} bytes", most=f"{_MOST_BYTES:,}"), "document")
    return document


def _changed(runtime: Runtime, level: Level) -> Problem:
    now = versions.draft(runtime.database, level)
    if now is None:
        return Problem(409, "draft_changed", say("This draft was published or thrown away in between."))
    return Problem(
        409,
        "draft_changed",
        say("Somebody else has changed this draft in between."),
        extra={"changed_by": now.changed_by, "changed_at": now.changed_at.isoformat(), "revision": str(now.revision)},
    )


DRAFT = Action("get_calculator_draft", "GET", Right.SEE, _draft, query=("level",))
VERSION = Action("get_calculator_version", "GET", Right.SEE, _version, query=("level", "version"))
CHECK = Action("check_calculator", "POST", Right.SEE, _check, body=CheckCalculator, is_change=False)
SAVE = Action("save_calculator_draft", "POST", Right.MANAGE, _save, body=SaveDraft, is_change=False)
DISCARD = Action("discard_calculator_draft", "POST", Right.MANAGE, _discard, body=NamedDraft)
PUBLISH = Action("publish_calculator", "POST", Right.MANAGE, _publish, body=Publish)
INHERIT = Action("inherit_calculator", "POST", Right.MANAGE, _inherit, body=Inherit)
