"""What a company sets for its notes and quotations."""

import base64
from typing import Annotated

from msgspec import Meta, Struct

from shared.platform.problems import invalid_input

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
