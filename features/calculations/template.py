"""What a calculation's note and quotation say around its figures: by widget type, and as an integration's settings
have it."""

from collections.abc import Mapping
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import asdict, replace

from shared.platform import widgets
from shared.platform.i18n import Language, words


class Template(Struct, frozen=True):
    heading: str  # over the quotation's title
    note_heading: str  # before the note's title
    closing: str  # the last words of the quotation


def template(widget_type: str, settings: Mapping[str, Any], language: str) -> Template:
    """The widget type's own, with what the settings' `template` says instead."""
    usual = {"heading": words(language, "document.quotation")["heading"], "note_heading": "", "closing": ""}
    known = widgets.types().get(widget_type)
    given_words = None if known is None else known.documents.get(cast("Language", language))
    own = Template(**usual | ({} if given_words is None else asdict(given_words)))
    given = settings.get("template") or {}
    members = Template.__struct_fields__
    return replace(own, **{name: str(text) for name, text in given.items() if name in members and text is not None})
