"""More than one person can do: much at once, and something at the moment between two answers."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.state import Clock


@dataclass
class Meanwhile:
    """What somebody does after so many more answers to requests of this path."""

    path: str  # regular expression for the whole path
    skip: int
    act: Callable[[], Any]


def happen(waiting: list[Meanwhile], path: str) -> None:
    """A request of this path was answered."""
    for one in [one for one in waiting if re.fullmatch(one.path, path)]:
        one.skip -= 1
        if one.skip < 0:
            waiting.remove(one)
            one.act()


def burst(clock: Clock, act: Callable[[int | None], Any], ids: Sequence[int | None], per_second: int) -> list[Any]:
    """`act` for each of these, so many in each of the seconds that end with this one."""
    offset, made = clock.offset, []
    for number, id_ in enumerate(ids):
        clock.offset = offset - (len(ids) - 1 - number) // per_second
        made.append(act(id_))
    clock.offset = offset
    return made
