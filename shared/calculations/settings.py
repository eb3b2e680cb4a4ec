"""What a company sets for its notes and quotations."""

from typing import Annotated

from msgspec import Meta, Struct


class Company(Struct, forbid_unknown_fields=True, frozen=True):
    name: Annotated[str, Meta(max_length=120)] = ""
    lines: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=8)] = []
    logo: str | None = None  # PNG or SVG in Base64


class Template(Struct, forbid_unknown_fields=True, frozen=True):
    """What notes and quotations say around the figures; null is the widget type's own text."""

    heading: Annotated[str, Meta(max_length=120)] | None = None
    note_heading: Annotated[str, Meta(max_length=120)] | None = None
    closing: Annotated[str, Meta(max_length=500)] | None = None
