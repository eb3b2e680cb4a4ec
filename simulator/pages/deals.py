"""Deals with their feed: what people see of them, and what they can do there."""

from simulator import automation, consent, money, person
from simulator.answers import Answer
from simulator.pages.showing import Missing, Query, account_of, as_json, as_read, client_of, page, redirect
from simulator.pages.widgets import installed, name_of, text_of
from simulator.simulation import Simulation
from simulator.state import Account, Entity
from simulator.words import LANGUAGES, said


def all_of_them(simulation: Simulation, query: Query, domain: str) -> Answer:
    account = as_read(account_of(simulation, domain), query)
    deals = sorted(account.leads.values(), key=lambda lead: -lead["updated_at"])[:200]
    rows = [(lead, _status(account, lead), [c["name"] for c in people_of(account, lead)]) for lead in deals]
    lang = query.get("lang")
    return page("deals.html", account=account, rows=rows, kept=f"?lang={lang}" if lang in LANGUAGES else "")


def one(simulation: Simulation, query: Query, domain: str, lead_id: str) -> Answer:
    account = as_read(account_of(simulation, domain), query)
    lead = account.leads.get(int(lead_id))
    if lead is None:
        raise Missing("Такой сделки нет.")
    widgets = installed(simulation, account)
    bots = [
        (
            client,
            text_of(
                client.widget,
                account.language,
                automation.manifest(client)[automation.BOT]["answer"]["settings"]["text"]["name"],
            ),
        )
        for client in widgets
        if automation.BOT in automation.manifest(client)
    ]
    return page(
        "deal.html",
        account=account,
        lead=lead,
        stages=account.pipelines[lead["pipeline_id"]]["_embedded"]["statuses"],
        people=people_of(account, lead),
        responsible=account.users[lead["responsible_user_id"]]["name"],
        user=consent.administrator(account),
        bots=bots,
        salesbots=list(account.salesbots.values()),
        widgets=[(client, name_of(client.widget, account.language)) for client in widgets],
    )


def move(simulation: Simulation, form: Query, domain: str, lead_id: str) -> Answer:
    """Somebody moves the deal to another stage."""
    account = account_of(simulation, domain)
    if int(lead_id) not in account.leads or not form.get("status", "").isdigit():
        raise Missing("Такой сделки нет.")
    person.act(simulation, account, "leads", int(lead_id), fields={"status_id": int(form["status"])})
    return redirect(f"/at/{domain}/leads/detail/{lead_id}")


def ask_bot(simulation: Simulation, form: Query, domain: str, lead_id: str) -> Answer:
    """A bot comes to the widget's step in a conversation about this deal."""
    account, client = account_of(simulation, domain), client_of(simulation, form.get("client_id"))
    settings = {"text": form.get("text", "")}
    automation.ask(simulation.world, simulation.tokens, account, client, int(lead_id), settings)
    simulation.journal.posting.hasten(account)
    return redirect(f"/at/{domain}/leads/detail/{lead_id}")


def feed(simulation: Simulation, _query: Query, domain: str, lead_id: str) -> Answer:
    """What changes while the page is open: price, goods, and the feed, the newest first."""
    account = account_of(simulation, domain)
    lead = account.leads.get(int(lead_id))
    if lead is None:
        raise Missing("Такой сделки нет.")
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
    return as_json({"price": money.number(lead["price"]), "goods": _goods(account, int(lead_id)), "notes": notes[:100]})


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


def file(simulation: Simulation, _query: Query, domain: str, uuid: str) -> Answer:
    account = account_of(simulation, domain)
    if uuid not in account.contents:
        raise Missing("Такого файла нет.")
    kind = account.files[uuid]["metadata"]["mime_type"] or "application/octet-stream"
    return Answer(200, account.contents[uuid], kind, {"X-Content-Type-Options": "nosniff"})


def _status(account: Account, lead: Entity) -> str:
    statuses = account.pipelines[lead["pipeline_id"]]["_embedded"]["statuses"]
    return next((status["name"] for status in statuses if status["id"] == lead["status_id"]), "—")


def people_of(account: Account, lead: Entity) -> list[Entity]:
    links = account.links.get(lead["id"], [])
    return [account.contacts[link["to_entity_id"]] for link in links if link["to_entity_type"] == "contacts"]
