"""The actions of `crm_api`: its own, and those that the features add. To remove one, delete its module and its line.

A module is imported when its action is called for the first time: a cold start pays for what it needs.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from features import registry
from shared.actions.action import Action
from shared.actions.feature import found

_OWN: Final = {
    "connection_status": "connection_status:ACTION",
    "create_administrator": "administrators:CREATE",
    "create_install_link": "install_links:CREATE",
    "create_site_key": "site_keys:CREATE",
    "disconnect": "disconnect:ACTION",
    "exchange_code": "exchange_code:ACTION",
    "get_administrator": "administrators:ME",
    "get_administrators": "administrators:LIST",
    "get_account": "pickers:ACCOUNT",
    "get_bots": "pickers:BOTS",
    "get_catalogs": "pickers:CATALOGS",
    "get_custom_fields": "pickers:FIELDS",
    "get_deliveries": "deliveries:LIST",
    "get_delivery": "get_delivery:ACTION",
    "get_events": "get_events:ACTION",
    "get_install_links": "install_links:LIST",
    "get_lead": "get_lead:ACTION",
    "get_leads": "get_leads:ACTION",
    "get_metrics": "overview:METRICS",
    "get_overview": "overview:OVERVIEW",
    "get_pipelines": "pickers:PIPELINES",
    "search": "search:ACTION",
    "get_settings": "settings:GET",
    "get_site_keys": "site_keys:LIST",
    "get_users": "pickers:USERS",
    "open_session": "open_session:ACTION",
    "renew_sign_in": "administrators:RENEW",
    "retry_delivery": "deliveries:RETRY",
    "revoke_administrator": "administrators:REVOKE",
    "revoke_install_link": "install_links:REVOKE",
    "revoke_site_key": "site_keys:REVOKE",
    "save_administrator": "administrators:SAVE",
    "save_connection": "save_connection:ACTION",
    "save_settings": "settings:SAVE",
    "save_token": "save_token:ACTION",
    "sign_in": "administrators:SIGN_IN",
    "sign_site_key": "site_keys:SIGN",
    "accept_without_person": "site_keys:ACCEPT_WITHOUT_PERSON",
    "start_connection": "start_connection:ACTION",
    "start_installation": "start_installation:ACTION",
}


class _Actions(Mapping[str, Action]):
    """Name -> action."""

    def __init__(self) -> None:
        own = {name: f"{__name__}.{home}" for name, home in _OWN.items()}
        self._homes = dict(sorted((own | registry.actions()).items()))

    def __getitem__(self, name: str) -> Action:
        action = found(self._homes[name])
        assert isinstance(action, Action)
        return action

    def __contains__(self, name: object) -> bool:
        return name in self._homes  # without its module

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


ACTIONS: Final[Mapping[str, Action]] = _Actions()

__all__ = ["ACTIONS", "Action"]
