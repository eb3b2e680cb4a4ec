"""The actions of `crm_api`, and where each lives. To remove one, delete its module and its line here.

A module is imported when its action is called for the first time: a cold start pays for what it needs.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from functions.crm_api.actions.action import Action

_HOMES: Final = {
    "connection_status": "connection_status.ACTION",
    "create_install_link": "install_links.CREATE",
    "create_site_key": "site_keys.CREATE",
    "disconnect": "disconnect.ACTION",
    "exchange_code": "exchange_code.ACTION",
    "get_calculator": "get_calculator.ACTION",
    "get_catalogs": "pickers.CATALOGS",
    "get_custom_fields": "pickers.FIELDS",
    "get_deliveries": "deliveries.LIST",
    "get_delivery": "get_delivery.ACTION",
    "get_events": "get_events.ACTION",
    "get_install_links": "install_links.LIST",
    "get_lead": "get_lead.ACTION",
    "get_leads": "get_leads.ACTION",
    "get_pipelines": "pickers.PIPELINES",
    "get_settings": "settings.GET",
    "get_site_keys": "site_keys.LIST",
    "get_users": "pickers.USERS",
    "open_session": "open_session.ACTION",
    "preview": "preview.ACTION",
    "retry_delivery": "deliveries.RETRY",
    "revoke_install_link": "install_links.REVOKE",
    "revoke_site_key": "site_keys.REVOKE",
    "save_calculation": "save_calculation.ACTION",
    "save_connection": "save_connection.ACTION",
    "save_settings": "settings.SAVE",
    "save_token": "save_token.ACTION",
    "start_connection": "start_connection.ACTION",
    "start_installation": "start_installation.ACTION",
    "submit_form": "submissions.FORM",
    "submit_order": "submissions.ORDER",
    "sync_contact": "submissions.SYNC",
}


class _Actions(Mapping[str, Action]):
    """Name -> action."""

    def __getitem__(self, name: str) -> Action:
        module, _, variable = _HOMES[name].partition(".")
        action = getattr(import_module(f"{__name__}.{module}"), variable)
        assert isinstance(action, Action)
        return action

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


ACTIONS: Final[Mapping[str, Action]] = _Actions()

__all__ = ["ACTIONS", "Action"]
