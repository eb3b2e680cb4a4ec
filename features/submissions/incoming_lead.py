"""An incoming lead as amoCRM takes it: a deal and a contact that wait for a person. Source: "Incoming leads"."""

from typing import Any
from uuid import UUID

from features.submissions.model import Form

Entity = dict[str, Any]


def of(
    id_: UUID, created_at: int, heading: str, form: Form | None, address: str, lead: Entity, contact: Entity
) -> Entity:
    """`id_`: our own of the submission, by which it is found again. `created_at`: Unix seconds."""
    heading = heading or "site"
    page = form.page if form and form.page else "https://unknown.invalid/"
    pipeline_id = lead.pop("pipeline_id", None)
    lead.pop("status_id", None)  # it waits outside of the statuses until a person accepts it
    return ({"pipeline_id": pipeline_id} if pipeline_id else {}) | {
        "source_uid": str(id_),
        "source_name": heading,
        "created_at": created_at,
        "_embedded": {"leads": [lead], "contacts": [contact]},
        "metadata": {
            "form_id": (form.id if form else "") or "site",
            "form_name": heading,
            "form_page": page,
            "form_sent_at": created_at,
            "referer": (form.referrer if form else "") or page,
            "ip": address or "0.0.0.0",  # noqa: S104 - amoCRM wants one
        },
    }
