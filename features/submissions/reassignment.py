"""Handing over what was made to whoever is to be responsible, where we could not go on with it then (31-B6).

A user without an administrator's rights may see and change what is their own only. So what is made in such a user's
name stays theirs until all is in it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from features.submissions.entity_creation import CLOCKS_DIFFER
from features.submissions.model import Body, SubmitOrder
from features.submissions.settings import Submissions
from shared.amocrm.directory import Directory
from shared.amocrm.entity_names import entity_name
from shared.amocrm.errors import AddressBlockedError, BadRequestError, ForbiddenError, NotFoundError
from shared.amocrm.leads import AccountApi
from shared.deliveries import rows as deliveries
from shared.deliveries.rows import Delivery
from shared.deliveries.runner import EarlierFirstError, Result, Step
from shared.platform.clock import Clock
from shared.platform.messages import Message, say
from shared.storage.database import Database

Entity = dict[str, Any]

NAME: Final = "handed_over"
_USER: Final = "hand_over"  # of a result: who is to be responsible in the end
_CONTACT: Final = "hand_over_contact"  # and whether the contact goes with it, where the result calls it no new one
_LOOKS: Final = 60
_SECONDS: Final = 0.1


def may_name_a_user(settings: Submissions, body: Body) -> bool:
    """Whether somebody else than who has connected the account may become responsible."""
    if not isinstance(body, SubmitOrder):
        return bool(settings.responsible_user_ids)
    named = [body.order.responsible_user_id, *(one.responsible_user_id for one in settings.routes)]
    return any([*named, *settings.responsible_user_ids])


def held_back(account: Directory, *made: Entity) -> Result:
    """Takes out of what is going to be made who is to be responsible, where we may see no more of it then."""
    named = [one for one in made if one.get("responsible_user_id")]
    # vendor: rights.own
    if not named or account.users_if_allowed() is not None:
        return {}
    users = [one.pop("responsible_user_id") for one in named]
    return {_USER: users[0]}


def held_back_before(
    account: Directory, delivery: Delivery, lead: Entity | None, contact: Entity | None, user: Callable[[], int | None]
) -> Result:
    """The same of what an attempt before has made, whose answer was lost. `user`: who is to be responsible."""
    is_new = contact is not None and _is_ours_still(contact, delivery)
    is_ours = is_new if lead is None else _is_ours_still(lead, delivery)
    if not is_ours or account.users_if_allowed() is not None or (user_id := user()) is None:
        return {}
    return {_USER: user_id} | ({_CONTACT: True} if is_new else {})


def _is_ours_still(made: Entity, delivery: Delivery) -> bool:
    """Made since this was accepted (a contact may have been there before), and given to nobody else."""
    made_by, at = made.get("created_by"), int(made.get("created_at") or 0)
    is_since = at >= delivery.created_at.timestamp() - CLOCKS_DIFFER
    return is_since and made_by in (None, made.get("responsible_user_id"))


def step(
    database: Database,
    clock: Clock,
    delivery: Delivery,
    before: Sequence[str],
    change: Callable[[AccountApi, str, int, Entity], None],
    tell: Callable[[str, Message], None],
) -> Step:
    """The last one: after `before`, which all work on the deal or contact; the first of them has made it."""

    def write(api: AccountApi, made: Result) -> Result:
        user_id = made.get(_USER)
        if user_id is None:
            return {"nothing_to_do": True}
        _wait(database, clock, delivery, before)
        is_new = made.get("created") or made.get(_CONTACT)
        ids = {"contact": made["contact_id"] if is_new else None, "lead": made.get("lead_id")}
        for kind, id_ in ids.items():
            if id_ is None:
                continue
            try:
                change(api, kind, id_, {"responsible_user_id": user_id})
            except AddressBlockedError:
                raise
            except (ForbiddenError, NotFoundError):  # a repetition comes too late, as it should
                facts = {"entity": entity_name(kind, id_), "user": user_id}
                tell("not_handed_over", say("Whether {entity} is user {user}'s now is not shown.", **facts))
            except BadRequestError:  # nobody could look whether that user is there
                facts = {"entity": entity_name(kind, id_), "user": user_id}
                kept = say("amoCRM does not take user {user} for {entity}: who made it stays responsible.", **facts)
                tell("fallback", kept)
        return {"responsible_user_id": user_id}

    return Step(NAME, write, lambda *_: None, after=before[0])


def _wait(database: Database, clock: Clock, delivery: Delivery, names: Sequence[str]) -> None:
    """Steps run side by side; this one is for when the others are done."""
    for _ in range(_LOOKS):
        now = deliveries.by_id(database, delivery.id, delivery.integration_id)
        if now is None or all(now.result_of(name) is not None for name in names):
            return
        clock.sleep(_SECONDS)
    raise EarlierFirstError("other steps are under way")
