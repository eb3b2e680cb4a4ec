"""What of a story's repetitions belongs to `make long-tests`."""

from collections.abc import Iterable
from typing import Any

import pytest


def others_long(values: Iterable[Any]) -> list[Any]:
    """The first of a story's values is played by `make test`, each further one (another language, another view, another
    kind of function) by `make long-tests`: the promise is the same, and a page or a process is dear."""
    first, *others = (one if isinstance(one, tuple) else (one,) for one in values)
    return [pytest.param(*first), *(pytest.param(*one, marks=pytest.mark.long) for one in others)]
