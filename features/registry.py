"""What can be delivered into a deal, and what comes back. To remove a feature, delete its folder and its line here."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any, Final, LiteralString, cast

from msgspec import Struct

from shared.actions.feature import (
    CardPage,
    Feature,
    Hook,
    OnDisconnect,
    Planner,
    QuotationSource,
    ScheduledTask,
    SettingsPart,
    Submitter,
    found,
)
from shared.connections.integrations import Integration
from shared.storage import jobs as kept_jobs

_HOMES: Final = (
    "features.automations.feature:FEATURE",
    "features.bookings.feature:FEATURE",
    "features.calculations.feature:FEATURE",
    "features.changes.feature:FEATURE",
    "features.submissions.feature:FEATURE",
)
READING: Final = ("GET", "HEAD")  # the methods that change nothing


@cache
def features() -> tuple[Feature, ...]:
    return tuple(found(home) for home in _HOMES)


def actions() -> dict[str, str]:
    """Name of an action of `crm_api` -> where it is."""
    return {name: home for feature in features() for name, home in feature.actions.items()}


def planner(action: str) -> Planner[Any] | None:
    """Of the deliveries that this action has accepted; None when its feature is not here any more."""
    homes = {name: home for feature in features() for name, home in feature.planners.items()}
    chosen: Planner[Any] | None = found(homes[action]) if action in homes else None
    return chosen


def hook(method: str, name: str) -> Hook | None:
    """What takes the requests of this name; None when nothing does."""
    if method not in ("POST", *READING):
        return None
    offered = [feature.hooks if method == "POST" else feature.reads for feature in features()]
    home = next((homes[name] for homes in offered if name in homes), None)
    return None if home is None else cast("Hook", found(home))


def pages(integration: Integration) -> list[str]:
    """The names of what the deal cards of a connection show."""
    offered = {name: home for feature in features() for name, home in feature.pages.items()}
    return [name for name, home in offered.items() if cast("CardPage", found(home))(integration)]


def quotation() -> QuotationSource | None:
    """What makes a quotation of a deal's goods; None when nothing here does."""
    home = next((feature.quotation for feature in features() if feature.quotation is not None), None)
    return None if home is None else cast("QuotationSource", found(home))


def submission() -> Submitter | None:
    """What brings people into amoCRM; None when nothing here does."""
    home = next((feature.submission for feature in features() if feature.submission is not None), None)
    return None if home is None else cast("Submitter", found(home))


def webhooks() -> dict[str, type[Struct]]:
    """Kind of a message to others -> the type of its `data`."""
    told: dict[str, type[Struct]] = {}
    for feature in features():
        told |= found(feature.webhooks) if feature.webhooks is not None else {}
    return told


def webhook_examples() -> dict[str, Any]:
    """Kind of a message to others -> one of them: `headers`, and the `body` that they sign."""
    shown: dict[str, Any] = {}
    for feature in features():
        shown |= found(feature.examples) if feature.examples is not None else {}
    return shown


def scheduled_tasks() -> dict[str, ScheduledTask]:
    """What features do every minute, by the feature's name."""
    return {name: found(feature.scheduled_task) for name, feature in _named() if feature.scheduled_task is not None}


def jobs() -> dict[str, timedelta]:
    """What is to run on schedule: name -> late after so long."""
    own = dict([kept_jobs.REFRESH_TOKENS, kept_jobs.RUN_DELIVERIES])
    tasks = (name for name, feature in _named() if feature.scheduled_task is not None)
    return own | dict.fromkeys(tasks, kept_jobs.SCHEDULED_TASK_IS_LATE_AFTER)


def backlog() -> dict[str, LiteralString]:
    """`feature.queue` -> a statement for the moment since which its oldest is due."""
    return {
        f"{name}.{queue}": statement
        for name, feature in _named()
        if feature.backlog is not None
        for queue, statement in found(feature.backlog).items()
    }


def _named() -> Iterator[tuple[str, Feature]]:
    return ((home.split(".")[1], feature) for home, feature in zip(_HOMES, features(), strict=True))


def on_disconnect() -> Iterator[OnDisconnect]:
    """What features do before a connection is ended here."""
    return (found(feature.on_disconnect) for feature in features() if feature.on_disconnect is not None)


def settings_parts() -> Iterator[SettingsPart]:
    return (found(feature.settings) for feature in features() if feature.settings is not None)
