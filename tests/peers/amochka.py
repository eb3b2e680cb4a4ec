"""`amochka` (requests): deals, notes, tasks and events for exports."""

import json
import os
import tempfile
import time

import requests
from amochka import AmoCRMClient, CacheConfig

from tests.peers.steps import client_id, client_secret, code, finish, host, lead_id, redirect_uri, step

grant = {"client_id": client_id, "client_secret": client_secret, "redirect_uri": redirect_uri}
pair = requests.post(
    f"https://{host}/oauth2/access_token", json=grant | {"grant_type": "authorization_code", "code": code}, timeout=10
).json()
file = os.path.join(tempfile.mkdtemp(), "token.json")
# Ended already, so that the client refreshes by itself.
expired = {"expires_at": time.time() - 10}
with open(file, "w", encoding="utf-8") as out:
    json.dump(pair | expired, out)
amo = AmoCRMClient(
    f"https://{host}",
    token_file=file,
    cache_config=CacheConfig.disabled(),
    disable_logging=True,
    client_id=client_id,
    client_secret=client_secret,
    redirect_uri=redirect_uri,
)
step("OAuth: a refresh by itself", lambda: amo.load_token() != pair["access_token"])
step("account: read", lambda: amo.get_account()["id"])
step("task types", lambda: amo.get_task_types())
step("deal: read with its fields", lambda: amo.get_deal_by_id(lead_id)["id"] == lead_id)
step("deals: list", lambda: len(amo.fetch_leads()) >= 5)
step("contacts: list", lambda: len(amo.fetch_contacts()) >= 4)
step("deal: change", lambda: amo.update_lead(lead_id, {"price": 777}))
made = step("contact: create", lambda: amo.create_contact({"name": "Клиент амочки"}))
step("deal: create", lambda: amo.create_lead({"name": "Сделка амочки"})["id"])
step("link: deal and contact", lambda: amo.link_entity("leads", lead_id, made["id"], "contacts"))
step("links: list", lambda: amo.get_entity_links("leads", lead_id))
step("note: create", lambda: amo.add_entity_note("leads", lead_id, "common", {"text": "Заметка амочки"}))
step("notes: of the deal", lambda: amo.get_deal_notes(lead_id))
step("notes: of all deals", lambda: amo.fetch_notes("lead"))
step("tasks: list", lambda: amo.fetch_tasks() == [])
step("events: list", lambda: amo.fetch_events())
step("users: list", lambda: amo.fetch_users())
step("pipelines: list", lambda: len(amo.get_pipelines()) == 2)
step("custom fields", lambda: amo.get_custom_fields_mapping(force_update=True))
finish({"OAuth: a code for tokens": "the client begins with a file of tokens; the script exchanges the code"})
