"""Lists that are behind: for `list_lag` seconds they show what an entity was before it was changed.

Who asks for the entity itself is told what it is.
"""

import copy
from typing import Final

from simulator.state import Account, Entity

_EARLIER: Final = "_earlier"  # [(until when, what it was)], the oldest first


def keep(account: Account, entity: Entity, now: float) -> None:
    """The entity is about to be changed."""
    if account.list_lag:
        known: list[tuple[float, Entity]] = entity.setdefault(_EARLIER, [])
        was = copy.deepcopy({name: value for name, value in entity.items() if name != _EARLIER})
        known[:] = [*(one for one in known if one[0] + account.list_lag > now), (now, was)]


def listed(account: Account, entity: Entity, now: float) -> Entity:
    # vendor: lists.behind (guess) For a moment after it was changed a list shows an entity as it was before.
    # source: none found; the index of the search is behind, and lists may be read from a copy of the database
    known: list[tuple[float, Entity]] = entity.get(_EARLIER, [])
    return next((was for until, was in known if until + account.list_lag > now), entity)
