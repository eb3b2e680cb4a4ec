"""How long the platform still lets this call run. Whoever begins what must not be cut off asks first.

Seconds until it is ended by force; infinite where the platform does not tell, and in commands and tests.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends: ContextVar[float] = ContextVar("ends", default=math.inf)  # by time.monotonic()


def seconds() -> float:
    return _ends.get() - time.monotonic()


@contextmanager
def limited(limit: float) -> Iterator[None]:
    """What is done inside is ended after so many seconds, or earlier where that has been said before."""
    mark = _ends.set(min(_ends.get(), time.monotonic() + limit))
    try:
        yield
    finally:
        _ends.reset(mark)


def told_by(context: object) -> float:
    """By a function's context: Lambda's, and Yandex's, which has the same name for it."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return float(remaining()) / 1000 if remaining is not None else math.inf
