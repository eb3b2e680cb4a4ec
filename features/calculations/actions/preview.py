"""`POST preview`: what a note and a quotation would look like with other words and another company."""

import base64
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypedDict

import msgspec
from msgspec import Struct

from features.calculations import note, typesetting, typesetting_client
from features.calculations.model import Calculation, Parameter
from features.calculations.quotation import Company, missing_letters, picture
from features.calculations.settings import Company as CompanySettings
from features.calculations.settings import Template, check_logo
from features.calculations.template import template
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions import currency
from shared.actions.action import Action
from shared.deliveries.items import Item
from shared.platform import i18n
from shared.platform.http import Request, Response
from shared.platform.i18n import Language, document_language
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import invalid_input
from shared.runtime import Runtime


class Preview(Struct, forbid_unknown_fields=True, frozen=True):
    company: CompanySettings = CompanySettings()
    language: Language | None = None
    template: Template = Template()
    action: str | None = None


class PreviewAnswer(TypedDict):
    """The note's text, the quotation's first page as a PNG in Base64, and letters that no font of it has."""

    note: str
    page: str
    missing_letters: str


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{note, page, missing_letters}`: the note's text, the quotation's first page as a PNG in Base64, and letters of
    the company's and the template's texts that no font of the quotation has."""
    integration = caller.require_integration()
    asked = bodies.decode(request, Preview)
    check_logo(asked.company.logo)
    given: dict[str, Any] = msgspec.to_builtins(asked)
    country = {"account_country": integration.settings.get("account_country")}
    language = document_language(given | country, integration.account_domain)
    words = template(integration.widget_type, given, language)
    own = currency.of_account(runtime, integration) or ""  # where nobody can say now, amounts without a sign
    sample = _sample(language, own, runtime.clock.now().date())
    company, typeset = Company.of(given, language), typesetting_client.of(runtime.settings)
    try:
        page = picture(sample, company, words, runtime.clock.now(), typeset)
    except typesetting.UnprintableError:  # the logo looks like an image and is none
        raise invalid_input(say("cannot be drawn: is it a whole PNG or SVG image?"), "company.logo") from None
    text = f"{note.text(sample, words, language)}\n\nref:…"
    missing = missing_letters(company, words, typeset)
    return json_response({"note": text, "page": base64.b64encode(page).decode(), "missing_letters": missing})


def _sample(language: str, own_currency: str, today: date) -> Calculation:
    names = i18n.words(language, "document.sample")
    items = (
        Item(names["glass"], Decimal("2.52"), names["area"], Decimal(6200), "GL-8"),
        Item(names["work"], Decimal(1), names["job"], Decimal(9500), discount=Decimal(500)),
    )
    total = sum((item.amount for item in items), Decimal())
    return Calculation(
        names["title"],
        own_currency,
        items,
        total,
        "17",
        parameters=(Parameter(names["size"], names["measures"]),),
        valid_until=today + timedelta(days=14),
    )


ACTION = Action("preview", "POST", Right.MANAGE, _run, body=Preview, answer=PreviewAnswer, is_change=False)
