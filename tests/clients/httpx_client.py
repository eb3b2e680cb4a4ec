"""The package `aioamocrm` (httpx): OAuth, deals, contacts, notes, links, pipelines, users. Prints what it has seen."""

import asyncio
import json
import sys
from typing import Any

from aioamocrm import AmoCRMClient, AmoCRMError, Contact, Lead, Note, OAuth2
from aioamocrm._models import Embedded

subdomain, client_id, client_secret, redirect_uri, code, lead_id = sys.argv[1:]


async def story() -> dict[str, Any]:
    auth = OAuth2(client_id, client_secret, redirect_uri)
    seen: dict[str, Any] = {}
    async with AmoCRMClient(auth=auth, subdomain=subdomain) as amo:
        await amo.exchange_code(code)
        await auth.refresh(amo._endpoint)
        seen["account"] = (await amo.account.get()).name
        lead = await amo.leads.get(int(lead_id), with_=["contacts"])
        seen["lead"] = lead.name
        seen["leads"] = [one.id async for one in amo.leads.iterate()].__len__()
        seen["found"] = [one.name async for one in amo.contacts.iterate(query="9123456789")]
        (made,) = await amo.contacts.create([Contact(name="Клиент библиотеки")])
        assert made.id
        await amo.leads.link(int(lead_id), "contacts", made.id)
        await amo.leads.update([{"id": lead.id, "price": 777}])
        await amo.leads.notes.create([Note.common(int(lead_id), "Заметка библиотеки")])
        seen["notes"] = [(one.params or {})["text"] async for one in amo.leads.notes.iterate(entity_id=int(lead_id))]
        embedded = Embedded(contacts=[Contact(name="Из сложной сделки")])
        (complex_,) = await amo.leads.create_complex([Lead(name="Сложная сделка", embedded=embedded)])
        seen["complex"] = complex_.contact_id is not None
        seen["pipelines"] = [one.name for one in await amo.pipelines.list()]
        seen["users"] = [one.name async for one in amo.users.iterate()]
        try:
            await amo.leads.create([{"name": "x", "pipeline_id": 5}])
        except AmoCRMError as error:
            seen["refused"] = type(error).__name__
    return seen


print(json.dumps(asyncio.run(story()), ensure_ascii=False))  # noqa: T201
