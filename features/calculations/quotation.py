"""The quotation: a PDF like a good company's, set in type (`typesetting.py`) from the template beside this file.

The same calculation, company and moment give the same bytes.
"""

import base64
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from features.calculations import typesetting
from features.calculations.model import Calculation
from features.calculations.template import Template
from features.calculations.typesetting import Typeset
from shared.platform import i18n, logs
from shared.platform.money import day, money, quantity, sign_after

# Letters that are not looked for one by one: the fonts have all of them.
_USUAL: Final = re.compile("[ -~\u00a0-\u017f\u0400-\u04ff]")


class Company(Struct, frozen=True):
    """Who quotes: from the integration's settings, `{"company": {name, lines[], logo}}`, in a language."""

    name: str = ""
    lines: tuple[str, ...] = ()  # address, phone, bank details …
    logo: bytes | None = None  # PNG or SVG
    language: str = "en"

    @classmethod
    def of(cls, settings: Mapping[str, Any], language: str) -> "Company":
        company = settings.get("company") or {}
        try:
            logo = base64.b64decode(company["logo"], validate=True) if company.get("logo") else None
        except ValueError:  # binascii.Error, or letters that are not ASCII
            logo = None
        return cls(
            str(company.get("name") or ""),
            tuple(str(line) for line in company.get("lines") or ()),
            logo,
            language,
        )


def render(
    calculation: Calculation,
    company: Company,
    words: Template,
    moment: datetime,
    typeset: Typeset = typesetting.here,
) -> bytes:
    """The PDF's bytes; `moment`, as the wall shows it where the account is, has the quotation's date.

    A logo that cannot be drawn is left out, and told in the log.
    """
    try:
        return typeset(_inputs(calculation, company, words, moment), int(moment.timestamp()), "pdf")
    except typesetting.UnprintableError as error:
        if company.logo is None:
            raise
        logs.warning("quotation.without_logo", reason=str(error))
        return render(calculation, replace(company, logo=None), words, moment, typeset)


def picture(
    calculation: Calculation, company: Company, words: Template, moment: datetime, typeset: Typeset = typesetting.here
) -> bytes:
    """The first page as a PNG, for looking at. Raises
    :class:`~features.calculations.typesetting.UnprintableError` for a logo that cannot be drawn."""
    return typeset(_inputs(calculation, company, words, moment), int(moment.timestamp()), "png")


def missing_letters(company: Company, words: Template, typeset: Typeset = typesetting.here) -> str:
    """Letters of these texts that no font of the quotation has, each once: there would be boxes in their place."""
    texts = (company.name, *company.lines, words.heading, words.closing)
    unusual = sorted({letter for text in texts for letter in text if not _USUAL.match(letter)})
    return typeset({"letters": "".join(unusual)}, 0, "letters").decode() if unusual else ""


def _inputs(calculation: Calculation, company: Company, words: Template, moment: datetime) -> dict[str, str]:
    facts = {
        "words": i18n.words(company.language, "document.quotation"),
        "language": company.language,
        "heading": words.heading,
        "closing": words.closing,
        "company": {"name": company.name, "lines": company.lines, "logo": _logo(company.logo)},
        **_facts(calculation, company.language, moment),
    }
    return {"facts": json.dumps(facts, ensure_ascii=False)}


def file_name(stem: str, mark: str) -> str:
    """What people see in the deal; the mark at its end lets a retry find the file."""
    clean = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', " ", re.sub(r"\.pdf$", "", stem, flags=re.IGNORECASE))
    return f"{' '.join(clean.split())[:100]} {mark}.pdf"


def _logo(logo: bytes | None) -> dict[str, str] | None:
    if logo is None:
        return None
    kind = "png" if logo.startswith(b"\x89PNG") else "svg"
    return {"format": kind, "bytes": base64.b16encode(logo).decode()}


def _facts(calculation: Calculation, language: str, moment: datetime) -> dict[str, Any]:
    sign = sign_after(calculation.currency)

    def amount(value: Any) -> str:
        return f"{money(value, language)}{sign}"

    return {
        "title": calculation.title,
        "number": calculation.number,
        "date": day(moment, language),
        "valid_until": day(calculation.valid_until, language) if calculation.valid_until else None,
        "has_discounts": any(item.discount for item in calculation.items),
        "items": [
            {
                "name": item.name,
                "sku": item.sku,
                "quantity": f"{quantity(item.quantity, language)}\u00a0{item.unit}",
                "price": amount(item.unit_price),
                "discount": amount(item.discount) if item.discount else "",
                "amount": amount(item.amount),
            }
            for item in calculation.items
        ],
        "discount": f"−{amount(calculation.discount)}" if calculation.discount else None,
        "delivery": amount(calculation.delivery) if calculation.delivery else None,
        "total": amount(calculation.rounded_total),
        "parameters": [[parameter.name, parameter.value] for parameter in calculation.parameters],
        "comment": calculation.comment,
    }
