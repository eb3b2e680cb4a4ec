"""What the user in whose name a call is made may do. Sources: amoCRM's "Users", "Scopes", "Webhooks", "Custom fields".

Rights of deals, contacts and companies are letters: A everything, G of the group, M one's own only, D nothing.
"""

from collections.abc import Iterable
from typing import Final

from simulator.answers import Answer, ApiError, nothing, problem
from simulator.call import Call
from simulator.state import Entity

_OWN: Final = "M"
_NONE: Final = "D"


def require_administrator(call: Call) -> None:
    # vendor: users.administrators
    if not _rights(call)["is_admin"]:
        raise forbidden()


def require(call: Call, entity_type: str, action: str, entities: Iterable[Entity] = ()) -> None:
    """`action`: add, edit. A new one needs the right alone; others are to be the user's own where that is all they
    have."""
    letter = _letter(call, entity_type, action)
    if letter == _NONE or (letter == _OWN and any(not _is_own(call, one) for one in entities)):
        raise forbidden()


def sees(call: Call, entity_type: str, entity: Entity) -> bool:
    # vendor: rights.own
    letter = _letter(call, entity_type, "view")
    return letter != _NONE and (letter != _OWN or _is_own(call, entity))


def seen(call: Call, entity_type: str, entity_id: object) -> Entity | None:
    """The entity that is there, for who may see it."""
    entity = call.account.entities(entity_type).get(entity_id) if isinstance(entity_id, int) else None
    return entity if entity is not None and sees(call, entity_type, entity) else None


def hidden(call: Call) -> Answer:
    """What answers somebody who asks for one that is not theirs."""
    if call.account.hidden_entity_status == 403:
        raise forbidden()
    return nothing()


def forbidden() -> ApiError:
    return ApiError(problem(403, "Forbidden", "Forbidden"))


def _letter(call: Call, entity_type: str, action: str) -> str:
    rights = _rights(call)
    # A user has no letters for customers: they are as deals are.
    own: Entity = rights.get(entity_type) or rights["leads"]
    return "A" if rights["is_admin"] else str(own[action])


def _is_own(call: Call, entity: Entity) -> bool:
    return bool(entity["responsible_user_id"] == call.user_id)


def _rights(call: Call) -> Entity:
    rights: Entity = call.account.users[call.user_id]["rights"]
    return rights
