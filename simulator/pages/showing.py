"""What all pages have in common: templates, languages, and the account or integration that an address names."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from simulator import money
from simulator.answers import Answer, html
from simulator.simulation import Simulation
from simulator.state import Account, Client
from simulator.words import LANGUAGES, said

HERE = Path(__file__).parents[1]
_TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_TEMPLATES.filters["budget"] = money.written

Query = dict[str, str]
BODY = "\0body"  # beside the parameters, as it came
HEADERS = "\0headers"  # a line each


class Missing(Exception):  # noqa: N818 - never leaves these modules
    pass


def page(template: str, status: int = 200, /, account: Account | None = None, **values: Any) -> Answer:
    """In the language of the account, where the page is one's."""
    language = account.language if account is not None else values.get("reads", "ru")
    facts = {"account": account, "language": language, "brand": "Kommo" if _is_kommo(account) else "amoCRM"}
    words = partial(said, language=language)
    return html(_TEMPLATES.get_template(template).render(**facts, t=words, **values), status)


def _is_kommo(account: Account | None) -> bool:
    return account is not None and account.domain.endswith(".kommo.com")


def redirect(location: str) -> Answer:
    return Answer(303, headers={"Location": location})


def as_json(value: Any) -> Answer:
    return Answer(200, json.dumps(value, ensure_ascii=False).encode())


def account_of(simulation: Simulation, domain: str) -> Account:
    account = simulation.world.accounts.get(domain)
    if account is None:
        raise Missing(f"Аккаунта {domain} нет.")
    return account


def client_of(simulation: Simulation, client_id: str | None) -> Client:
    client = simulation.world.clients.get(client_id or "")
    if client is None:
        raise Missing("Интеграции с таким ID нет: проверьте ID, сохранённый в панели.")
    return client


def as_read(account: Account, query: Query) -> Account:
    """As a user reads it whose own language is `lang`."""
    language = query.get("lang", "")
    return replace(account, language=language) if language in LANGUAGES else account


def language_of(query: Query) -> str:
    """Of pages of no account: `lang`, or as the browser of whoever reads it asks for it."""
    reads = next((line for line in query[HEADERS].lower().splitlines() if line.startswith("accept-language:")), "")
    return next((one for one in (query.get("lang"), reads.partition(":")[2].strip()[:2]) if one in LANGUAGES), "ru")
