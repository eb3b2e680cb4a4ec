"""The account and the integration that a control names."""

from typing import Any

from simulator.simulation import Simulation
from simulator.state import Account, Client

Body = dict[str, Any]


class UnknownNameError(Exception):
    """No such control, account or integration."""


def account_of(simulation: Simulation, body: Body) -> Account:
    account = simulation.world.accounts.get(body["domain"])
    if account is None:
        raise UnknownNameError(f"no account {body['domain']}")
    return account


def client_of(simulation: Simulation, body: Body) -> Client:
    client = simulation.world.clients.get(body["client_id"])
    if client is None:
        raise UnknownNameError(f"no integration {body['client_id']}")
    return client
