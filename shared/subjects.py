"""What can be delivered into a deal, and what comes back. To remove a subject, delete its folder and its line here."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, cast

from msgspec import Struct

from shared.actions.subject import Chore, Ending, Hook, Planner, Quoter, SettingsPart, Shown, Subject, Submitter, found
from shared.connections.integrations import Integration

_HOMES: Final = (
    "shared.automations.subject:SUBJECT",
    "shared.bookings.subject:SUBJECT",
    "shared.calculations.subject:SUBJECT",
    "shared.changes.subject:SUBJECT",
    "shared.submissions.subject:SUBJECT",
)


@cache
def subjects() -> tuple[Subject, ...]:
    return tuple(found(home) for home in _HOMES)


def actions() -> dict[str, str]:
    """Name of an action of `crm_api` -> where it is."""
    return {name: home for subject in subjects() for name, home in subject.actions.items()}


def planner(action: str) -> Planner[Any] | None:
    """Of the deliveries that this action has accepted; None when its subject is not here any more."""
    homes = {name: home for subject in subjects() for name, home in subject.planners.items()}
    chosen: Planner[Any] | None = found(homes[action]) if action in homes else None
    return chosen


def hook(method: str, name: str) -> Hook | None:
    """What takes the requests of this name; None when nothing does."""
    offered = [subject.hooks if method == "POST" else subject.reads for subject in subjects()]
    home = next((homes[name] for homes in offered if name in homes), None)
    return None if home is None else cast("Hook", found(home))


def pages(integration: Integration) -> list[str]:
    """The names of what the deal cards of a connection show."""
    offered = {name: home for subject in subjects() for name, home in subject.pages.items()}
    return [name for name, home in offered.items() if cast("Shown", found(home))(integration)]


def quotation() -> Quoter | None:
    """What makes a quotation of a deal's goods; None when nothing here does."""
    home = next((subject.quotation for subject in subjects() if subject.quotation is not None), None)
    return None if home is None else cast("Quoter", found(home))


def submission() -> Submitter | None:
    """What brings people into amoCRM; None when nothing here does."""
    home = next((subject.submission for subject in subjects() if subject.submission is not None), None)
    return None if home is None else cast("Submitter", found(home))


def webhooks() -> dict[str, type[Struct]]:
    """Kind of a message to others -> the type of its `data`."""
    told: dict[str, type[Struct]] = {}
    for subject in subjects():
        told |= found(subject.webhooks) if subject.webhooks is not None else {}
    return told


def chores() -> Iterator[Chore]:
    """What subjects do every minute."""
    return (found(subject.chore) for subject in subjects() if subject.chore is not None)


def endings() -> Iterator[Ending]:
    """What subjects do before a connection is ended here."""
    return (found(subject.ending) for subject in subjects() if subject.ending is not None)


def settings_parts() -> Iterator[SettingsPart]:
    return (found(subject.settings) for subject in subjects() if subject.settings is not None)
