"""The library's part: what a rule and its exceptions come to."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from icalendar import Event
from recurring_ical_events import EventAdapter, Occurrence, Series


class _Adapter(EventAdapter):  # type: ignore[misc]
    def __init__(self, event: Event) -> None:
        super().__init__(event)
        self.event = event


class _Series(Series):  # type: ignore[misc]
    """With occurrences that know their event; a component made of each would cost five times as much."""

    def occurrence(self, adapter: _Adapter, start: Any = None, end: Any = None) -> Any:
        made = Occurrence(adapter, start, end)
        made.event = adapter.event
        return made


def between(events: list[Event], begins: date, ends: date) -> Iterator[tuple[Event, date, date]]:
    """Of events that belong together: each with its beginning and end, without those that are cancelled. Raises what
    comes of values that fit no calendar."""
    series = _Series([_Adapter(event) for event in events])
    for one in series.between(datetime.combine(begins, time()), datetime.combine(ends, time())):
        if str(one.event.get("STATUS", "")).upper() != "CANCELLED":
            yield one.event, one.start, one.end
