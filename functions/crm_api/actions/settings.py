"""`GET get_settings`, `POST save_settings`: what an integration's quotations say of the company (row A7)."""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from psycopg.types.json import Jsonb

from functions.crm_api import body as bodies
from functions.crm_api.actions.action import Action
from shared.endpoint import json_response
from shared.http import Request, Response
from shared.problems import invalid_input
from shared.rights import Caller, Right
from shared.runtime import Runtime

_MOST_LOGO_BYTES = 200_000

_SAVE = """
WITH saved AS (
    UPDATE amocrm_integrations SET settings = %(settings)s, updated_at = amocrm_now() WHERE id = %(id)s RETURNING id
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, message, request_id)
    SELECT id, 'settings.saved', 'The settings were saved.', %(request_id)s FROM saved
)
SELECT id FROM saved
"""


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


class Company(Struct, forbid_unknown_fields=True, frozen=True):
    name: Annotated[str, Meta(max_length=120)] = ""
    lines: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=8)] = []
    logo: str | None = None  # PNG or SVG in Base64


class Template(Struct, forbid_unknown_fields=True, frozen=True):
    """What notes and quotations say around the figures; null is the widget type's own text."""

    heading: Annotated[str, Meta(max_length=120)] | None = None
    note_heading: Annotated[str, Meta(max_length=120)] | None = None
    closing: Annotated[str, Meta(max_length=500)] | None = None


class Settings(Struct, forbid_unknown_fields=True, frozen=True):
    """The whole document; what is left out has its default."""

    company: Company = Company()
    language: Literal["ru", "en"] = "ru"  # of notes and quotations
    template: Template = Template()
    action: str | None = None


def _get(_runtime: Runtime, caller: Caller, _request: Request) -> Response:
    """`{settings: {company: {name, lines, logo}, language, template: {heading, note_heading, closing}}}`"""
    return json_response({"settings": _document(msgspec.convert(caller.require_integration().settings, Settings))})


def _save(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """As `get_settings` answers."""
    integration = caller.require_integration()
    settings = bodies.decode(request, Settings)
    _check_logo(settings.company.logo)
    document = _document(settings)
    runtime.database.one(_Id, _SAVE, {"id": integration.id, "settings": Jsonb(document), "request_id": request.id})
    return json_response({"settings": document})


def _document(settings: Settings) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(settings)
    del document["action"]
    return document


def _check_logo(logo: str | None) -> None:
    if logo is None:
        return
    try:
        content = base64.b64decode(logo, validate=True)
    except binascii.Error:
        raise invalid_input("is not Base64", "company.logo") from None
    if len(content) > _MOST_LOGO_BYTES:
        raise invalid_input(f"is larger than {_MOST_LOGO_BYTES:,} bytes", "company.logo")
    if not content.startswith(b"\x89PNG\r\n") and b"<svg" not in content[:500]:
        raise invalid_input("must be a PNG or SVG image", "company.logo")


GET = Action("get_settings", "GET", Right.MANAGE, _get)
SAVE = Action("save_settings", "POST", Right.MANAGE, _save)
