"""`kommo-python` (requests): sends the token request as a form."""

from kommo.client import Client

from tests.peers.steps import client_id, client_secret, code, finish, host, redirect_uri, step

amo = Client(client_id, client_secret, host, redirect_uri)
pair = step("OAuth: a code for tokens", lambda: amo.get_access_token(code, host))
pair = step("OAuth: a refresh", lambda: amo.refresh_access_token(pair["refresh_token"]))
amo.set_token(pair["access_token"])
amo.headers["Content-Type"] = "application/json"
limits = {}
for name, work in {
    "account: read": amo.get_account_info,
    "companies: list": amo.list_companies,
    "contacts: list": amo.list_contacts,
    "custom fields: of contacts": amo.get_custom_fields_contacts,
    "deals: list": amo.list_leads,
    "custom fields: of deals": amo.get_custom_fields_leads,
    "tasks: list": amo.list_tasks,
    "webhooks: list": amo.list_webhooks,
}.items():
    step(name, work)
step("contact: create", lambda: amo.create_contact({"name": "Клиент"}))
step("company: create", lambda: amo.create_company({"name": "Компания"}))
step("deal: create", lambda: amo.create_lead({"name": "Сделка"}))
finish(limits)
