"""Settings of bookings: whether they fit together and the account, and which visits to come they leave behind."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from features.bookings import availability, calendar_subscriptions, calendar_urls, hours, rows
from features.bookings.rows import Booking
from features.bookings.settings import Bookings, Resource
from features.bookings.settings import of as settings_of
from shared.actions import account_references
from shared.actions.feature import SettingsPart
from shared.amocrm import directory
from shared.amocrm.directory import Directory
from shared.amocrm.leads import AccountApi
from shared.connections import integrations
from shared.connections.integrations import Integration
from shared.platform import time_zones
from shared.platform.messages import Message, say
from shared.platform.money import is_amount
from shared.platform.problems import InputError, Problem
from shared.runtime import Runtime
from shared.storage import event_log

_MOST_PRICE: Final = 10**9
_NO_SERVICE: Final = say("Its service is not offered any more. The visit is still booked.")
_NO_DOCTOR: Final = say("Its doctor takes no visits any more. The visit is still booked.")
_NOT_WORKING: Final = say("It is outside of working hours now. The visit is still booked.")
_NO_ROOM: Final = say("Its room is not where its doctor is, or is not used any more. The visit is still booked.")
_OURS: Final = frozenset({_NO_SERVICE, _NO_DOCTOR, _NOT_WORKING, _NO_ROOM})


class Document(Struct, frozen=True):
    """What bookings add to the settings of an integration."""

    bookings: Bookings = Bookings()


def _check(runtime: Runtime, integration: Integration, given: Document) -> None:
    """Raises 422 with all that does not fit."""
    settings = given.bookings
    found = list(_problems(settings))
    if not found and _names_something_of_the_account(settings):

        def ask(api: AccountApi) -> list[InputError]:
            directory.forget(integration.id)
            return list(_account_problems(settings, Directory(api, integration.id)))

        found = runtime.connections.call(integration, ask, calls=2)
    if found:
        detail = say("The settings do not fit the account; nothing was saved.")
        raise Problem(422, "invalid_input", detail, errors=tuple(found))


def _problems(settings: Bookings) -> Iterator[InputError]:
    if time_zones.zone(settings.time_zone) is None:
        yield InputError("bookings.time_zone", say("is no time zone, such as Europe/Kyiv"))
    for name in ("places", "resources", "services"):
        counted = Counter(one.id for one in getattr(settings, name))
        for key, count in counted.items():
            if count > 1:
                yield InputError(f"bookings.{name}", say("the id {id} stands there twice", id=key))
    places = {one.id for one in settings.places}
    doctors = {one.id for one in settings.resources if not one.is_room}
    rooms = {one.id for one in settings.resources if one.is_room}
    for index, resource in enumerate(settings.resources):
        if resource.place is not None and resource.place not in places:
            yield InputError(f"bookings.resources[{index}].place", say("there is no such place"))
        yield from _day_problems(f"bookings.resources[{index}]", resource)
    yield from _day_problems("bookings", settings)
    for index, service in enumerate(settings.services):
        if service.price is not None and not (is_amount(service.price) and service.price <= _MOST_PRICE):
            detail = say("must be a number from {least} to {most}", least=0, most=f"{_MOST_PRICE:,}")
            yield InputError(f"bookings.services[{index}].price", detail)
        for name, known in (("resources", doctors), ("rooms", rooms)):
            for key in getattr(service, name):
                if key not in known:
                    detail = say("there is no such doctor or room")
                    yield InputError(f"bookings.services[{index}].{name}", detail)


def _day_problems(path: str, level: Bookings | Resource) -> Iterator[InputError]:
    for number, off in enumerate(level.days_off):
        if off.last < off.first:
            yield InputError(f"{path}.days_off[{number}]", say("ends before it begins"))
    # Of two, one would count in silence.
    for day, count in Counter(one.day for one in level.special_days).items():
        if count > 1:
            detail = say("the day {day} stands there twice: put its hours together", day=str(day))
            yield InputError(f"{path}.special_days", detail)


def _names_something_of_the_account(settings: Bookings) -> bool:
    named = (settings.pipeline_id, settings.status_id, settings.cancelled_status_id)
    return any(named) or any(one.user_id for one in settings.resources)


class _Stage(Struct, frozen=True):
    pipeline_id: int | None
    status_id: int | None


def _account_problems(settings: Bookings, account: Directory) -> Iterator[InputError]:
    pipelines = account.pipelines()
    yield from account_references.place_problems("bookings", settings, pipelines)
    if settings.cancelled_status_id is not None:
        stage = _Stage(settings.pipeline_id, settings.cancelled_status_id)
        for error in account_references.place_problems("bookings", stage, pipelines):
            if error.path.endswith("status_id"):
                yield InputError("bookings.cancelled_status_id", error.detail)
    named = [
        (f"bookings.resources[{index}].user_id", one.user_id)
        for index, one in enumerate(settings.resources)
        if one.user_id is not None
    ]
    users = account.users_if_allowed() if named else None
    if users is not None:
        yield from account_references.user_problems(named, users)


def _saved(runtime: Runtime, integration: Integration) -> None:
    """Visits to come that the settings leave behind stay booked, and are told to a person. Whoever has left reads
    nobody's calendar any more, and theirs is not read."""
    now = integrations.by_id(runtime.database, integration.id)
    if now is None:
        return
    settings = settings_of(now.settings)
    for name in calendar_urls.close_others(runtime.database, now.id, settings.resources):
        told = say(
            "The calendar address of {name} opens nothing any more: they are not there under this name.", name=name
        )
        event_log.add(runtime.database, "booking.calendar_closed", told, integration_id=now.id)
    for name in calendar_subscriptions.end_others(runtime.database, now.id, settings.resources):
        told = say("The calendar of {name} is not read any more: they are not there under this name.", name=name)
        event_log.add(runtime.database, "booking.subscription_ended", told, integration_id=now.id)
    if settings.time_zone != settings_of(integration.settings).time_zone:
        calendar_subscriptions.read_anew(runtime.database, now.id)
    for booking in rows.to_come(runtime.database, now.id):
        reason = _left_behind(settings, booking)
        if reason is not None and booking.attention != reason:
            rows.notice(runtime.database, booking, reason)
        elif reason is None and booking.attention in _OURS:
            rows.notice(runtime.database, booking, None)


def _left_behind(settings: Bookings, booking: Booking) -> Message | None:
    service, zone = settings.service(booking.service), time_zones.zone(settings.time_zone)
    if service is None or zone is None:
        return _NO_SERVICE
    able = [one for one in settings.offering(service) if one.id == booking.resource]
    if not able:
        return _NO_DOCTOR
    if service.rooms and all(one.id != booking.room for one in settings.rooms_for(service, able[0])):
        return _NO_ROOM
    minute = hours.minute_of(booking.starts_at)
    works = availability.works(settings, able[0], zone, minute, hours.minute_of(booking.ends_at))
    return None if works else _NOT_WORKING


PART = SettingsPart(Document, _check, _saved, is_of_account=True)
