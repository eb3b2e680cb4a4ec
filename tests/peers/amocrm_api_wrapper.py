"""`amocrm-api-wrapper` 0.0.20 (requests, dicts). In 1.0.1 every read fails inside of the client: httpx has no `json` for GET."""

from typing import Any

import httpx
from amocrm_api import AmoOAuthClient

from tests.peers.steps import client_id, client_secret, code, finish, host, lead_id, redirect_uri, step

grant = {"client_id": client_id, "client_secret": client_secret, "redirect_uri": redirect_uri}
pair = httpx.post(
    f"https://{host}/oauth2/access_token", json=grant | {"grant_type": "authorization_code", "code": code}
).json()
amo = AmoOAuthClient(
    pair["access_token"], pair["refresh_token"], f"https://{host}", client_id, client_secret, redirect_uri
)


def inner(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer["_embedded"][name]
    return found


step("OAuth: a refresh", amo.update_tokens)
step("deal: read", lambda: amo.get_lead(lead_id)["id"] == lead_id)
step("deals: list", lambda: len(inner(amo.get_leads(), "leads")) >= 5)
step("deals: create", lambda: inner(amo.create_leads([{"name": "Сделка обёртки", "price": 5}]), "leads"))
step("deals: change", lambda: amo.update_leads([{"id": lead_id, "price": 777}]))
made = step("contact: create", lambda: inner(amo.create_contacts([{"name": "Клиент обёртки"}]), "contacts")[0]["id"])
step("contact: read", lambda: amo.get_contact(made)["name"] == "Клиент обёртки")
step("contacts: list", lambda: len(inner(amo.get_contacts(), "contacts")) >= 4)
step(
    "link: deal and contact",
    lambda: amo.link_leads_entity(lead_id, [{"to_entity_id": made, "to_entity_type": "contacts"}]),
)
step("links: list", lambda: inner(amo.get_leads_links(lead_id), "links"))
step("companies: create", lambda: inner(amo.create_companies([{"name": "Компания"}]), "companies"))
note = step(
    "note: create",
    lambda: inner(amo.create_entity_note("leads", [{"note_type": "common", "params": {"text": "Заметка"}}], lead_id), "notes")[0],
)  # fmt: skip
step("note: read", lambda: amo.get_entity_note("leads", note["id"], lead_id)["params"]["text"] == "Заметка")
step("notes: of all deals", lambda: inner(amo.get_notes_by_entity_type("leads"), "notes"))
step("pipelines: list", lambda: inner(amo.get_pipelines(), "pipelines"))
first = inner(amo.get_pipelines(), "pipelines")[0]["id"]
step("pipeline: read", lambda: amo.get_pipeline(first)["id"] == first)
step("statuses: list", lambda: inner(amo.get_pipeline_statuses(first), "statuses"))
step("users: list", lambda: inner(amo.get_users(), "users"))
step("user: read", lambda: amo.get_user(inner(amo.get_users(), "users")[0]["id"])["rights"]["catalog_access"])
step("custom fields: list", lambda: inner(amo.get_leads_custom_fields(), "custom_fields"))
step("custom field: create", lambda: amo.create_leads_custom_fields([{"name": "Поле", "type": "text"}]))
catalog = inner(amo.get_catalogs(), "catalogs")[0]["id"]
step("catalog: read", lambda: amo.get_catalog(catalog)["type"] == "products")
element = inner(amo.get_catalog_elements(catalog), "elements")[0]
step(
    "catalog element: read",
    lambda: amo.get_catalog_element(catalog, element["id"])["custom_fields_values"][0]["field_type"],
)
step("catalog elements: create", lambda: amo.add_elements_to_catalog(catalog, [{"name": "Товар обёртки"}]))
step(
    "catalog elements: change",
    lambda: amo.update_elements_in_catalog(catalog, [{"id": element["id"], "name": "Иначе"}]),
)
task = step(
    "task: create",
    lambda: inner(amo.add_tasks([{"text": "Позвонить", "complete_till": 2_000_000_000, "entity_id": lead_id, "entity_type": "leads"}]), "tasks")[0]["id"],
)  # fmt: skip
step("task: read", lambda: amo.get_task(task)["text"] == "Позвонить")
step("task: done", lambda: amo.execution_task(task, is_completed=True, result="Да"))
step("tags: create", lambda: amo.add_tags_for_entity_type("leads", [{"name": "метка"}]))
step("tags: list", lambda: [one["name"] for one in inner(amo.get_tags_by_entity_type("leads"), "tags")] == ["метка"])
step("events: list", lambda: inner(amo.get_events(), "events")[0]["type"])
step("webhooks: subscribe", lambda: amo.subscribe_webhook("https://hook.example/x", ["add_lead"])["disabled"] is False)
step("webhooks: list", lambda: inner(amo.get_webhooks(), "webhooks"))
step("webhooks: unsubscribe", amo.unsubscribe_webhook)
finish(
    {
        "webhooks: unsubscribe": "it does not say which one",
        "OAuth: a code for tokens": "the client begins with tokens; the script exchanges the code",
    }
)
