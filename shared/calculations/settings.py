"""What a company sets for its notes and quotations."""

import base64
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from shared.actions.subject import SettingsPart
from shared.calculations import calculator
from shared.calculations.calculator import Calculator
from shared.connections.integrations import Integration
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime

_MOST_LOGO_BYTES = 200_000


class Company(Struct, forbid_unknown_fields=True, frozen=True):
    name: Annotated[str, Meta(max_length=120)] = ""
    lines: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=8)] = []
    logo: str | None = None  # PNG or SVG in Base64


class Template(Struct, forbid_unknown_fields=True, frozen=True):
    """What notes and quotations say around the figures; null is the widget type's own text."""

    heading: Annotated[str, Meta(max_length=120)] | None = None
    note_heading: Annotated[str, Meta(max_length=120)] | None = None
    closing: Annotated[str, Meta(max_length=500)] | None = None


class Calculations(Struct, frozen=True):
    """The part of an integration's settings that is about calculations."""

    company: Company = Company()
    template: Template = Template()
    calculator: Calculator | None = None  # null: the widget type's own


def of(stored: Mapping[str, Any]) -> Calculations:
    """This part of a row's settings, with its defaults."""
    return msgspec.convert(stored, Calculations)


def check_logo(logo: str | None) -> None:
    """Raises 422 for what cannot be a picture on a quotation."""
    if not logo:
        return
    try:
        content = base64.b64decode(logo, validate=True)
    except ValueError:  # binascii.Error, or letters that are not ASCII
        raise invalid_input("is not Base64", "company.logo") from None
    if len(content) > _MOST_LOGO_BYTES:
        raise invalid_input(f"is larger than {_MOST_LOGO_BYTES:,} bytes", "company.logo")
    if not content.startswith(b"\x89PNG\r\n") and b"<svg" not in content[:500]:
        raise invalid_input("must be a PNG or SVG image", "company.logo")


def _check(_runtime: Runtime, _integration: Integration, given: Calculations) -> None:
    check_logo(given.company.logo)
    found = calculator.problems(given.calculator) if given.calculator is not None else []
    if found:
        detail = "The calculator does not fit together; nothing was saved."
        raise Problem(422, "invalid_input", detail, errors=tuple(found))


PART = SettingsPart(Calculations, _check, lambda _runtime, _integration: None)
