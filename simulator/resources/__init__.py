"""The API under /api/v4: which rule answers which path. To remove a resource, delete its module and its lines here."""

import re
from collections.abc import Callable

from simulator.answers import Answer, ApiError, problem
from simulator.call import Call
from simulator.resources import (
    account,
    catalogs,
    complex_leads,
    customers,
    entities,
    events,
    files,
    incoming,
    links,
    notes,
    salesbot,
    tags,
    talks,
    tasks,
    users,
    webhooks,
)

Rule = Callable[..., Answer]

_ENTITY = "(leads|contacts|companies|customers)"

ROUTES: list[tuple[str, re.Pattern[str], Rule]] = [
    (method, re.compile(pattern), rule)
    for method, pattern, rule in (
        ("GET", "/account", account.read),
        ("GET", "/users", users.page),
        ("GET", r"/users/(\d+)", users.read),
        ("POST", "/users/activate", users.activate),
        ("POST", "/users/deactivate", users.deactivate),
        ("GET", "/roles", account.roles),
        ("GET", r"/roles/(\d+)", account.role),
        ("GET", "/leads/pipelines", account.pipelines),
        ("GET", r"/leads/pipelines/(\d+)", account.pipeline),
        ("GET", r"/leads/pipelines/(\d+)/statuses", account.statuses),
        ("GET", "/leads/loss_reasons", account.loss_reasons),
        ("GET", rf"/{_ENTITY}/custom_fields/(\d+)", account.custom_field),
        ("DELETE", rf"/{_ENTITY}/custom_fields/(\d+)", account.delete_custom_field),
        ("GET", rf"/{_ENTITY}/tags", tags.page),
        ("POST", rf"/{_ENTITY}/tags", tags.create),
        ("GET", "/tasks", tasks.page),
        ("POST", "/tasks", tasks.create),
        ("PATCH", "/tasks", tasks.change_many),
        ("GET", r"/tasks/(\d+)", tasks.read),
        ("PATCH", r"/tasks/(\d+)", tasks.change),
        ("GET", "/customers/statuses", customers.statuses),
        ("GET", "/talks", talks.page),
        ("GET", r"/talks/(\d+)", talks.read),
        ("POST", r"/talks/(\d+)/close", talks.close),
        ("GET", "/events", events.page),
        ("GET", "/events/types", events.types),
        ("GET", "/events/([0-9a-f]+)", events.read),
        ("GET", "/bots", salesbot.page),
        ("GET", r"/bots/(\d+)", salesbot.read),
        ("POST", r"/bots/(\d+)/run", salesbot.run),
        ("POST", "/salesbot/([0-9]+)/continue/([0-9a-f]+)", salesbot.go_on),
        ("GET", "/webhooks", webhooks.page),
        ("POST", "/webhooks", webhooks.subscribe),
        ("DELETE", "/webhooks", webhooks.unsubscribe),
        ("GET", rf"/{_ENTITY}/custom_fields", account.custom_fields),
        ("POST", rf"/{_ENTITY}/custom_fields", account.create_custom_fields),
        ("POST", "/leads/complex", complex_leads.create),
        ("GET", "/leads/unsorted", incoming.page),
        ("GET", r"/leads/unsorted/([0-9a-f]+-[0-9a-f-]+)", incoming.read),
        ("POST", "/leads/unsorted/forms", incoming.create),
        ("POST", r"/leads/unsorted/([0-9a-f-]+)/accept", incoming.accept),
        ("DELETE", r"/leads/unsorted/([0-9a-f-]+)/decline", incoming.decline),
        ("GET", rf"/{_ENTITY}", entities.page),
        ("POST", rf"/{_ENTITY}", entities.create),
        ("PATCH", rf"/{_ENTITY}", entities.change_many),
        ("GET", rf"/{_ENTITY}/(\d+)", entities.read),
        ("PATCH", rf"/{_ENTITY}/(\d+)", entities.change),
        ("GET", rf"/{_ENTITY}/(\d+)/notes", notes.page),
        ("POST", rf"/{_ENTITY}/(\d+)/notes", notes.create),
        ("GET", rf"/{_ENTITY}/notes", notes.page_of_all),
        ("POST", rf"/{_ENTITY}/notes", notes.create_many),
        ("GET", rf"/{_ENTITY}/notes/(\d+)", notes.read_by_id),
        ("POST", rf"/{_ENTITY}/notes/(\d+)/pin", notes.pin),
        ("POST", rf"/{_ENTITY}/notes/(\d+)/unpin", notes.unpin),
        ("GET", rf"/{_ENTITY}/(\d+)/notes/(\d+)", notes.read),
        ("PATCH", rf"/{_ENTITY}/(\d+)/notes/(\d+)", notes.change),
        ("GET", r"/leads/(\d+)/links", links.page),
        ("POST", r"/leads/(\d+)/link", links.link),
        ("POST", r"/leads/(\d+)/unlink", links.unlink),
        ("GET", r"/contacts/(\d+)/links", links.page_of_contact),
        ("POST", r"/contacts/(\d+)/link", links.link_contact),
        ("GET", r"/leads/(\d+)/files", files.page),
        ("PUT", r"/leads/(\d+)/files", files.attach),
        ("GET", "/catalogs", catalogs.page),
        ("POST", "/catalogs", catalogs.create),
        ("GET", r"/catalogs/(\d+)", catalogs.catalog),
        ("GET", r"/catalogs/(\d+)/custom_fields", catalogs.custom_fields),
        ("POST", r"/catalogs/(\d+)/custom_fields", catalogs.create_custom_fields),
        ("GET", r"/catalogs/(\d+)/elements", catalogs.elements),
        ("POST", r"/catalogs/(\d+)/elements", catalogs.create_elements),
        ("PATCH", r"/catalogs/(\d+)/elements", catalogs.change_elements),
        ("GET", r"/catalogs/(\d+)/elements/(\d+)", catalogs.element),
        ("PATCH", r"/catalogs/(\d+)/elements/(\d+)", catalogs.change_element),
    )
]


def _refuse_unpaid(call: Call) -> None:
    """What an account that shows itself does not take before it is paid again: nothing new but notes."""
    # vendor: http.unpaid_writes
    number = {"POST": 205, "PATCH": 212}.get(call.method)
    if number and re.fullmatch(r"/(contacts|companies)(/\d+)?", call.path):
        raise ApiError(problem(400, "Bad Request", f"Код ошибки {number}."))
    if number and re.fullmatch(r"/leads(/\d+|/complex|/unsorted/forms)?", call.path):
        raise ApiError(problem(402, "Payment Required", "The account is not paid"))


def answer(call: Call) -> Answer:
    if call.path.startswith("/customers") and not call.account.has_customers:
        raise ApiError(problem(400, "Bad Request", "Error 426."))  # vendor: http.switched_off
    if not call.account.paid:
        _refuse_unpaid(call)
    known_path = False
    for method, pattern, rule in ROUTES:
        match = pattern.fullmatch(call.path)
        if match:
            known_path = True
            if method == call.method:
                return rule(call, *match.groups())
    if known_path:
        raise ApiError(problem(405, "Method Not Allowed", "This method is not allowed here"))
    raise ApiError(problem(404, "Not Found", "Cannot find such a method"))
