"""What the user in whose name a call is made may do. Sources: amoCRM's "Users", "Scopes", "Webhooks", "Custom fields".

Rights of deals, contacts and companies are letters: A everything, G of the group, M one's own only, D nothing.
"""

from collections.abc import Iterable
from typing import Final

from simulator.answers import Answer, ApiError, nothing, problem
from simulator.call import Call
from simulator.state import Account, Entity

_OWN: Final = "M"
_NONE: Final = "D"


def require_administrator(call: Call) -> None:
    # vendor: users.administrators
    if not is_administrator(call):
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


def may_still_call(account: Account, user_id: int) -> bool:
    user = person(account, user_id)
    return user is not None and (user_id in account.users or user["rights"]["is_admin"])


def person(account: Account, user_id: int) -> Entity | None:
    """Also one who was removed, since when their rights are as they were."""
    # vendor: rights.removed (page) The tokens that an administrator has given go on when that user is switched off or
    # removed. Those of anybody else (guess) are answered 401 then.
    # source: Kommo's documentation, "Permissions"; reports of a 401 to fresh tokens
    return account.users.get(user_id) or account.removed_users.get(user_id)


def is_administrator(call: Call) -> bool:
    return bool(_rights(call)["is_admin"])


def _letter(call: Call, entity_type: str, action: str) -> str:
    rights = _rights(call)
    # A user has no letters for customers: they are as deals are.
    own: Entity = rights.get(entity_type) or rights["leads"]
    return "A" if rights["is_admin"] else str(own[action])


def _is_own(call: Call, entity: Entity) -> bool:
    return bool(entity["responsible_user_id"] == call.user_id)


def _rights(call: Call) -> Entity:
    user = person(call.account, call.user_id)
    assert user is not None  # else no call is made
    rights: Entity = user["rights"]
    return rights
