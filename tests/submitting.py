"""Forms and orders of a site, as tests send them, and what became of them in the account."""

from typing import Any

from shared.platform.http import Response
from tests.story import Story, json_of

PERSON = {"name": "Нина Орлова", "phone": "8 (916) 555-44-33", "email": "Nina@Example.org"}


def form(**changed: Any) -> dict[str, Any]:
    return {"contact": PERSON, "form": {"name": "Обратный звонок"}} | changed


def order(**changed: Any) -> dict[str, Any]:
    content = {
        "number": "1042",
        "items": [
            {"name": "Столешница", "sku": "CT-1", "quantity": 2, "unit_price": 15000, "category": ["Камень", "Кварц"]},
            {"name": "Мойка", "quantity": 1, "unit_price": 9000, "category": "Мойки"},
        ],
        "delivery": {"method": "Курьер", "cost": 700},
        "weight": "84 кг",
        "address": {"city": "Казань", "street": "Баумана", "building": "5"},
        "comment": "Позвонить вечером",
        "total": 39700,
    }
    return {"contact": PERSON, "order": content | changed}


def save(story: Story, **submissions: Any) -> Response:
    return story.crm("save_settings", story.admin(), {"submissions": submissions})


def set_up(story: Story, **submissions: Any) -> None:
    saved = save(story, **submissions)
    assert saved.status == 200, saved.body.decode()


def submit(story: Story, body: Any, action: str = "submit_form", **headers: str) -> Any:
    """The results of a submission that went well."""
    answer = story.crm(action, story.application() | headers, body)
    assert answer.status == 200, answer.body.decode()
    return json_of(answer)["results"]


def account(story: Story) -> Any:
    return story.simulator.control("show", domain=story.domain)


def lead_of(story: Story, results: Any) -> Any:
    step = results.get("lead") or results["incoming_lead"]
    return account(story)["leads"][str(step["lead_id"])]


def contact_of(story: Story, results: Any) -> Any:
    step = results.get("lead") or results.get("incoming_lead") or results["contact"]
    return account(story)["contacts"][str(step["contact_id"])]


def note_of(story: Story, results: Any, entity: str = "leads") -> str:
    step = results.get("lead") or results.get("incoming_lead") or results["contact"]
    entity_id = step["lead_id"] if entity == "leads" else step["contact_id"]
    return "\n".join(note["params"]["text"] for note in account(story)["notes"].get(f"{entity}/{entity_id}", []))


def values_of(entity: Any) -> dict[str, list[Any]]:
    """By the field's name or code."""
    return {
        field["field_code"] or field["field_name"]: [value["value"] for value in field["values"]]
        for field in entity["custom_fields_values"] or []
    }


def found_at_once(story: Story) -> None:
    """From now on a search of the account finds what was made a moment ago."""
    story.simulator.control("change-account", domain=story.domain, search_lag=0)


def own_only(story: Story, hidden: int = 204) -> int:
    """The user is a manager now; another one, whose id this is, is the administrator."""
    control, domain = story.simulator.control, story.domain
    other: int = control("add", domain=domain, user={"name": "Новый директор", "is_admin": True})["user"]["id"]
    control("change-account", domain=domain, hidden_entity_status=hidden)
    first = min(map(int, account(story)["users"]))
    control("change-user", domain=domain, user=first, is_admin=False, view="M", edit="M")
    return other
