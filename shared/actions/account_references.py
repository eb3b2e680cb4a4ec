"""What settings name of an account, against what it has: what is not there is told, with what is there instead."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

from shared.amocrm.directory import Pipeline, User
from shared.platform.messages import Message, said, say
from shared.platform.problems import InputError

_MOST_SHOWN: Final = 30


class Placed(Protocol):
    """Something that goes to a stage."""

    @property
    def pipeline_id(self) -> int | None: ...
    @property
    def status_id(self) -> int | None: ...


def place_problems(path: str, place: Placed, pipelines: Sequence[Pipeline]) -> Iterator[InputError]:
    if place.pipeline_id is None:
        if place.status_id is not None:
            yield InputError(f"{path}.status_id", say("belongs to a pipeline: name that too"))
        return
    pipeline = next((one for one in pipelines if one.id == place.pipeline_id), None)
    if pipeline is None:
        detail = say(
            "the account has no such pipeline; it has {known}", known=listed((one.id, one.name) for one in pipelines)
        )
        yield InputError(f"{path}.pipeline_id", detail)
        return
    usable = [status for status in pipeline.statuses if not status.is_unsorted]
    if place.status_id is not None and place.status_id not in {status.id for status in usable}:
        known = listed((status.id, status.name) for status in usable)
        yield InputError(
            f"{path}.status_id", say("{name} has no such status; it has {known}", name=pipeline.name, known=known)
        )


def user_problems(named: Iterable[tuple[str, int]], users: Sequence[User]) -> Iterator[InputError]:
    """`named`: where a user stands, and the id."""
    living = {user.id for user in users}
    for path, user_id in named:
        if user_id not in living:
            known = listed((user.id, user.name) for user in users)
            yield InputError(path, say("the account has no such user; it has {known}", known=known))


def listed(found: Iterable[tuple[int, str]]) -> Message:
    """The first thirty, as `name (id)`."""
    names = [f"{name} ({number})" for number, name in found]
    if not names:
        return say("none")
    shown, left = ", ".join(names[:_MOST_SHOWN]), len(names) - _MOST_SHOWN
    return said(shown) if left <= 0 else say("{shown} and {left} more", shown=shown, left=left)
