"""Entities of HTML in texts that are shown as they are."""

import html
import re
from typing import Final

# With its end only: of "USB&microSD" nothing is meant.
_ENTITY: Final = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#\d{1,7}|#[Xx][0-9A-Fa-f]{1,6});")


def read(text: str) -> str:
    """As people see it: `A &amp; B` is "A & B"."""
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text
