"""`POST preview`: what a note and a quotation would look like with other words and another company."""

import base64
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from shared.access.rights import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.calculations import note
from shared.calculations.model import Calculation, Parameter
from shared.calculations.quotation import Company, picture
from shared.calculations.settings import Company as CompanySettings
from shared.calculations.settings import Template, check_logo
from shared.calculations.template import language_of, template
from shared.deliveries.items import Item
from shared.platform.endpoint import json_response
from shared.platform.http import Request, Response
from shared.platform.problems import invalid_input
from shared.runtime import Runtime

_SAMPLES: Final = {
    "ru": ("Душевая перегородка", "Стекло закалённое 8 мм", "Монтаж", "м²", "услуга", "Размер", "1200 × 2100 мм"),
    "en": ("Shower screen", "Tempered glass 8 mm", "Installation", "m²", "job", "Size", "1200 × 2100 mm"),
}


class Preview(Struct, forbid_unknown_fields=True, frozen=True):
    company: CompanySettings = CompanySettings()
    language: Literal["ru", "en"] = "ru"
    template: Template = Template()
    action: str | None = None


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{note, page}`: the note's text, and the quotation's first page as a PNG in Base64."""
    integration = caller.require_integration()
    asked = bodies.decode(request, Preview)
    check_logo(asked.company.logo)
    given: dict[str, Any] = msgspec.to_builtins(asked)
    language, words = language_of(given), template(integration.widget_type, given)
    sample = _sample(language, runtime.clock.now().date())
    try:
        page = picture(sample, Company.of(given), words, runtime.clock.now())
    except RuntimeError:  # typst's: the logo looks like an image and is none
        raise invalid_input("cannot be drawn: is it a whole PNG or SVG image?", "company.logo") from None
    text = note.text(sample, "ref:…", words, language)
    return json_response({"note": text, "page": base64.b64encode(page).decode()})


def _sample(language: str, today: date) -> Calculation:
    title, glass, work, area, job, size, value = _SAMPLES[language]
    items = (
        Item(glass, Decimal("2.52"), area, Decimal(6200), "GL-8"),
        Item(work, Decimal(1), job, Decimal(9500), discount=Decimal(500)),
    )
    total = sum((item.amount for item in items), Decimal())
    return Calculation(
        title, "RUB", items, total, "17", parameters=(Parameter(size, value),), valid_until=today + timedelta(days=14)
    )


ACTION = Action("preview", "POST", Right.MANAGE, _run, body=Preview)
