"""What is chosen from: `GET get_pipelines`, `get_users`, `get_custom_fields`, `get_catalogs`, `get_bots` (row C8); and
`get_account`, what its amounts are in.

They are remembered for ten minutes; `?refresh=1` asks amoCRM at once.
"""

from collections.abc import Callable
from typing import Any, TypedDict

from msgspec.structs import asdict

from shared.access.permissions import Caller, Right
from shared.actions import currency
from shared.actions.action import Action
from shared.amocrm import directory
from shared.amocrm.directory import Bot, Catalog, Directory, Pipeline, User
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import invalid_input
from shared.runtime import Runtime


class AccountAnswer(TypedDict):
    """What the account says of itself."""

    currency: str | None  # ISO 4217; null where nobody can say now


class PipelinesAnswer(TypedDict):
    """The main one first."""

    pipelines: list[Pipeline]


class UsersAnswer(TypedDict):
    """Without those who were switched off."""

    users: list[User]


class CustomField(TypedDict):
    """A field of deals or contacts, and what can be chosen in it, by id."""

    id: int
    name: str
    code: str | None
    type: str
    enums: list[tuple[int, str]]


class FieldsAnswer(TypedDict):
    """Fields of deals or contacts."""

    fields: list[CustomField]


class CatalogsAnswer(TypedDict):
    """The goods list has the type `products`."""

    catalogs: list[Catalog]


class BotsAnswer(TypedDict):
    """Those that amoCRM tells of; one that is missing may be named by its id."""

    bots: list[Bot]


def _read(runtime: Runtime, caller: Caller, request: Request, read: Callable[[Directory], Any], name: str) -> Response:
    integration = caller.require_integration()
    if request.parameter("refresh") == "1":
        directory.forget(integration.id)
    found = runtime.connections.call(integration, lambda api: read(Directory(api, integration.id)))
    return json_response({name: [asdict(one) for one in found]})


def _account(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{currency}`: what the account's budgets and prices are in; null where nobody can say now."""
    is_fresh = request.parameter("refresh") == "1"
    return json_response({"currency": currency.of_account(runtime, caller.require_integration(), is_fresh=is_fresh)})


def _pipelines(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{pipelines: [{id, name, is_main, statuses: [{id, name, is_unsorted}]}]}`, the main one first."""
    return _read(runtime, caller, request, lambda account: account.pipelines(), "pipelines")


def _users(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{users: [{id, name, is_admin}]}`; without those who were switched off."""
    return _read(runtime, caller, request, lambda account: account.users(), "users")


def _fields(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `entity`, leads or contacts. `{fields: [{id, name, code, type, enums: [[id, value]]}]}`"""
    entity = request.parameter("entity") or "leads"
    if entity not in ("leads", "contacts"):
        raise invalid_input(say("must be leads or contacts"), "entity")
    return _read(runtime, caller, request, lambda account: account.fields(entity), "fields")


def _catalogs(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{catalogs: [{id, name, type}]}`; the goods list has the type `products`."""
    return _read(runtime, caller, request, lambda account: account.catalogs(), "catalogs")


def _bots(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{bots: [{id, name, is_active}]}`, as far as amoCRM tells of them."""
    return _read(runtime, caller, request, lambda account: account.bots(), "bots")


ACCOUNT = Action("get_account", "GET", Right.READ_ACCOUNT, _account, answer=AccountAnswer, query=("refresh",))
PIPELINES = Action("get_pipelines", "GET", Right.READ_ACCOUNT, _pipelines, answer=PipelinesAnswer, query=("refresh",))
USERS = Action("get_users", "GET", Right.READ_ACCOUNT, _users, answer=UsersAnswer, query=("refresh",))
FIELDS = Action(
    "get_custom_fields", "GET", Right.READ_ACCOUNT, _fields, answer=FieldsAnswer, query=("entity", "refresh")
)
CATALOGS = Action("get_catalogs", "GET", Right.READ_ACCOUNT, _catalogs, answer=CatalogsAnswer, query=("refresh",))
BOTS = Action("get_bots", "GET", Right.READ_ACCOUNT, _bots, answer=BotsAnswer, query=("refresh",))
