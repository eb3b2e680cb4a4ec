"""What a calculation's note and quotation say around its figures: by widget type, and as an integration's settings
have it."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace


class Template(Struct, frozen=True):
    heading: str  # over the quotation's title
    note_heading: str  # before the note's title
    closing: str  # the last words of the quotation


_BY_WIDGET: Final[dict[str, dict[str, Template]]] = {
    "ru": {
        "glass": Template("Коммерческое предложение", "Расчёт стекла", "Размеры уточняются при замере."),
        "countertop": Template("Коммерческое предложение", "Расчёт столешницы", "Цвет и фактура камня — по образцу."),
        "clinic": Template("План лечения и смета", "Запись и смета", "Объём услуг уточняет врач на приёме."),
    },
    "en": {
        "glass": Template("Quotation", "Glass calculation", "Dimensions are confirmed on site."),
        "countertop": Template("Quotation", "Countertop calculation", "Colour and texture follow the sample."),
        "clinic": Template(
            "Treatment plan and estimate", "Appointment and estimate", "Your doctor confirms the services."
        ),
    },
}
_OTHER: Final = {"ru": Template("Коммерческое предложение", "", ""), "en": Template("Quotation", "", "")}


def template(widget_type: str, settings: Mapping[str, Any]) -> Template:
    """The widget type's own, with what the settings' `template` says instead."""
    language = language_of(settings)
    own = _BY_WIDGET[language].get(widget_type, _OTHER[language])
    given = settings.get("template") or {}
    known = Template.__struct_fields__
    return replace(own, **{name: str(text) for name, text in given.items() if name in known and text is not None})


def language_of(settings: Mapping[str, Any]) -> str:
    language = settings.get("language")
    return language if language in _BY_WIDGET else "ru"
