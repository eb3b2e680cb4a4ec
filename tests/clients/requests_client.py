"""The package `amocrm-api` (requests): OAuth, deals, contacts, notes, links, lists. Prints what it has seen."""

import json
import sys
from typing import Any

from amocrm.v2 import Contact, Lead, Pipeline, User, tokens
from amocrm.v2.entity.list import List
from amocrm.v2.links import LinksInteraction

subdomain, client_id, client_secret, redirect_uri, code, lead_id = sys.argv[1:]
storage = tokens.MemoryTokensStorage()
manager = tokens.default_token_manager
manager(
    client_id=client_id, client_secret=client_secret, subdomain=subdomain, redirect_url=redirect_uri, storage=storage
)
manager._storage = storage
manager.init(code=code, skip_error=False)
storage.save_tokens(*manager._get_new_tokens())  # a refresh

seen: dict[str, Any] = {}
lead = Lead.objects.get(object_id=int(lead_id))
seen["lead"] = lead.name
seen["people"] = [contact.name for contact in lead.contacts]
lead.price = 777
lead.save()
seen["leads"] = len(list(Lead.objects.all()))
seen["found"] = [one.name for one in Contact.objects.filter(query="9123456789")]
made = Contact.objects.create(name="Клиент библиотеки")
LinksInteraction().link(lead, made)
lead.notes.objects.create(note_type="common", params={"text": "Заметка библиотеки"})
seen["notes"] = [note.text for note in lead.notes.objects.all()]
seen["pipelines"] = [one.name for one in Pipeline.objects.all()]
seen["users"] = [one.name for one in User.objects.all()]
seen["lists"] = [one.type for one in List.objects.all()]
print(json.dumps(seen, ensure_ascii=False))  # noqa: T201
