"""What texts and bots are told of a deal."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from shared.amocrm import budgets
from shared.amocrm.contacts import main_contact
from shared.amocrm.leads import AccountApi
from shared.connections.integrations import Integration
from shared.deliveries import rows as deliveries
from shared.platform.i18n import document_language
from shared.platform.money import currency_sign, money, rounded
from shared.storage.database import Database

_OF_SUM: Final = ("save_calculation", "submit_order")


def of_deal(
    database: Database, integration: Integration, account: AccountApi, lead: Mapping[str, Any], *, contact: bool
) -> dict[str, str]:
    """Each value by its name in :data:`features.automations.effects.VALUES`; `contact`: the main contact, too."""
    language = document_language(integration.settings, integration.account_domain)
    values = {
        "deal.id": str(lead["id"]),
        "deal.name": str(lead.get("name") or ""),
        "deal.price": money(budgets.of(lead) or Decimal(), language),
        "calculation.total": _total(database, integration, int(lead["id"]), language),
    }
    contact_id = main_contact(lead) if contact else None
    return values | (of_contact(account, contact_id) if contact_id is not None else {})


def of_contact(account: AccountApi, contact_id: int) -> dict[str, str]:
    """What is told of a contact; nothing of one that is gone."""
    found = account.contacts([contact_id])
    if not found:
        return {}
    return {
        "contact.name": str(found[0].get("name") or ""),
        "contact.phone": _field(found[0], "PHONE"),
        "contact.email": _field(found[0], "EMAIL"),
    }


def _field(contact: Mapping[str, Any], code: str) -> str:
    for field in contact.get("custom_fields_values") or []:
        if field.get("field_code") == code and field.get("values"):
            return str(field["values"][0].get("value") or "")
    return ""


def _total(database: Database, integration: Integration, lead_id: int, language: str) -> str:
    """Of the newest calculation or order that was brought into the deal; visits tell their price as well."""
    told = deliveries.last_told(database, integration.id, lead_id, _OF_SUM, "total")
    if not told:
        return ""
    sign = currency_sign(str(told.get("currency") or ""))
    return f"{money(rounded(Decimal(str(told['total']))), language)} {sign}".strip()
