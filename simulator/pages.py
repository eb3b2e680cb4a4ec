"""What a person sees of the simulated amoCRM: accounts, integrations, the consent page, deals with their feed.

An account's pages live under `/at/DOMAIN/`, because a browser on this machine cannot reach its real host.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from simulator import automation, consent, money, person
from simulator.answers import Answer, html
from simulator.simulation import Simulation
from simulator.state import Account, Client, Entity
from simulator.words import LANGUAGES, said

_HERE = Path(__file__).parent
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_TEMPLATES.filters["budget"] = money.written
_STATIC_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_SITE_TYPES = _STATIC_TYPES | {".html": "text/html; charset=utf-8"}
_SITE = {file.name: file for file in (_HERE.parent / "examples" / "site").glob("*") if file.suffix in _SITE_TYPES}
_STATIC = {file.name: file for file in (_HERE / "static").iterdir() if file.suffix in _STATIC_TYPES}

_STATIC["jquery.js"] = next(
    Path(str(file.locate())) for file in metadata.files("xstatic-jquery") or () if file.name == "jquery.min.js"
)

Query = dict[str, str]
_BODY = "\0body"  # beside the parameters, as it came
_READS = "reads"


class _Missing(Exception):  # noqa: N818 - never leaves this module
    pass


def answer(
    simulation: Simulation, method: str, path: str, query: list[tuple[str, str]], body: bytes, reads: str = ""
) -> Answer:
    """`reads`: the browser's Accept-Language, for pages that are no account's."""
    form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    for wanted, pattern, page in _PAGES:
        match = re.fullmatch(pattern, path)
        if match and method == wanted:
            try:
                scopes = {"scopes": ",".join(value for name, value in query if name == "scopes[]")}
                asked = scopes | dict(query) | form | {_BODY: body.decode("utf-8", "replace"), _READS: reads[:2]}
                return page(simulation, asked, *match.groups())
            except _Missing as missing:
                return _page("message.html", 404, title="Не найдено", text=str(missing))
    return _page("message.html", 404, title="Не найдено", text="Такой страницы у симулятора нет.")


def _page(template: str, status: int = 200, /, account: Account | None = None, **values: Any) -> Answer:
    """In the language of the account, where the page is one's."""
    language = account.language if account is not None else values.get("reads", "ru")
    facts = {"account": account, "language": language, "brand": "Kommo" if _is_kommo(account) else "amoCRM"}
    words = partial(said, language=language)
    return html(_TEMPLATES.get_template(template).render(**facts, t=words, **values), status)


def _is_kommo(account: Account | None) -> bool:
    return account is not None and account.domain.endswith(".kommo.com")


def _redirect(location: str) -> Answer:
    return Answer(303, headers={"Location": location})


def _json(value: Any) -> Answer:
    return Answer(200, json.dumps(value, ensure_ascii=False).encode())


def _static(_simulation: Simulation, _query: Query, name: str) -> Answer:
    file = _STATIC.get(name)
    if file is None:
        raise _Missing("Такого файла нет.")
    return Answer(200, file.read_bytes(), _STATIC_TYPES[file.suffix])


def _site(_simulation: Simulation, _query: Query, name: str) -> Answer:
    """The example of a company's site; it has nothing to do with amoCRM, but a browser needs some address for it."""
    file = _SITE.get(name or "index.html")
    if file is None:
        raise _Missing("Такой страницы на сайте нет.")
    return Answer(200, file.read_bytes(), _SITE_TYPES[file.suffix])


def _account(simulation: Simulation, domain: str) -> Account:
    account = simulation.world.accounts.get(domain)
    if account is None:
        raise _Missing(f"Аккаунта {domain} нет.")
    return account


def _client(simulation: Simulation, client_id: str | None) -> Client:
    client = simulation.world.clients.get(client_id or "")
    if client is None:
        raise _Missing("Интеграции с таким ID нет: проверьте ID, сохранённый в панели.")
    return client


def _as_read(account: Account, query: Query) -> Account:
    """As a user reads it whose own language is `lang`."""
    language = query.get("lang", "")
    return replace(account, language=language) if language in LANGUAGES else account


def _reads(query: Query) -> str:
    """Of pages before one has chosen an account."""
    return query[_READS] if query[_READS] in LANGUAGES else "ru"


def _accounts(simulation: Simulation, _query: Query) -> Answer:
    return _page("accounts.html", accounts=list(simulation.world.accounts.values())[:200])


def _deals(simulation: Simulation, query: Query, domain: str) -> Answer:
    account = _as_read(_account(simulation, domain), query)
    deals = sorted(account.leads.values(), key=lambda lead: -lead["updated_at"])[:200]
    rows = [(lead, _status(account, lead), [c["name"] for c in _people(account, lead)]) for lead in deals]
    lang = query.get("lang")
    return _page("deals.html", account=account, rows=rows, kept=f"?lang={lang}" if lang in LANGUAGES else "")


def _deal(simulation: Simulation, query: Query, domain: str, lead_id: str) -> Answer:
    account = _as_read(_account(simulation, domain), query)
    lead = account.leads.get(int(lead_id))
    if lead is None:
        raise _Missing("Такой сделки нет.")
    widgets = _installed(simulation, account)
    bots = [
        (
            client,
            _text(
                client.widget,
                account.language,
                automation.manifest(client)[automation.BOT]["answer"]["settings"]["text"]["name"],
            ),
        )
        for client in widgets
        if automation.BOT in automation.manifest(client)
    ]
    return _page(
        "deal.html",
        account=account,
        lead=lead,
        stages=account.pipelines[lead["pipeline_id"]]["_embedded"]["statuses"],
        people=_people(account, lead),
        responsible=account.users[lead["responsible_user_id"]]["name"],
        user=consent.administrator(account),
        bots=bots,
        salesbots=list(account.salesbots.values()),
        widgets=[(client, _name(client.widget, account.language)) for client in widgets],
    )


def _move(simulation: Simulation, form: Query, domain: str, lead_id: str) -> Answer:
    """Somebody moves the deal to another stage."""
    account = _account(simulation, domain)
    if int(lead_id) not in account.leads or not form.get("status", "").isdigit():
        raise _Missing("Такой сделки нет.")
    person.act(simulation, account, "leads", int(lead_id), fields={"status_id": int(form["status"])})
    return _redirect(f"/at/{domain}/leads/detail/{lead_id}")


def _pipeline(simulation: Simulation, query: Query, domain: str) -> Answer:
    account = _as_read(_account(simulation, domain), query)
    stages = [one for pipeline in account.pipelines.values() for one in pipeline["_embedded"]["statuses"]]
    names = {
        client.id: _name(client.widget, account.language)
        for client in simulation.world.clients.values()
        if client.widget
    }
    widgets = [
        (
            client,
            names[client.id],
            _text(client.widget, account.language, automation.manifest(client)["dp"]["settings"]["key"]["name"]),
        )
        for client in _installed(simulation, account)
        if "dp" in automation.manifest(client)
    ]
    actions = {
        stage["id"]: [(one, names.get(one["client_id"], "—")) for one in account.stage_actions.get(stage["id"], [])]
        for stage in stages
    }
    return _page("pipeline.html", account=account, stages=stages, widgets=widgets, actions=actions)


def _add_action(simulation: Simulation, form: Query, domain: str) -> Answer:
    account, client = _account(simulation, domain), _client(simulation, form.get("client_id"))
    automation.add_action(simulation.world, account, int(form["status"]), client.id, {"key": form.get("key", "")})
    return _redirect(f"/at/{domain}/pipeline")


def _remove_action(simulation: Simulation, form: Query, domain: str) -> Answer:
    automation.remove_action(_account(simulation, domain), int(form["id"]))
    return _redirect(f"/at/{domain}/pipeline")


def _ask_bot(simulation: Simulation, form: Query, domain: str, lead_id: str) -> Answer:
    """A bot comes to the widget's step in a conversation about this deal."""
    account, client = _account(simulation, domain), _client(simulation, form.get("client_id"))
    settings = {"text": form.get("text", "")}
    automation.ask(simulation.world, simulation.tokens, account, client, int(lead_id), settings)
    simulation.journal.posting.hasten(account)
    return _redirect(f"/at/{domain}/leads/detail/{lead_id}")


def _installed(simulation: Simulation, account: Account) -> list[Client]:
    """Integrations with a widget that this account uses."""
    known = simulation.world.clients.values()
    return [one for one in known if one.widget and simulation.tokens.is_installed(one, account)]


def _text(archive: dict[str, bytes], language: str, key: str) -> str:
    locales = json.loads(archive["manifest.json"])["widget"]["locale"]
    found: Any = json.loads(archive[f"i18n/{language if language in locales else locales[0]}.json"])
    for part in key.split("."):
        found = found[part]
    return str(found)


def _receive(simulation: Simulation, form: Query) -> Answer:
    """A company's own server, for the demo: it takes whatever it is told."""
    simulation.received.appendleft(form[_BODY])
    return _json({})


def _received(simulation: Simulation, _query: Query) -> Answer:
    shown = []
    for text in simulation.received:
        try:
            shown.append(json.dumps(json.loads(text), ensure_ascii=False, indent=2))
        except ValueError:
            shown.append(text[:2000])
    return _page("receiver.html", messages=shown)


def _widget_file(simulation: Simulation, _query: Query, _domain: str, client_id: str, name: str) -> Answer:
    """From the uploaded archive, as amoCRM serves it."""
    content = _client(simulation, client_id).widget.get(name)
    if content is None:
        raise _Missing("Такого файла в архиве виджета нет.")
    kinds = {"js": "text/javascript; charset=utf-8", "json": "application/json", "png": "image/png"}
    return Answer(200, content, kinds[name.rpartition(".")[2]])


def _feed(simulation: Simulation, _query: Query, domain: str, lead_id: str) -> Answer:
    """What changes while the page is open: price, goods, and the feed, the newest first."""
    account = _account(simulation, domain)
    lead = account.leads.get(int(lead_id))
    if lead is None:
        raise _Missing("Такой сделки нет.")
    notes = [_note(account, note) for note in account.notes["leads", int(lead_id)]]
    notes += [_task(task) for task in account.tasks.values() if task["entity_id"] == int(lead_id)]
    notes += [
        _spoken(account, one, bot)
        for one, bot in account.bots.items()
        if bot["lead_id"] == int(lead_id) and bot["said"]
    ]
    notes += [
        _started(account, one)
        for one in account.started_bots
        if one["entity_type"] == "leads" and one["entity_id"] == int(lead_id)
    ]
    notes.sort(key=lambda one: -one["at"])
    return _json({"price": money.number(lead["price"]), "goods": _goods(account, int(lead_id)), "notes": notes[:100]})


def _task(task: Entity) -> Entity:
    return {"id": task["id"], "at": task["created_at"], "text": f"☐ {task['text']}", "file": None}


def _spoken(account: Account, waiting_id: str, bot: Entity) -> Entity:
    """What a bot has said after a widget's answer, with its buttons."""
    shown = [" ".join([one["value"], *(f"[{label}]" for label in one.get("buttons", []))]) for one in bot["shown"]]
    text = "\n".join(f"{said('Бот', account.language)}: {one}" for one in shown)
    return {"id": waiting_id, "at": bot["at"], "text": text, "file": None}


def _started(account: Account, run: Entity) -> Entity:
    text = f"{said('Запущен бот', account.language)}: {run['name']}"
    return {"id": run["id"], "at": run["at"], "text": text, "file": None}


def _note(account: Account, note: Entity) -> Entity:
    shown = {"id": note["id"], "at": note["created_at"], "text": note["params"].get("text", ""), "file": None}
    if note["note_type"] == "attachment":
        uuid = note["params"]["file_uuid"]
        shown["file"] = {"name": note["params"]["file_name"], "url": f"/at/{account.domain}/files/{uuid}"}
    return shown


def _goods(account: Account, lead_id: int) -> list[Entity]:
    elements = {element_id: element for one in account.elements.values() for element_id, element in one.items()}
    return [
        {"name": elements[link["to_entity_id"]]["name"], "quantity": link["metadata"].get("quantity")}
        for link in account.links.get(lead_id, [])
        if link["to_entity_type"] == "catalog_elements"
    ]


def _file(simulation: Simulation, _query: Query, domain: str, uuid: str) -> Answer:
    account = _account(simulation, domain)
    if uuid not in account.contents:
        raise _Missing("Такого файла нет.")
    kind = account.files[uuid]["metadata"]["mime_type"] or "application/octet-stream"
    return Answer(200, account.contents[uuid], kind, {"X-Content-Type-Options": "nosniff"})


def _one_time_token(simulation: Simulation, query: Query, domain: str) -> Answer:
    account, client = _account(simulation, domain), _client(simulation, query.get("client_id"))
    user = consent.administrator(account)
    return _json({"token": simulation.tokens.one_time_token(client, account, user["id"])})


def _integrations(simulation: Simulation, query: Query, domain: str) -> Answer:
    account = _as_read(_account(simulation, domain), query)
    own = [one for one in simulation.world.clients.values() if one.made_in in (None, domain)]
    return _page("integrations.html", account=account, clients=own)


def _make_integration(simulation: Simulation, form: Query, domain: str) -> Answer:
    redirect_uri = form.get("redirect_uri", "").strip()
    if not redirect_uri.startswith(("http://", "https://")):
        raise _Missing(
            "Redirect URI — это полный адрес, начиная с https:// (на этом компьютере можно http://localhost)."
        )
    simulation.world.add_client(redirect_uri, name=form.get("name") or "Интеграция", hook_url=redirect_uri)
    return _redirect(f"/at/{domain}/integrations")


def _switch_off(simulation: Simulation, form: Query, domain: str) -> Answer:
    """The tokens die, and the person's browser calls the hook in amoCRM's place."""
    account, client = _account(simulation, domain), _client(simulation, form.get("client_id"))
    query = simulation.tokens.switch_off(client, account)
    return _redirect(f"{client.hook_url}?{query}" if client.hook_url else f"/at/{domain}/integrations")


def _ask_consent(simulation: Simulation, query: Query) -> Answer:
    if not query.get("client_id"):
        missing = [
            name for name in ("name", "description", "redirect_uri", "secrets_uri", "scopes") if not query.get(name)
        ]
        if missing:
            raise _Missing(f"Для новой интеграции не хватает: {', '.join(missing)}.")
        accounts = list(simulation.world.accounts.values())[:50]
        return _page("install.html", query=query, accounts=accounts, reads=_reads(query))
    client = _client(simulation, query.get("client_id"))
    accounts = [one for one in simulation.world.accounts.values() if client.made_in in (None, one.domain)][:50]
    return _page(
        "consent.html",
        account=accounts[0] if client.made_in else None,
        reads=_reads(query),
        client=client,
        accounts=accounts,
        state=query.get("state", ""),
        mode=query.get("mode", ""),
        redirect_host=urlsplit(client.redirect_uri).netloc,
    )


def _answer_installation(simulation: Simulation, form: Query) -> Answer:
    """amoCRM's button: the integration is made, its secret delivered, and then the browser goes on with the code."""
    state, redirect_uri, name = form.get("state") or None, form.get("redirect_uri", ""), form.get("name", "")
    if form.get("answer") != "allow":
        back = f"{redirect_uri}?{urlencode(consent.refusal(None) | {'state': state or ''})}"
        return _gone_on(simulation, form, back, consent.refusal(None))
    account = _account(simulation, form.get("domain", ""))
    scopes = form.get("scopes", "").split(",")
    client = simulation.world.add_client(redirect_uri, name=name, hook_url=redirect_uri, scopes=scopes)
    client.widget = next((one for one in simulation.archives.values() if _is_named(one, name)), {})
    secret = {"client_id": client.id, "client_secret": client.secret, "state": state}
    body = secret | {"name": name, "scopes": scopes, "integration_id": client.id, "account_id": account.id}
    delivered = httpx.post(form.get("secrets_uri", ""), json=body, timeout=10, trust_env=False)
    if delivered.status_code != 200:
        text = f"Ошибка создания (Code {delivered.status_code}) {delivered.text[:200]}"
        return _page("message.html", 502, title="Ключ не доставлен", text=text)
    user = consent.administrator(account)
    return _gone_on(simulation, form, consent.allowed(simulation.tokens, client, account, state, user))


def _gone_on(simulation: Simulation, form: Query, location: str, refused: dict[str, str] | None = None) -> Answer:
    """By the consent's own window, or by a message to the page that opened it."""
    mode = simulation.consent_mode or form.get("mode") or "popup"
    if mode != "popup":
        return _redirect(location)
    return _page("posted.html", message=refused or {"url": location})


def _is_named(archive: dict[str, bytes], name: str) -> bool:
    return _name(archive, "ru") == name


def _name(archive: dict[str, bytes], language: str) -> str:
    """The widget's, in the account's language where the archive has it."""
    return _text(archive, language, "widget.name")


def _answer_consent(simulation: Simulation, form: Query) -> Answer:
    client, state = _client(simulation, form.get("client_id")), form.get("state") or None
    if form.get("answer") != "allow":
        return _gone_on(simulation, form, consent.denied(client, state), consent.refusal(client))
    account = _account(simulation, form.get("domain", ""))
    user = consent.administrator(account)
    return _gone_on(simulation, form, consent.allowed(simulation.tokens, client, account, state, user))


def _status(account: Account, lead: Entity) -> str:
    statuses = account.pipelines[lead["pipeline_id"]]["_embedded"]["statuses"]
    return next((status["name"] for status in statuses if status["id"] == lead["status_id"]), "—")


def _people(account: Account, lead: Entity) -> list[Entity]:
    links = account.links.get(lead["id"], [])
    return [account.contacts[link["to_entity_id"]] for link in links if link["to_entity_type"] == "contacts"]


_DOMAIN = "/at/([a-z0-9.-]+)"

_PAGES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("GET", "/", _accounts),
    ("GET", "/static/([a-z.]+)", _static),
    ("GET", "/site/([a-z.]*)", _site),
    ("GET", "/receiver", _received),
    ("POST", "/receiver", _receive),
    ("GET", "/auth/(button[.]min[.]js)", _static),
    ("GET", "/oauth/?", _ask_consent),
    ("POST", "/oauth", _answer_consent),
    ("POST", "/oauth/install", _answer_installation),
    ("GET", f"{_DOMAIN}/", _deals),
    ("GET", rf"{_DOMAIN}/leads/detail/(\d+)", _deal),
    ("GET", rf"{_DOMAIN}/leads/detail/(\d+)/feed", _feed),
    ("POST", rf"{_DOMAIN}/leads/detail/(\d+)/move", _move),
    ("POST", rf"{_DOMAIN}/leads/detail/(\d+)/bot", _ask_bot),
    ("GET", f"{_DOMAIN}/pipeline", _pipeline),
    ("POST", f"{_DOMAIN}/pipeline", _add_action),
    ("POST", f"{_DOMAIN}/pipeline/remove", _remove_action),
    ("GET", f"{_DOMAIN}/widgets/([0-9a-f-]+)/([a-z0-9_/]+[.](?:js|json|png))", _widget_file),
    ("GET", f"{_DOMAIN}/files/([0-9a-f-]+)", _file),
    ("GET", f"{_DOMAIN}/one-time-token", _one_time_token),
    ("GET", f"{_DOMAIN}/integrations", _integrations),
    ("POST", f"{_DOMAIN}/integrations", _make_integration),
    ("POST", f"{_DOMAIN}/integrations/switch-off", _switch_off),
]
