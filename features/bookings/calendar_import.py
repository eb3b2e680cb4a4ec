"""Reading doctors' own calendars, each every hour: what is busy there, by the guarded way out.

A calendar that does not answer says nothing new: what was busy stays busy, and after some hours a person is told.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urljoin

from features.bookings import calendar_subscriptions, hours
from features.bookings.booking_rules import BookingRules
from features.bookings.calendar_subscriptions import Subscription
from features.bookings.hours import Span
from shared.connections import integrations
from shared.platform import egress, logs
from shared.platform.egress import Answer, EgressError, RefusedAddressError, TooLargeError
from shared.platform.messages import Message, english, joined, say
from shared.platform.problems import Problem, problem_of
from shared.runtime import Runtime
from shared.storage import event_log
from shared.storage.encryption import DecryptionError
from shared.storage.lease_worker import guarded

_BEFORE: Final = timedelta(days=1)
_AHEAD: Final = timedelta(days=400)  # visits are booked a year ahead
_FRESH: Final = timedelta(days=1)  # so long an unchanged calendar is not read again: its days move on, and so do we
_MOST_BYTES: Final = 2_000_000
_MOST_TIMES: Final = 20_000
_MOST_STEPS: Final = 3  # redirects
_TELL_AFTER: Final = timedelta(hours=3)
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_OWN: Final = "@amocrm-functions"  # visits of ours that somebody has put into their calendar
_SECONDS: Final = 5.0  # of one request
_LONGEST: Final = 4.0  # seconds, and no further redirect is followed

# Since August 2025 Microsoft 365 shows many companies' published calendars to browsers only, and an error to whoever
# names no system and no Chrome (Nextcloud's issue 54799, which has found what is enough; icsx5's 653). Elsewhere who
# looks like a browser may be asked to prove it.
_AGENT: Final = "amocrm-functions"
_AS_BROWSER: Final = f"Mozilla/5.0 (Linux) Chrome/139 {_AGENT}"
_OUTLOOK: Final = "/owa/calendar/"

_REFUSED: Final = say("Its address, or where that leads, is no server of the public internet by https.")


class _Unread(Exception):  # noqa: N818 - an answer, not a fault
    def __init__(self, why: Message) -> None:
        self.why = why
        super().__init__(english(why))


def run(runtime: Runtime, seconds: float) -> dict[str, Any]:
    """`{read, failed, is_done}`: one at least, and as many as there is time for."""
    ends = runtime.clock.monotonic() + seconds
    figures = {"read": 0, "failed": 0}
    calendar_subscriptions.end_with_connections(runtime.database)
    while True:
        due = calendar_subscriptions.claim(runtime.database)
        if due is None:
            break
        is_read = guarded("bookings.calendar_failed", partial(_turn, runtime, due), integration=due.integration_id)
        figures["read" if is_read else "failed"] += 1
        if runtime.clock.monotonic() >= ends:
            break
    if any(figures.values()):
        logs.info("bookings.calendars", **figures)
    return figures | {"is_done": not calendar_subscriptions.is_due(runtime.database)}


def _turn(runtime: Runtime, subscription: Subscription) -> bool:
    try:
        return read(runtime, subscription)
    except Exception as error:
        detail = problem_of(error).detail
        event_log.failing(runtime.database, "bookings.calendar_failed", detail, subscription.integration_id)
        raise


def read(runtime: Runtime, subscription: Subscription) -> bool:
    """Whether it answered as it should. What it is not read for is no failure: bookings that are turned off."""
    integration = integrations.by_id(runtime.database, subscription.integration_id)
    assert integration is not None  # a foreign key
    try:
        offer = BookingRules.of(runtime, integration, is_public=False)
    except Problem:
        return True
    try:
        _stored(offer, subscription, _fetched(runtime, subscription))
    except _Unread as unread:
        failing = calendar_subscriptions.failed(runtime.database, subscription.id, unread.why)
        if failing >= _TELL_AFTER:
            told = say(
                "The calendar of {name} cannot be read. What was busy when it was last read is kept free of visits.",
                name=subscription.resource_name,
            )
            kind = "booking.calendar_failing"
            event_log.add_rarely(
                runtime.database,
                kind,
                joined(told, unread.why),
                level="warning",
                integration_id=integration.id,
                every=timedelta(days=1),
                each=True,
            )
        return False
    return True


# --- asking ---------------------------------------------------------------------------------------------------------


def _fetched(runtime: Runtime, subscription: Subscription) -> Answer | None:
    """None where nothing has changed. Raises _Unread."""
    try:
        url = subscription.address(runtime.keyring)
    except DecryptionError:
        raise _Unread(say("Its address cannot be decrypted: a key is missing.")) from None
    headers = {"Accept": "text/calendar, */*;q=0.5"}
    is_fresh = subscription.reckoned_at is not None and runtime.clock.now() - subscription.reckoned_at < _FRESH
    if is_fresh and subscription.etag:
        headers["If-None-Match"] = subscription.etag
    if is_fresh and subscription.last_modified:
        headers["If-Modified-Since"] = subscription.last_modified
    ends = runtime.clock.monotonic() + _LONGEST
    for _ in range(_MOST_STEPS + 1):
        agent = _AS_BROWSER if _OUTLOOK in url else _AGENT
        answer = _asked(runtime, url, headers | {"User-Agent": agent})
        location = answer.headers.get("location")
        if answer.status == 304 and is_fresh:
            return None
        if answer.status not in _REDIRECTS or location is None or runtime.clock.monotonic() > ends:
            break
        url = _joined(url, location)
    if answer.status != 200:
        raise _Unread(say("It answers with {status}.", status=answer.status))
    return answer


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise _Unread(_REFUSED) from None


def _asked(runtime: Runtime, url: str, headers: Mapping[str, str]) -> Answer:
    try:
        return egress.get(
            url, headers, most=_MOST_BYTES, seconds=_SECONDS, private_hosts=runtime.settings.endpoint_private_hosts
        )
    except TooLargeError:
        raise _Unread(say("It has more than {most} MB.", most=_MOST_BYTES // 1_000_000)) from None
    except RefusedAddressError:
        raise _Unread(_REFUSED) from None
    except EgressError as error:
        raise _Unread(say("It does not answer ({reason}).", reason=str(error))) from None


# --- understanding --------------------------------------------------------------------------------------------------


def _stored(offer: BookingRules, subscription: Subscription, answer: Answer | None) -> None:
    database = offer.runtime.database
    if answer is None:
        calendar_subscriptions.unchanged(database, subscription.id)
        return
    from features.bookings.ical.occurrences import LeftOut, Reading

    today = offer.today()
    try:
        reading = Reading(_text(answer), offer.zone)
    except ValueError:
        raise _Unread(say("It is no iCalendar file.")) from None
    if not reading.is_whole:
        raise _Unread(say("It is cut off: its end is missing."))
    urls = [subscription.address(offer.runtime.keyring)]
    occurrences = reading.between(today - _BEFORE, today + _AHEAD, without=_OWN, urls=urls)
    busy = hours.joined(_spans(offer, occurrences))
    left_out = reading.left_out
    if len(busy) > _MOST_TIMES:
        more = len(busy) - _MOST_TIMES
        left_out.append(LeftOut(say("has more busy times than are kept; the last ones are left out"), more))
    told = [{"reason": one.reason, "count": one.count, "lines": one.lines} for one in left_out]
    etag, last_modified = (_header(answer, name) for name in ("etag", "last-modified"))
    calendar_subscriptions.store(database, subscription.id, busy[:_MOST_TIMES], told, etag, last_modified)


def _header(answer: Answer, name: str) -> str | None:
    """What it wants to be asked with."""
    value = answer.headers.get(name)
    return value if value and len(value) <= 200 and value.isascii() and value.isprintable() else None


def _text(answer: Answer) -> str:
    """UTF-8 by the standard; Windows' Cyrillic where it is not, and UTF-16 where it says so."""
    body = answer.body
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace").replace("\0", "")
    try:
        return body.decode().replace("\0", "")
    except UnicodeDecodeError:
        return body.decode("cp1251", "replace").replace("\0", "")


def _spans(offer: BookingRules, occurrences: Iterator[Any]) -> Iterator[Span]:
    """Whole minutes; of days, from midnight to midnight where the company is."""
    for one in occurrences:
        if one.is_free:
            continue
        if isinstance(one.start, datetime) and isinstance(one.end, datetime):
            start, end = hours.minute_of(one.start), math.ceil(one.end.timestamp() / 60)
        else:
            start, end = (hours.instant(hours.midnight(day), offer.zone) for day in (one.start, one.end))
        if start < end:
            yield start, end
