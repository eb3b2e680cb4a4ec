"""The settings of one integration: one document, kept in its row; what is left out has its default."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from shared.calculations.calculator import Calculator
from shared.calculations.settings import Company, Template
from shared.submissions.settings import Submissions


class Settings(Struct, forbid_unknown_fields=True, frozen=True):
    company: Company = Company()
    language: Literal["ru", "en"] = "ru"  # of notes and quotations
    template: Template = Template()
    submissions: Submissions = Submissions()
    calculator: Calculator | None = None  # null: the widget type's own


def of(stored: Mapping[str, Any]) -> Settings:
    """The document of a row, with its defaults."""
    return msgspec.convert(stored, Settings)
