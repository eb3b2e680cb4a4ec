"""`amocrm-sdk` (requests): typed DTOs, tokens refreshed by themselves."""

from amocrm import Company, Contact, Lead, OAuthConfig
from amocrm.auth import InMemoryTokenStorage
from amocrm.manager import exchange_code, get_client
from amocrm.models.tasks import Task

from tests.peers.steps import client_id, client_secret, code, finish, lead_id, redirect_uri, step, subdomain

storage = InMemoryTokenStorage()
oauth = OAuthConfig(client_id=client_id, client_secret=client_secret, redirect_uri=redirect_uri, storage=storage)
step("OAuth: a code for tokens", lambda: exchange_code(subdomain=subdomain, code=code, oauth=oauth))
amo = get_client(subdomain=subdomain, oauth=oauth)
step("OAuth: a refresh", amo._refresh_tokens)
lead = step("deal: read with its contacts", lambda: amo.leads.get(lead_id))
step("deal: its contacts", lambda: len(lead.contacts) == 2)
step("deals: list", lambda: len(list(amo.leads.list())) >= 5)


def change() -> None:
    lead.price = 777
    amo.leads.update_one(Lead(id=lead_id, price=777))


step("deal: change", change)
step(
    "deal with contact and company: create",
    lambda: amo.leads.create_complex([Lead(name="Новая", price=5, contacts=[Contact(name="Иван")], company=Company(name="ООО"))])[0].id,
)  # fmt: skip
made = step("contact: create", lambda: amo.contacts.create([Contact(name="Клиент")])[0])
step("contact: change", lambda: amo.contacts.update_one(Contact(id=made.id, name="Иначе")))
step("contacts: list", lambda: len(list(amo.contacts.list())) >= 4)
step("company: create", lambda: amo.companies.create([Company(name="Ромашка")])[0].id)
pipelines = step("pipelines: list", amo.pipelines.list)
step("pipeline: read", lambda: amo.pipelines.get(pipelines[0].id).name == "Воронка")
step("statuses: list", lambda: len(amo.pipelines.list_statuses(pipelines[0].id)) >= 5)
step("custom fields: list", lambda: amo.custom_fields.list("leads"))
field = amo.custom_fields.list("contacts")[0]
step("custom field: read", lambda: amo.custom_fields.get("contacts", field.id).id == field.id)
task = step(
    "task: create",
    lambda: amo.tasks.create([Task(text="Задача", complete_till=2_000_000_000, entity_id=lead_id, entity_type="leads")])[0],
)  # fmt: skip
step("task: read", lambda: amo.tasks.get(task.id).text == "Задача")
step("tasks: list", lambda: len(list(amo.tasks.list())) == 1)
finish()
