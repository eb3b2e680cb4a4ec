"""Row G3: the short versions of `make scale` and of what the panel asks."""

import pytest

from benchmarks import panel, scale
from benchmarks.timing import is_slow

pytestmark = pytest.mark.long


def test_no_query_is_slow_or_reads_a_whole_table() -> None:
    found = scale.measure(accounts=200, repeats=5)
    assert (found["deliveries"], found["events"]) == (4000, 12_000)
    slow = {
        name: told for name, told in found["queries"].items() if "reads_whole" in told or is_slow(told, scale.MOST_MS)
    }
    assert not slow
    assert min(found["removed_a_second"].values()) > 1000


def test_the_panel_is_answered_quickly_and_briefly() -> None:
    """The short version of `benchmarks.panel`."""
    found = panel.measure(accounts=200, repeats=5)
    assert found["connections"] == 201
    too_much = {
        words: told
        for words, told in found["answers"].items()
        if is_slow(told, panel.MOST_MS) or told["bytes"] > panel.MOST_BYTES
    }
    assert not too_much
