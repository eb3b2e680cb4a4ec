"""The account itself, its pipelines and custom fields. Source: amoCRM's "Account", "Pipelines", "Custom fields"."""

from simulator.answers import Answer, ApiError, document, not_found, nothing, problem
from simulator.call import Call
from simulator.checks import Told, checked
from simulator.rights import require_administrator
from simulator.state import Account, Entity

TASK_TYPES = [
    {"id": 1, "name": "Связаться", "color": None, "icon_id": None, "code": "FOLLOW_UP"},
    {"id": 2, "name": "Встреча", "color": None, "icon_id": None, "code": "MEETING"},
]
_FIELD_TYPES = (
    *("text", "numeric", "checkbox", "select", "multiselect", "date", "url", "textarea", "radiobutton"),
    *("streetaddress", "smart_address", "birthday", "legal_entity", "date_time", "price", "category", "items"),
    *("tracking_data", "linked_entity", "monetary", "chained_list", "file", "multitext"),
)
_MOST_FIELDS = 50  # on a page
_ROLE = {"id": 900001, "name": "Менеджер"}


def read(call: Call) -> Answer:
    account = call.account
    owner = next(iter(account.users), 0)
    # vendor: account.members (code) An account, its users and every value of a custom field have members that clients
    # insist on: created_at, current_user_id and others of an account; mail_access, catalog_access of rights;
    # field_type, field_name of values.
    # source: amocrm-api-php's models; clients on PyPI and npm that fail without them
    value = {
        "id": account.id,
        "name": account.name,
        "subdomain": account.subdomain,
        "created_at": 1600000000,
        "created_by": owner,
        "updated_at": 1600000000,
        "updated_by": owner,
        "current_user_id": call.user_id,
        "country": account.country,
        "currency": account.currency,
        "currency_symbol": "₽" if account.currency == "RUB" else account.currency,
        "customers_mode": "segments" if account.has_customers else "disabled",
        "language": account.language,
        "is_unsorted_on": True,
        "mobile_feature_version": 0,
        "is_loss_reason_enabled": True,
        "is_helpbot_enabled": False,
        "is_technical_account": False,
        "contact_name_display_order": 1,
        "_links": {"self": call.link()},
        "_embedded": {},
    }
    asked = {
        "drive_url": f"https://drive-b.{account.top_level_domain}",
        "version": 11,
        "amojo_id": f"00000000-0000-4000-8000-{account.id:012d}",
        "uuid": f"00000000-0000-4000-9000-{account.id:012d}",
        "is_api_filter_enabled": account.has_filters,
        "invoices_settings": {"lang": account.language, "invoices_catalog_id": None},
    }
    value |= {name: given for name, given in asked.items() if call.embeds(name)}
    parts = {
        "amojo_rights": {"can_direct": True, "can_create_groups": True},
        "users_groups": [{"id": 0, "name": "Отдел продаж", "uuid": None}],
        "task_types": TASK_TYPES,
        "datetime_settings": {
            "date_pattern": "d.m.Y H:i",
            "short_date_pattern": "d.m.Y",
            "short_time_pattern": "H:i",
            # vendor: account.datetime_settings (code) All of them are texts; the vendor's client reads `date_format`,
            # its documentation and what the client writes say `date_formant`.
            # source: amocrm-api-php, AccountModel::fromArray, DateTimeSettings::toArray
            "date_format": "d.m.Y",
            "date_formant": "d.m.Y",
            "time_format": "H:i:s",
            "timezone": _time_zone(account),
            "timezone_offset": _offset(account),
        },
        "entity_names": {"leads": {"ru": {"gender": "f"}}},
    }
    value["_embedded"] = {name: given for name, given in parts.items() if call.embeds(name)}
    return document(value)


def _offset(account: Account) -> str:
    hours, minutes = divmod(abs(account.utc_offset) // 60, 60)
    return f"{'-' if account.utc_offset < 0 else '+'}{hours:02d}:{minutes:02d}"


def _time_zone(account: Account) -> str:
    """A name in the database of time zones; that of Moscow for most."""
    if account.time_zone is not None:
        return account.time_zone
    hours = account.utc_offset // 3600
    return "Europe/Moscow" if hours == 3 else f"Etc/GMT{-hours:+d}"


def roles(call: Call) -> Answer:
    require_administrator(call)
    rights = {"leads": {"view": "A", "edit": "A", "add": "A", "delete": "D", "export": "D"}}
    role = _ROLE | {"rights": rights, "_links": {"self": call.link("/roles/900001")}, "_embedded": {"users": []}}
    return call.page("roles", [role])


def role(call: Call, role_id: str) -> Answer:
    if int(role_id) != _ROLE["id"]:
        raise not_found()
    return document(_ROLE | {"rights": {}, "_links": {"self": call.link()}})


def pipeline(call: Call, pipeline_id: str) -> Answer:
    return document(_pipeline(call, pipeline_id))


def statuses(call: Call, pipeline_id: str) -> Answer:
    found = _pipeline(call, pipeline_id)["_embedded"]["statuses"]
    return document({"_total_items": len(found), "_embedded": {"statuses": found}})


def loss_reasons(call: Call) -> Answer:
    reason = {"id": 800001, "name": "Слишком дорого", "sort": 100, "created_at": 1600000000, "updated_at": 1600000000}
    return call.page("loss_reasons", [reason])


def custom_field(call: Call, owner: str, field_id: str) -> Answer:
    found = next((one for one in call.account.custom_fields[owner] if one["id"] == int(field_id)), None)
    if found is None:
        raise not_found()
    return document(found)


def delete_custom_field(call: Call, owner: str, field_id: str) -> Answer:
    require_administrator(call)
    fields = call.account.custom_fields[owner]
    found = next((one for one in fields if one["id"] == int(field_id)), None)
    if found is None:
        raise not_found()
    fields.remove(found)
    for entity in call.account.entities(owner).values():
        kept = [one for one in entity["custom_fields_values"] or [] if one["field_id"] != found["id"]]
        entity["custom_fields_values"] = kept or None
    call.effect("custom_field.deleted", entity_type=owner, id=found["id"])
    return nothing()


def _pipeline(call: Call, pipeline_id: str) -> Entity:
    found = call.account.pipelines.get(int(pipeline_id))
    if found is None:
        raise not_found()
    return found | {"_links": {"self": call.link()}}


def pipelines(call: Call) -> Answer:
    found = list(call.account.pipelines.values())
    return document({"_total_items": len(found), "_links": {"self": call.link()}, "_embedded": {"pipelines": found}})


def custom_fields(call: Call, owner: str) -> Answer:
    # vendor: fields.page
    return call.page("custom_fields", call.account.custom_fields[owner], most=_MOST_FIELDS)


def create_custom_fields(call: Call, owner: str) -> Answer:
    require_administrator(call)
    # vendor: fields.tariff
    if not call.account.may_create_fields:
        raise ApiError(problem(403, "Forbidden", "The tariff of this account does not allow custom fields"))

    def check(told: Told, item: Entity) -> None:
        for name in ("name", "type"):
            if not item.get(name):
                told.blank(name)
        if item.get("type") and item["type"] not in _FIELD_TYPES:
            told.no_choice("type")
        code = item.get("code")
        if code and any(field["code"] == code for field in call.account.custom_fields[owner]):
            told.no_choice("code")  # the word for "there is one already" too
        if item.get("type") in ("select", "multiselect", "radiobutton") and not item.get("enums"):
            told.blank("enums")

    created = []
    for item in checked(call.items(), check):
        choices = [str(enum.get("value")) for enum in item.get("enums") or []]
        field = call.world.add_field(call.account, owner, item["name"], item["type"], item.get("code"), choices)
        call.effect("custom_field.created", entity_type=owner, id=field["id"], name=field["name"])
        created.append(field)
    return document({"_total_items": len(created), "_embedded": {"custom_fields": created}})
