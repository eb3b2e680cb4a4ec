"""The actions of `crm_api`. To remove one, delete its module and its line here."""

from functions.crm_api.actions import (
    connection_status,
    deliveries,
    disconnect,
    exchange_code,
    get_calculator,
    get_delivery,
    get_events,
    get_lead,
    get_leads,
    open_session,
    pickers,
    preview,
    save_calculation,
    save_connection,
    save_token,
    settings,
    site_keys,
    start_connection,
    start_installation,
    submissions,
)
from functions.crm_api.actions.action import Action

ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        connection_status.ACTION,
        deliveries.LIST,
        deliveries.RETRY,
        disconnect.ACTION,
        exchange_code.ACTION,
        get_calculator.ACTION,
        get_delivery.ACTION,
        get_events.ACTION,
        get_lead.ACTION,
        get_leads.ACTION,
        open_session.ACTION,
        pickers.CATALOGS,
        pickers.FIELDS,
        pickers.PIPELINES,
        pickers.USERS,
        preview.ACTION,
        save_calculation.ACTION,
        save_connection.ACTION,
        save_token.ACTION,
        settings.GET,
        settings.SAVE,
        site_keys.CREATE,
        site_keys.LIST,
        site_keys.REVOKE,
        start_connection.ACTION,
        start_installation.ACTION,
        submissions.FORM,
        submissions.ORDER,
        submissions.SYNC,
    )
}

__all__ = ["ACTIONS", "Action"]
