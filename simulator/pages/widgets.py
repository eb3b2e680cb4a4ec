"""Widgets of an account's integrations: what stands in their archives, and their files as amoCRM serves them."""

import json
from typing import Any

from simulator.answers import Answer
from simulator.pages.showing import Missing, Query, client_of
from simulator.simulation import Simulation
from simulator.state import Account, Client


def installed(simulation: Simulation, account: Account) -> list[Client]:
    """Integrations with a widget that this account uses."""
    known = simulation.world.clients.values()
    return [one for one in known if one.widget and simulation.tokens.is_installed(one, account)]


def text_of(archive: dict[str, bytes], language: str, key: str) -> str:
    locales = json.loads(archive["manifest.json"])["widget"]["locale"]
    found: Any = json.loads(archive[f"i18n/{language if language in locales else locales[0]}.json"])
    for part in key.split("."):
        found = found[part]
    return str(found)


def name_of(archive: dict[str, bytes], language: str) -> str:
    """The widget's, in the account's language where the archive has it."""
    return text_of(archive, language, "widget.name")


def file(simulation: Simulation, _query: Query, _domain: str, client_id: str, name: str) -> Answer:
    """From the uploaded archive, as amoCRM serves it."""
    content = client_of(simulation, client_id).widget.get(name)
    if content is None:
        raise Missing("Такого файла в архиве виджета нет.")
    kinds = {"js": "text/javascript; charset=utf-8", "json": "application/json", "png": "image/png"}
    return Answer(200, content, kinds[name.rpartition(".")[2]])
