"""An example of each kind of message, as it reaches an endpoint: for the panel, the reference and `openapi.yaml`.

They are signed, so that whoever writes a receiver can check it against them. A test holds each against its schema.
"""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import NAMESPACE_OID, uuid5

from msgspec import Struct

from features.changes.dispatch import envelope
from features.changes.event_schemas import MESSAGES
from shared.deliveries.webhooks import EXAMPLE_SECRET, key_of, signed

_HAPPENED: Final = datetime(2026, 11, 26, 20, 0, tzinfo=UTC)
_NOW: Final = int(_HAPPENED.timestamp())
_AN_HOUR_AGO: Final = _NOW - 3600
_TOMORROW: Final = _NOW + 86_400
_ANN, _BORIS = 5, 6  # users
_MADE: Final = {"created_at": _AN_HOUR_AGO, "updated_at": _NOW}
_FIELD: Final = {"id": 310, "name": "Glass", "code": None, "values": ["Clear, 10 mm"]}
_PHONE: Final = {"id": 301, "name": "Phone", "code": "PHONE", "values": ["+15550100"]}

_LEAD: Final[dict[str, Any]] = {
    "id": 1042,
    "name": "Glass partition",
    "responsible_user_id": _ANN,
    **_MADE,
    "tags": ["website"],
    "fields": [_FIELD],
    "price": 18000,
    "pipeline_id": 1,
    "status_id": 20,
    "closed_at": None,
    "contact_ids": [77],
}
_CONTACT: Final[dict[str, Any]] = {
    "id": 77,
    "name": "Maria Lopez",
    "responsible_user_id": _ANN,
    **_MADE,
    "tags": [],
    "fields": [_PHONE],
    "lead_ids": [1042],
}
_COMPANY: Final[dict[str, Any]] = _CONTACT | {"id": 81, "name": "Oak and Sons", "fields": [], "contact_ids": [77]}
_CUSTOMER: Final[dict[str, Any]] = {
    "id": 91,
    "name": "Maria Lopez",
    "responsible_user_id": _ANN,
    **_MADE,
    "tags": [],
    "fields": [],
    "status_id": 3,
    "next_price": 900,
    "next_date": _TOMORROW,
}
_TASK: Final[dict[str, Any]] = {
    "id": 501,
    "text": "Call about the size",
    "is_completed": False,
    "result": None,
    "entity_type": "lead",
    "entity_id": 1042,
    "task_type_id": 1,
    "complete_till": _TOMORROW,
    "duration": 1800,
    "responsible_user_id": _ANN,
    "created_by": _ANN,
    **_MADE,
}
_ELEMENT: Final[dict[str, Any]] = {
    "id": 601,
    "name": "Door handle",
    **_MADE,
    "fields": [{"id": 320, "name": "Price", "code": "PRICE", "values": ["45"]}],
    "catalog_id": 12,
}
_TALK: Final[dict[str, Any]] = {
    "id": 701,
    "entity_type": "lead",
    "is_in_work": True,
    "is_read": False,
    "chat_id": "6f1f5a52-8f5c-4a5e-9d0b-0b8a8b1d2c3e",
    "contact_id": 77,
    "entity_id": 1042,
    "origin": "telegram",
    "rate": None,
    **_MADE,
}
# Its text is here because the settings of the connection say so; see "Messages" in the documentation of events.
_RECEIVED: Final[dict[str, Any]] = {
    "id": "0b6e6c52-4d3c-4f0e-8a0e-2f6f5c3d1a2b",
    "talk_id": 701,
    "chat_id": _TALK["chat_id"],
    "contact_id": 77,
    "origin": "telegram",
    "author_type": "external",
    "author_id": "c7d0f5e4-1a2b-4c3d-8e9f-0a1b2c3d4e5f",
    "user_id": None,
    "created_at": _NOW,
    "lead_id": 1042,
}
_SENT: Final = _RECEIVED | {
    "id": "5a3f9d10-7c2b-4e8d-9b6a-1f0e2d3c4b5a",
    "author_type": "internal",
    "author_id": "2d3c4b5a-6978-4a5b-8c7d-9e0f1a2b3c4d",
    "user_id": _ANN,
}
_WAITING: Final = {
    "uid": "98fb033cefde74f5de1a5d3980a2a2d108037",
    "category": "forms",
    "source_name": "Website",
    "pipeline_id": 1,
    "created_at": _NOW,
    "lead_id": 1042,
    "contact_id": 77,
}
_DECIDED: Final = dict.fromkeys(_WAITING) | {"uid": _WAITING["uid"], "lead_id": 1042}
_NOTE: Final = {"id": 801, "type": "common", "text": "Wants it by Friday", "created_at": _NOW, "created_by": _ANN}
_OTHERS: Final = {"before": {"responsible_user_id": _BORIS}}


def _alike(name: str, entity: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What can happen to each of these in the same way."""
    here, gone = {name: entity}, {name: {"id": entity["id"]}}
    renamed: dict[str, Any] = {"changed": ["name"], "before": {}}
    found = {
        "added": here,
        "updated": here | renamed,
        "responsible_changed": here | _OTHERS,
        "deleted": gone,
        "restored": here,
        "note_added": gone | {"note": _NOTE},
    }
    return {f"{name}.{verb}": data for verb, data in found.items() if f"{name}.{verb}" in MESSAGES}


_DATA: Final[dict[str, dict[str, Any]]] = {
    **_alike("lead", _LEAD),
    "lead.updated": {"lead": _LEAD, "changed": ["field:310", "price"], "before": {"price": 15000}},
    "lead.status_changed": {
        "lead": _LEAD | {"status_id": 142, "closed_at": _NOW},
        "before": {"status_id": 20, "pipeline_id": 1},
    },
    **_alike("contact", _CONTACT),
    **_alike("company", _COMPANY),
    "task.added": {"task": _TASK},
    "task.changed": {
        "task": _TASK,
        "changed": ["complete_till", "text"],
        "before": {"complete_till": _NOW},
    },
    "task.completed": {"task": _TASK | {"is_completed": True, "result": "She takes it"}},
    "task.responsible_changed": {"task": _TASK, **_OTHERS},
    "task.deleted": {"task": {"id": 501}},
    "incoming_lead.added": {"incoming_lead": _WAITING},
    "incoming_lead.accepted": {"incoming_lead": _DECIDED},
    "incoming_lead.declined": {"incoming_lead": _DECIDED},
    "talk.opened": {"talk": _TALK},
    "talk.changed": {"talk": _TALK | {"is_read": True}, "changed": ["is_read"], "before": {"is_read": False}},
    "talk.closed": {"talk": _TALK | {"is_in_work": False, "is_read": True, "rate": 5}},
    "message.received": {"message": _RECEIVED | {"text": "Do you have it in oak?", "author_name": "Maria Lopez"}},
    "message.sent": {"message": _SENT},
    **_alike("customer", _CUSTOMER),
    "customer.updated": {
        "customer": _CUSTOMER,
        "changed": ["next_price", "status_id"],
        "before": {"next_price": 700, "status_id": 2},
    },
    **_alike("catalog_element", _ELEMENT),
    "order.status_changed": {
        "order": {"number": "W-1042", "status": "done", "status_before": "cut"},
        "lead": {"id": 1042},
    },
    "test": {},
}


class MessageExample(Struct, frozen=True):
    """`body`: exactly the text that `headers` sign."""

    kind: str
    headers: dict[str, str]
    body: str


def _example(kind: str, data: dict[str, Any]) -> MessageExample:
    body = envelope(kind, _HAPPENED, {"account": {"id": 31415926, "domain": "example.amocrm.ru"}, **data})
    headers = signed([key_of(EXAMPLE_SECRET)], str(uuid5(NAMESPACE_OID, kind)), _NOW + 3, body)
    return MessageExample(kind, headers, body.decode())


# Grouped as the panel shows them.
EXAMPLES: Final = {kind: _example(kind, data) for kind, data in _DATA.items()}
