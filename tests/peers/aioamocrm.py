"""`aioamocrm` (httpx, asyncio)."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from aioamocrm import AmoCRMClient, AmoCRMError, Contact, Lead, Note, OAuth2
from aioamocrm._models import Embedded

from tests.peers.steps import client_id, client_secret, code, finish, lead_id, redirect_uri, step, subdomain

auth = OAuth2(client_id, client_secret, redirect_uri)
loop = asyncio.new_event_loop()
amo = AmoCRMClient(auth=auth, subdomain=subdomain)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return loop.run_until_complete(work)


async def every(found: Any) -> list[Any]:
    return [one async for one in found]


async def texts() -> list[str]:
    return [(one.params or {})["text"] for one in await every(amo.leads.notes.iterate(entity_id=lead_id))]


async def refused() -> bool:
    try:
        await amo.leads.create([{"name": "x", "pipeline_id": 5}])
    except AmoCRMError as error:
        return type(error).__name__ == "ValidationError"
    return False


run(amo.__aenter__())
step("OAuth: a code for tokens", lambda: run(amo.exchange_code(code)))
step("OAuth: a refresh", lambda: run(auth.refresh(amo._endpoint)))
step("account: read", lambda: run(amo.account.get()).name == subdomain)
lead = step("deal: read", lambda: run(amo.leads.get(lead_id, with_=["contacts"])))
step("deals: list", lambda: len(run(every(amo.leads.iterate()))) >= 5)
step(
    "contacts: search",
    lambda: [one.name for one in run(every(amo.contacts.iterate(query="9123456789")))] == ["Мария Лебедева"],
)
made = step("contact: create", lambda: run(amo.contacts.create([Contact(name="Клиент библиотеки")]))[0])
step("link: deal and contact", lambda: run(amo.leads.link(lead_id, "contacts", made.id)))
step("deal: change", lambda: run(amo.leads.update([{"id": lead_id, "price": 777}])))
step("note: create", lambda: run(amo.leads.notes.create([Note.common(lead_id, "Заметка библиотеки")])))
step("notes: list", lambda: "Заметка библиотеки" in run(texts()))
embedded = Embedded(contacts=[Contact(name="Из сложной сделки")])
step(
    "deal with its contact: create",
    lambda: run(amo.leads.create_complex([Lead(name="Сложная сделка", embedded=embedded)]))[0].contact_id is not None,
)
step("pipelines: list", lambda: [one.name for one in run(amo.pipelines.list())] == ["Воронка", "Монтаж"])
step("users: list", lambda: "Илья Менеджер" in [one.name for one in run(every(amo.users.iterate()))])
step("a refused value", lambda: run(refused()))
run(amo.__aexit__(None, None, None))
finish()
