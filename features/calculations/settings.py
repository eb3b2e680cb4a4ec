"""What a company sets for its notes and quotations."""

import base64
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from shared.actions.feature import SettingsPart
from shared.connections.integrations import Integration
from shared.platform.decoding import convert
from shared.platform.messages import say
from shared.platform.problems import invalid_input
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
    # Who says what a calculation costs: the published calculator alone, or also widgets that bring a calculation of
    # their own. Null: the calculator alone, as soon as one is published.
    reckoned_by: Literal["server", "widget"] | None = None


def of(stored: Mapping[str, Any]) -> Calculations:
    """This part of a row's settings, with its defaults."""
    return convert(stored, Calculations)


def shows_calculator(_integration: Integration) -> bool:
    """Every deal card does."""
    return True


def check_logo(logo: str | None) -> None:
    """Raises 422 for what cannot be a picture on a quotation."""
    if not logo:
        return
    try:
        content = base64.b64decode(logo, validate=True)
    except ValueError:  # binascii.Error, or letters that are not ASCII
        raise invalid_input(say("is not Base64"), "company.logo") from None
    if len(content) > _MOST_LOGO_BYTES:
        raise invalid_input(say("is larger than {most} bytes", most=f"{_MOST_LOGO_BYTES:,}"), "company.logo")
    if not content.startswith(b"\x89PNG\r\n") and b"<svg" not in content[:500]:
        raise invalid_input(say("must be a PNG or SVG image"), "company.logo")


def _check(_runtime: Runtime, _integration: Integration, given: Calculations) -> None:
    check_logo(given.company.logo)


PART = SettingsPart(Calculations, _check, lambda _runtime, _integration: None)
