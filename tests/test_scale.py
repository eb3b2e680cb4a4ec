"""Row G3: the short version of `make scale`."""

from benchmarks import scale


def test_no_query_is_slow_or_reads_a_whole_table() -> None:
    found = scale.measure(accounts=200, repeats=5)
    assert (found["deliveries"], found["events"]) == (4000, 12_000)
    slow = {name: told for name, told in found["queries"].items() if "reads_whole" in told or told["p50_ms"] > 50}
    assert not slow
    assert min(found["removed_a_second"].values()) > 1000
