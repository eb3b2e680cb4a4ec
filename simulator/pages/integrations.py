"""Integrations of an account, and the consent pages by which it allows one."""

from urllib.parse import urlencode, urlsplit

import httpx

from simulator import consent
from simulator.answers import Answer
from simulator.pages.showing import Missing, Query, account_of, as_json, as_read, client_of, language_of, page, redirect
from simulator.pages.widgets import name_of
from simulator.simulation import Simulation
from simulator.state import Client
from simulator.words import LANGUAGES


def one_time_token(simulation: Simulation, query: Query, domain: str) -> Answer:
    account, client = account_of(simulation, domain), client_of(simulation, query.get("client_id"))
    user = consent.administrator(account)
    return as_json({"token": simulation.tokens.one_time_token(client, account, user["id"])})


def all_of_them(simulation: Simulation, query: Query, domain: str) -> Answer:
    account = as_read(account_of(simulation, domain), query)
    own = [one for one in simulation.world.clients.values() if one.made_in in (None, domain)]
    return page("integrations.html", account=account, clients=[(one, _named(one, account.language)) for one in own])


def _named(client: Client, language: str) -> str:
    """As its archive calls it in the language of whoever reads it; an integration without one has a single name."""
    return name_of(client.widget, language) if client.widget else client.name


def make(simulation: Simulation, form: Query, domain: str) -> Answer:
    redirect_uri = form.get("redirect_uri", "").strip()
    if not redirect_uri.startswith(("http://", "https://")):
        raise Missing(
            "Redirect URI — это полный адрес, начиная с https:// (на этом компьютере можно http://localhost)."
        )
    simulation.world.add_client(redirect_uri, name=form.get("name") or "Интеграция", hook_url=redirect_uri)
    return redirect(f"/at/{domain}/integrations")


def switch_off(simulation: Simulation, form: Query, domain: str) -> Answer:
    """The tokens die, and the person's browser calls the hook in amoCRM's place."""
    account, client = account_of(simulation, domain), client_of(simulation, form.get("client_id"))
    query = simulation.tokens.switch_off(client, account)
    return redirect(f"{client.hook_url}?{query}" if client.hook_url else f"/at/{domain}/integrations")


def ask(simulation: Simulation, query: Query) -> Answer:
    if not query.get("client_id"):
        missing = [
            name for name in ("name", "description", "redirect_uri", "secrets_uri", "scopes") if not query.get(name)
        ]
        if missing:
            raise Missing(f"Для новой интеграции не хватает: {', '.join(missing)}.")
        accounts = list(simulation.world.accounts.values())[:50]
        return page("install.html", query=query, accounts=accounts, reads=language_of(query))
    client = client_of(simulation, query.get("client_id"))
    accounts = [one for one in simulation.world.accounts.values() if client.made_in in (None, one.domain)][:50]
    account, reads = accounts[0] if client.made_in else None, language_of(query)
    return page(
        "consent.html",
        account=account,
        reads=reads,
        client=client,
        name=_named(client, reads if account is None else account.language),
        accounts=accounts,
        state=query.get("state", ""),
        mode=query.get("mode", ""),
        redirect_host=urlsplit(client.redirect_uri).netloc,
    )


def answer_installation(simulation: Simulation, form: Query) -> Answer:
    """amoCRM's button: the integration is made, its secret delivered, and then the browser goes on with the code."""
    state, redirect_uri, name = form.get("state") or None, form.get("redirect_uri", ""), form.get("name", "")
    if form.get("answer") != "allow":
        back = f"{redirect_uri}?{urlencode(consent.refusal(None) | {'state': state or ''})}"
        return _gone_on(simulation, form, back, consent.refusal(None))
    account = account_of(simulation, form.get("domain", ""))
    scopes = form.get("scopes", "").split(",")
    client = simulation.world.add_client(redirect_uri, name=name, hook_url=redirect_uri, scopes=scopes)
    client.widget = next((one for one in simulation.archives.values() if _is_named(one, name)), {})
    secret = {"client_id": client.id, "client_secret": client.secret, "state": state}
    body = secret | {"name": name, "scopes": scopes, "integration_id": client.id, "account_id": account.id}
    delivered = httpx.post(form.get("secrets_uri", ""), json=body, timeout=10, trust_env=False)
    if delivered.status_code != 200:
        text = f"Ошибка создания (Code {delivered.status_code}) {delivered.text[:200]}"
        return page("message.html", 502, title="Ключ не доставлен", text=text)
    user = consent.administrator(account)
    return _gone_on(simulation, form, consent.allowed(simulation.tokens, client, account, state, user))


def _gone_on(simulation: Simulation, form: Query, location: str, refused: dict[str, str] | None = None) -> Answer:
    """By the consent's own window, or by a message to the page that opened it."""
    mode = simulation.consent_mode or form.get("mode") or "popup"
    if mode != "popup":
        return redirect(location)
    return page("posted.html", message=refused or {"url": location})


def _is_named(archive: dict[str, bytes], name: str) -> bool:
    return any(name_of(archive, language) == name for language in LANGUAGES)


def answer(simulation: Simulation, form: Query) -> Answer:
    client, state = client_of(simulation, form.get("client_id")), form.get("state") or None
    if form.get("answer") != "allow":
        return _gone_on(simulation, form, consent.denied(client, state), consent.refusal(client))
    account = account_of(simulation, form.get("domain", ""))
    user = consent.administrator(account)
    return _gone_on(simulation, form, consent.allowed(simulation.tokens, client, account, state, user))
