"""How long to wait before the next attempt: twice as long after each failure, up to a longest."""

import random
from typing import Final

_MOST_DOUBLINGS: Final = 20


def seconds(failures: int, first: float, longest: float) -> float:
    """`failures`: how many there were before this one."""
    return min(first * 2.0 ** min(failures, _MOST_DOUBLINGS), longest)


def spread(wait: float, least: float = 1.0, most: float = 1.3) -> float:
    """So many times as long, at random: what has failed at once does not come again at once."""
    return wait * random.uniform(least, most)  # noqa: S311 - spreads load, guards nothing
