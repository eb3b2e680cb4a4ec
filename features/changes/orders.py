"""Orders of a shop: the deal's place in amoCRM in the shop's own words (row H3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from features.changes.diff import place_before
from features.changes.settings import Changes, of
from shared.connections.integrations import Integration
from shared.storage.database import Database

# The latest order of this number: a shop may count anew each year, and two shops of an account count for themselves.
# Whoever must prove theirs has it chosen here: of a public site key anybody can send any number of orders with it.
_BY_NUMBER: Final = """
SELECT id, summary, created_at, (coalesce(steps -> 'lead', steps -> 'incoming_lead') -> 'result' -> 'lead_id')::bigint
    AS lead_id
FROM amocrm_deliveries WHERE integration_id = %(integration_id)s AND action = 'submit_order'
  AND (summary ->> 'order' = %(number)s OR idempotency_key = 'order:' || %(number)s)
  AND (%(proofs)s::text[] IS NULL OR summary -> 'proof' ?| %(proofs)s::text[])
ORDER BY created_at DESC LIMIT 1
"""
_BY_LEAD: Final = """
SELECT id, summary, created_at, %(lead_id)s::bigint AS lead_id FROM amocrm_deliveries
WHERE integration_id = %(integration_id)s AND action = 'submit_order'
  AND coalesce(steps -> 'lead', steps -> 'incoming_lead') -> 'result' -> 'lead_id' = to_jsonb(%(lead_id)s::bigint)
ORDER BY created_at DESC LIMIT 1
"""
_PLACE: Final = """
SELECT (state ->> 'status_id')::bigint AS status_id, (state ->> 'pipeline_id')::bigint AS pipeline_id
FROM amocrm_entities e JOIN amocrm_feeds f USING (integration_id)
WHERE integration_id = %(integration_id)s AND entity_type = 'lead' AND entity_id = %(lead_id)s
  AND e.read_at >= to_timestamp(f.begun_at)
"""


class _Place(Struct, frozen=True):
    status_id: int | None
    pipeline_id: int | None


class Order(Struct, frozen=True):
    """An order as it was accepted. `summary`: `{order, proof}`; `lead_id` None: its deal is not made yet."""

    id: UUID
    summary: dict[str, Any]
    created_at: datetime
    lead_id: int | None

    @property
    def number(self) -> str:
        return str(self.summary.get("order") or "")


def by_number(database: Database, integration: Integration, number: str, proofs: Sequence[str] | None) -> Order | None:
    """The latest one. `proofs`: only of those that keep one of these; None for whoever may see all."""
    asked = {"integration_id": integration.id, "number": number, "proofs": proofs if proofs is None else list(proofs)}
    return database.one(Order, _BY_NUMBER, asked)


def place_of(database: Database, integration: Integration, lead_id: int) -> dict[str, Any] | None:
    """Where the deal was when it was read last; None where it was not, since events were turned on."""
    found = database.one(_Place, _PLACE, {"integration_id": integration.id, "lead_id": lead_id})
    return None if found is None else asdict(found)


def status_of(settings: Changes, place: Mapping[str, Any]) -> str | None:
    """The shop's word for a deal's place (`{pipeline_id, status_id}`); None where nobody has named it."""
    return next(
        (
            one.status
            for one in settings.order_statuses
            if one.status_id == place.get("status_id") and one.pipeline_id == place.get("pipeline_id")
        ),
        None,
    )


def changed(
    database: Database,
    integration: Integration,
    before: dict[str, Any] | None,
    facts: Mapping[str, int],
    lead: dict[str, Any],
) -> dict[str, Any] | None:
    """What there is to tell of the order behind a deal that has another status now, by the shop's words."""
    settings = of(integration.settings)
    if not settings.order_statuses:
        return None
    earlier = place_before(before, facts, lead)
    status, was = status_of(settings, lead), None if earlier is None else status_of(settings, earlier)
    if status is None or status == was or earlier is None:
        return None
    order = database.one(Order, _BY_LEAD, {"integration_id": integration.id, "lead_id": int(lead["id"])})
    if order is None:
        return None
    told = {"number": order.number, "status": status, "status_before": was}
    return {"kind": "order.status_changed", "order": told, "lead": {"id": int(lead["id"])}}
