"""`amocrm-api` (requests): models and managers."""

from typing import Any

from amocrm.v2 import Company, Contact, Lead, Pipeline, Task, User, tokens
from amocrm.v2.entity.list import List
from amocrm.v2.links import LinksInteraction

from tests.peers.steps import client_id, client_secret, code, finish, lead_id, redirect_uri, step, subdomain

storage = tokens.MemoryTokensStorage()
manager = tokens.default_token_manager
manager(
    client_id=client_id, client_secret=client_secret, subdomain=subdomain, redirect_url=redirect_uri, storage=storage
)
manager._storage = storage


def told_by_a_list() -> Any:
    return [one.type for one in List.objects.all()]


step("OAuth: a code for tokens", lambda: manager.init(code=code, skip_error=False))
step("OAuth: a refresh", lambda: storage.save_tokens(*manager._get_new_tokens()))
lead = step("deal: read", lambda: Lead.objects.get(object_id=lead_id))
step("deal: its contacts", lambda: [contact.name for contact in lead.contacts] == ["Мария Лебедева", "Олег Панин"])


def change() -> None:
    lead.price = 777
    lead.save()


step("deal: change", change)
step("deals: list", lambda: len(list(Lead.objects.all())) >= 5)
step("contacts: search", lambda: [one.name for one in Contact.objects.filter(query="9123456789")] == ["Мария Лебедева"])
made = step("contact: create", lambda: Contact.objects.create(name="Клиент библиотеки"))
step("company: create", lambda: Company.objects.create(name="Компания библиотеки"))
step("link: deal and contact", lambda: LinksInteraction().link(lead, made))
step(
    "note: create",
    lambda: lead.notes.objects.create(note_type="common", params={"text": "Заметка библиотеки"}),
)
step("notes: list", lambda: "Заметка библиотеки" in [note.text for note in lead.notes.objects.all()])
step("pipelines: list", lambda: [one.name for one in Pipeline.objects.all()] == ["Воронка", "Монтаж"])
step("users: list", lambda: "Илья Менеджер" in [one.name for one in User.objects.all()])
step("catalogs: list", lambda: told_by_a_list() == ["products"])
task = step(
    "task: create",
    lambda: Task.objects.create(text="Задача библиотеки", complete_till=2_000_000_000, entity_id=lead_id, entity_type="leads"),
)  # fmt: skip
step("tasks: list", lambda: "Задача библиотеки" in [one.text for one in Task.objects.all()])
finish()
