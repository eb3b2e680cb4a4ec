"""Incoming leads: that one waits is read, and what has become of it is what the hook says, or its deal."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from msgspec import Struct

from features.changes import showing
from features.changes.echo_filter import EchoFilter
from shared.amocrm.errors import NotFoundError
from shared.amocrm.events import FeedApi, earlier_members
from shared.amocrm.leads import LOST


class Observation(Struct, frozen=True):
    """What is known from now on, and what there is to tell; `state` None: nothing at all."""

    state: dict[str, Any] | None = None
    told: list[dict[str, Any]] = []


def look(
    state: Mapping[str, Any] | None,
    facts: Mapping[str, Any],
    verbs: Collection[str],
    perform: Callable[..., Any],
    own: EchoFilter,
    *,
    is_settled: bool,
) -> Observation | None:
    """None: it is to be looked at again. `is_settled`: no longer."""
    known = state or {}
    uid, lead_id = facts.get("uid") or known.get("uid"), facts.get("lead_id") or known.get("lead_id")
    if not uid or "fate" in known:
        return Observation()
    try:
        shown = showing.incoming_lead(perform(lambda api: FeedApi(api).incoming(str(uid))))
    except NotFoundError:
        return _decided(str(uid), lead_id, verbs, perform)
    if not is_settled and ({"accept", "decline", "gone"} & set(verbs) or (state is None and own.is_creating())):
        return None
    if state is not None:
        return Observation()
    is_news = "add" in verbs and not _is_own(shown["lead_id"], perform, own)
    told = [{"kind": "incoming_lead.added", "incoming_lead": shown}] if is_news else []
    return Observation({"uid": uid, "lead_id": shown["lead_id"]}, told)


def _is_own(lead_id: int | None, perform: Callable[..., Any], own: EchoFilter) -> bool:
    """The deal that waits in it has our mark, also where the answer that told its id was lost."""
    if lead_id is None:
        return False
    try:
        lead = perform(lambda api: FeedApi(api).entity("leads", lead_id))
    except NotFoundError:
        lead = {"id": lead_id, "name": ""}

    def earlier() -> dict[str, set[str]]:
        return earlier_members(perform(lambda api: FeedApi(api).events_of("lead", lead_id)))

    return own.maker("lead", lead, is_new=False, earlier=earlier) is not None


def _decided(uid: str, lead_id: int | None, verbs: Collection[str], perform: Callable[..., Any]) -> Observation | None:
    """It waits no more."""
    fate = "accepted" if "accept" in verbs else "declined" if "decline" in verbs else None
    if fate is None and lead_id is not None:
        try:
            lead = perform(lambda api: FeedApi(api).entity("leads", lead_id))
            fate = "declined" if lead.get("status_id") == LOST else "accepted"
        except NotFoundError:
            fate = "declined"
    if fate is None:
        return None  # made a moment ago, and not there yet
    shown = showing.incoming_lead({"uid": uid, "lead_id": lead_id})
    state = {"uid": uid, "lead_id": lead_id, "fate": fate}
    return Observation(state, [{"kind": f"incoming_lead.{fate}", "incoming_lead": shown}])
