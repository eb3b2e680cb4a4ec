"""Where a submission goes: pipeline, status and responsible user, with a way out when the account has changed."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from features.submissions.model import Order
from features.submissions.settings import Destination, Route, Submissions
from shared.amocrm.directory import Pipeline, User
from shared.platform.messages import Message, say


class ChosenRoute(Struct, frozen=True):
    pipeline_id: int | None
    status_id: int | None
    responsible_user_id: int | None
    fallbacks: tuple[Message, ...] = ()  # what had to be done otherwise than set, for people


def choose(
    settings: Submissions,
    wanted: Destination,
    order: Order | None,
    pipelines: Sequence[Pipeline],
    users: Sequence[User],
    turn: Callable[[], int],
    *,
    is_public: bool,
) -> ChosenRoute:
    """`turn` tells whose turn it is among several default users; it is asked only when that matters. `is_public`: the
    order is of a page, whose key everybody can read: whoever chooses its stage might say that it is paid."""
    pipeline_id, status_id, user_id = wanted.pipeline_id, wanted.status_id, None
    not_taken: tuple[Message, ...] = ()
    if order is not None:
        if is_public and order.status_id not in (None, settings.orders.status_id, *_stages(settings)):
            not_named = say("A page has asked for stage {id}, which the settings do not name.", id=order.status_id)
            order, not_taken = replace(order, status_id=None), (not_named,)
        layers: list[Route | Order | None] = [order, route_of(settings, order)]
        for layer in layers if settings.routing_beats_order else reversed(layers):
            if layer is None:
                continue
            if layer.pipeline_id is not None:
                pipeline_id, status_id = layer.pipeline_id, layer.status_id
            elif layer.status_id is not None:
                status_id = layer.status_id
            user_id = layer.responsible_user_id or user_id
    place, told = _place(pipeline_id, status_id, pipelines)
    user, told_of_user = _user(user_id, settings.responsible_user_ids, users, turn)
    return ChosenRoute(*place, user, (*not_taken, *told, *told_of_user))


def _stages(settings: Submissions) -> list[int | None]:
    return [one.status_id for one in settings.routes]


def route_of(settings: Submissions, order: Order) -> Route | None:
    """The route of the first item's category that has one, from the category itself up through its parents."""
    by_category = {route.category.casefold(): route for route in reversed(settings.routes)}
    parents = {child.casefold(): parent for child, parent in settings.category_parents.items()}
    for item in order.items:
        path = item.categories
        seen: set[str] = set()
        while path:
            category, *path = path
            key = category.casefold()
            if key in seen:
                continue
            seen.add(key)
            if key in by_category:
                return by_category[key]
            if not path and key in parents:
                path = [parents[key]]
    return None


def _place(
    pipeline_id: int | None, status_id: int | None, pipelines: Sequence[Pipeline]
) -> tuple[tuple[int | None, int | None], tuple[Message, ...]]:
    if not pipelines:
        return (pipeline_id, status_id), ()
    pipeline = pipelines[0]
    if pipeline_id is not None:
        found = next((one for one in pipelines if one.id == pipeline_id), None)
        if found is None:
            told = say(
                "The account has no pipeline {id} any more; {taken} was taken.", id=pipeline_id, taken=pipeline.name
            )
            return (pipeline.id, _first_status(pipeline)), (told,)
        pipeline = found
    known = {status.id for status in pipeline.statuses if not status.is_unsorted}
    if status_id is None or status_id in known:
        return (pipeline.id, status_id or _first_status(pipeline)), ()
    told = say("{name} has no status {id} any more; its first status was taken.", name=pipeline.name, id=status_id)
    return (pipeline.id, _first_status(pipeline)), (told,)


def _first_status(pipeline: Pipeline) -> int | None:
    return next((status.id for status in pipeline.statuses if not status.is_unsorted), None)


def _user(
    wanted: int | None, defaults: Sequence[int], users: Sequence[User], turn: Callable[[], int]
) -> tuple[int | None, tuple[Message, ...]]:
    """None leaves it to amoCRM, which takes the user who connected the account."""
    living = {user.id for user in users}
    told = []
    if wanted is not None:
        if wanted in living or not users:
            return wanted, ()
        told.append(say("There is no user {id} any more; a default one was taken.", id=wanted))
    able = [user_id for user_id in defaults if user_id in living or not users]
    if len(able) < len(defaults):
        gone = ", ".join(str(user_id) for user_id in defaults if user_id not in able)
        told.append(say("Default users who are gone were left out: {ids}.", ids=gone))
    if not able:
        return None, tuple(told)
    return (able[0] if len(able) == 1 else able[turn() % len(able)]), tuple(told)
