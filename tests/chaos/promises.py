"""What people were answered about their visits, against the rows and against amoCRM (see bookings.py)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.deliveries.rows import reference

Row = Mapping[str, Any]
Entry = Mapping[str, Any]

_DONE: Final = (200, 201, 202)
_BUSY: Final = 503  # to be asked again
# What may be said to somebody whose time is gone. That a visit cannot be cancelled is never said here.
_REFUSALS: Final = {
    "hold_slot": ("slot_taken",),
    "book": ("slot_taken", "hold_ended"),
    "move_booking": ("slot_taken",),
    "cancel_booking": (),
}


@dataclass(frozen=True)
class Attempt:
    """Somebody wants a time; `then`: what they do with it afterwards, at once or when they come back another day."""

    number: int
    person: int
    doctor: str
    starts_at: str
    holds: bool
    then: str | None  # move, cancel
    other_time: str
    comes_back: bool = False

    @property
    def name(self) -> str:
        return f"Клиент {self.person}"

    @property
    def phone(self) -> str:
        return f"+7916555{self.person:02}07"

    def comes_to(self, point: str, *, is_booked: bool) -> bool:
        """Whether it makes the statement at which a process is killed, as far as its time is free."""
        of_statement = {"make": not self.holds and not is_booked, "confirm": self.holds and not is_booked}
        name = point.partition("_")[2]
        return of_statement.get(name, self.then == name and (is_booked or not self.comes_back))


def compared(
    attempts: Sequence[Attempt], entries: Sequence[Entry], rows: Mapping[str, Row], shown: Mapping[str, Any]
) -> Iterator[str]:
    """Violations. `rows`: the bookings by their id; `shown`: what amoCRM holds."""
    for entry in entries:
        if entry["what"] == "answered" and not _may_be_said(entry):
            yield f"attempt {entry['number']} was answered {entry['action']} {entry['status']} {entry['code']}"
    finished = {entry["number"] for entry in entries if entry["what"] == "finished"}
    yield from (f"attempt {one.number} is not answered at the end" for one in attempts if one.number not in finished)
    told: defaultdict[int, set[str]] = defaultdict(set)
    people: defaultdict[str, set[int]] = defaultdict(set)
    for entry in entries:
        if entry["what"] == "booked":
            told[entry["number"]].add(entry["id"])
            people[entry["id"]].add(entry["number"])
    for id_, numbers in people.items():
        if len(numbers) > 1:
            yield f"attempts {sorted(numbers)} were all told of booking {id_}"
    for id_, row in rows.items():
        if row["state"] != "held" and id_ not in people:
            yield f"booking {id_} ({row['state']}) is nobody's: no answer told of it"
    for one in attempts:
        ids = told[one.number]
        if len(ids) > 1:
            yield f"attempt {one.number} was told of bookings {sorted(ids)}"
        own = [entry for entry in entries if entry.get("number") == one.number]
        for id_ in ids:
            if id_ in rows:
                yield from _kept(one, own, rows[id_])
                yield from _in_amocrm(one, rows[id_], shown)
            else:
                yield f"attempt {one.number} was told of booking {id_}, which is not there"


def _may_be_said(entry: Entry) -> bool:
    if entry["status"] == 409:
        return entry["code"] in _REFUSALS[entry["action"]]
    return entry["status"] in (*_DONE, _BUSY)


def _kept(attempt: Attempt, own: Sequence[Entry], row: Row) -> Iterator[str]:
    """The visit is as its last answer said: not cancelled unless that was asked for, at its time, at its doctor's."""
    done = {entry["action"] for entry in own if entry["what"] == "answered" and entry["status"] in _DONE}
    state = "cancelled" if "cancel_booking" in done else "booked"
    starts_at = attempt.other_time if "move_booking" in done else attempt.starts_at
    wanted = (state, attempt.doctor, datetime.fromisoformat(starts_at))
    found = (row["state"], row["resource"], row["starts_at"])
    if found != wanted:
        yield f"attempt {attempt.number} was promised {_shown(wanted)}, and booking {row['id']} is {_shown(found)}"
    times = {datetime.fromisoformat(entry["starts_at"]) for entry in own if entry["what"] == "booked"}
    if not times <= {datetime.fromisoformat(attempt.starts_at), datetime.fromisoformat(starts_at)}:
        yield f"attempt {attempt.number} at {attempt.starts_at} was told of other times: {sorted(map(str, times))}"


def _shown(visit: tuple[str, str, datetime]) -> str:
    return f"{visit[0]} at {visit[1]}'s {visit[2]:%d.%m. %H:%M}"


def _in_amocrm(attempt: Attempt, row: Row, shown: Mapping[str, Any]) -> Iterator[str]:
    """The deal is linked to this person only, and the task names them and is the deal's."""
    place = f"booking {row['id']} of {attempt.name}"
    links = [one for one in shown["links"].get(str(row["lead_id"]), []) if one["to_entity_type"] == "contacts"]
    names = [shown["contacts"].get(str(one["to_entity_id"]), {}).get("name") for one in links]
    if names != [attempt.name]:
        yield f"{place} has a deal with the contacts {names}"
    for task in shown["tasks"].values():
        if not task["text"].endswith(reference(row["id"])):
            continue
        if task["entity_id"] != row["lead_id"]:
            yield f"{place} has its task at {task['entity_id']}, and its deal is {row['lead_id']}"
        if f"{attempt.name}, {attempt.phone}" not in task["text"]:
            yield f"{place} has the task {task['text']!r}"
