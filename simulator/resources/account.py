"""The account itself, its users, pipelines and custom fields. Source: amoCRM's "Account", "Users", "Pipelines"."""

from simulator.answers import Answer, ApiError, document, invalid, problem
from simulator.call import Call


def read(call: Call) -> Answer:
    account = call.account
    value = {
        "id": account.id,
        "name": account.name,
        "subdomain": account.subdomain,
        "created_at": 1600000000,
        "current_user_id": call.user_id,
        "country": account.country,
        "currency": account.currency,
        "currency_symbol": "₽" if account.currency == "RUB" else account.currency,
        "language": account.language,
        "is_unsorted_on": True,
        "_links": {"self": call.link()},
    }
    if call.embeds("drive_url"):
        value["drive_url"] = f"https://drive-b.{account.top_level_domain}"
    if call.embeds("version"):
        value["version"] = 11
    return document(value)


def users(call: Call) -> Answer:
    return call.page("users", list(call.account.users.values()))


def pipelines(call: Call) -> Answer:
    found = list(call.account.pipelines.values())
    return document({"_total_items": len(found), "_links": {"self": call.link()}, "_embedded": {"pipelines": found}})


def custom_fields(call: Call, owner: str) -> Answer:
    return call.page("custom_fields", call.account.custom_fields[owner])


def create_custom_fields(call: Call, owner: str) -> Answer:
    if not call.account.may_create_fields:
        raise ApiError(problem(403, "Forbidden", "The tariff of this account does not allow custom fields"))
    created = []
    for index, item in enumerate(call.items()):
        if not item.get("name") or not item.get("type"):
            raise invalid(f"{index}.name", "NotBlank", "This value should not be blank.", str(index))
        code = item.get("code")
        if code and any(field["code"] == code for field in call.account.custom_fields[owner]):
            raise invalid(f"{index}.code", "NotUnique", "A field with this code exists.", str(index))
        choices = [str(enum.get("value")) for enum in item.get("enums") or []]
        field = call.world.add_field(call.account, owner, item["name"], item["type"], code, choices)
        call.effect("custom_field.created", entity_type=owner, id=field["id"], name=field["name"])
        created.append(field)
    return document({"_total_items": len(created), "_embedded": {"custom_fields": created}})
