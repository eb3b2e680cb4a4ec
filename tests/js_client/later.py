"""Work that goes on while something else waits for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_EVERY_SECONDS = 0.3


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[None]:
    """Again and again, until the block ends."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(_EVERY_SECONDS):
            work()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
