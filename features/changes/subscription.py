"""The subscription in amoCRM: made, compared on schedule, repaired, and removed by us (row H2)."""

from collections.abc import Callable, Collection
from typing import Any, Final

from features.changes import feeds, kinds, wanted
from features.changes.feeds import Feed
from features.changes.retry_policy import RunFailures
from shared.amocrm.errors import AddressBlockedError, BadRequestError, ForbiddenError, PaymentRequiredError
from shared.amocrm.events import FeedApi
from shared.connections.integrations import Integration
from shared.platform import logs
from shared.platform.messages import Message, say
from shared.runtime import Runtime
from shared.storage import event_log
from shared.storage.encryption import DecryptionError

CALLS: Final = 2

_REFUSED: Final = say(
    "amoCRM does not allow webhooks in this account (its tariff, or the rights of the user who connected). What "
    "happens is asked for every minute instead."
)
_NO_ADMINISTRATOR: Final = say(
    "Only an administrator may ask amoCRM for webhooks, and whoever connected this account is none. What happens is "
    "asked for every minute instead; let an administrator connect the account."
)
_OTHERS: Final = say("amoCRM tells us of what somebody wants to know now.")


def compare(runtime: Runtime, integration: Integration, feed: Feed, perform: Callable[..., Any]) -> None:
    """Makes amoCRM's side as it should be: told of what somebody wants, and of nothing else. Raises the errors of a
    call."""
    settings = set(kinds.settings_for(wanted.of(runtime.database, integration)))
    address = feed.address(runtime.keyring, runtime.settings.amocrm_events_url) if settings else None
    before = _address(runtime, feed)
    if before is not None and before != address:
        perform(lambda api: FeedApi(api).unsubscribe(before))
    if address is None:
        feeds.subscribed(runtime.database, runtime.keyring, feed, None, "ask" if settings else feed.way)
        return
    try:
        there = perform(lambda api: FeedApi(api).webhook(address))
    except AddressBlockedError:  # what stands before amoCRM says nothing of webhooks
        raise
    # vendor: webhooks.administrator (page) Only an administrator's token may see, make and remove subscriptions.
    # source: amoCRM's documentation, "Webhooks"
    except ForbiddenError as error:
        if perform(lambda api: FeedApi(api).sees_everything()):
            raise
        _refused(runtime, integration, feed, perform, error)
        return
    except PaymentRequiredError as error:
        if not RunFailures(perform).is_beside_the_tariff(error):
            raise
        _refused(runtime, integration, feed, perform, error)
        return
    refused: Collection[str] = [] if feed.must_retry else feed.refused
    told = _difference(there, before == address, settings - set(refused), set(feed.subscribed_to))
    # vendor: webhooks.switched_on (production) A subscription that was switched off stays so until it is removed and
    # made anew; whether one more POST would do, nobody says.
    # source: two integrations with Kommo in production, which remove and make it (a PATCH is 404)
    if there is not None and there.get("disabled"):
        perform(lambda api: FeedApi(api).unsubscribe(address))
    if told is not None:
        now_refused = _subscribe(runtime, integration, feed, perform, address, sorted(settings))
        if now_refused is None:
            return
        if told == _OTHERS and there is not None and set(there["settings"]) == settings - set(now_refused):
            told = None  # what was refused is refused again
    elif feed.must_retry:
        feeds.subscribed_to(runtime.database, feed, sorted(settings), [])
    feeds.subscribed(runtime.database, runtime.keyring, feed, address, "hook")
    if told is not None:
        level = "info" if before != address or told == _OTHERS else "warning"
        event_log.add(runtime.database, "feed.subscribed", told, level=level, integration_id=integration.id)


def _difference(there: dict[str, Any] | None, was_there: bool, settings: set[str], ours: set[str]) -> Message | None:
    """What is wrong with the subscription; None where it is as it should be. `ours`: its settings when we made it."""
    if there is None:
        if was_there:
            return say("The subscription to amoCRM's webhooks was gone, and was made again.")
        return say("amoCRM tells us what happens in this account.")
    found = set(there.get("settings") or [])
    if there.get("disabled"):
        return say("amoCRM had switched the webhook off, and it was switched on again.")
    if not ours & settings <= found:
        return say("The subscription to amoCRM's webhooks had lost some of its events, and was repaired.")
    return None if found == settings else _OTHERS


def _subscribe(
    runtime: Runtime,
    integration: Integration,
    feed: Feed,
    perform: Callable[..., Any],
    address: str,
    settings: list[str],
) -> list[str] | None:
    """The settings that this account's amoCRM does not know; None where it refuses webhooks at all."""

    def tried(some: list[str]) -> None:
        perform(lambda api: FeedApi(api).subscribe(address, some))

    refused: list[str] = [] if feed.must_retry else feed.refused
    try:
        try:
            tried([one for one in settings if one not in refused])
        except BadRequestError:
            # Once more also where all of them are known: amoCRM asks our address first, whose function may have had to
            # start for that.
            # Each call replaces the subscription: what was taken before is in all of them.
            taken = set(settings) - set(feed.refused) if feed.refused else kinds.SURE & set(settings)
            refused = _without_unknown(tried, settings, sorted(taken))
    except AddressBlockedError:
        raise
    except (ForbiddenError, PaymentRequiredError, BadRequestError) as error:
        _refused(runtime, integration, feed, perform, error)
        return None
    feeds.subscribed_to(runtime.database, feed, [one for one in settings if one not in refused], refused)
    return refused


def _without_unknown(tried: Callable[[list[str]], None], settings: list[str], taken: list[str]) -> list[str]:
    """Subscribes to as much as this account's amoCRM knows, `taken` most likely; returns what it does not. Raises
    BadRequestError where it refuses all of it."""
    refused: list[str] = []
    if taken:
        try:
            tried(taken)
        except BadRequestError:
            if set(taken) <= kinds.SURE:
                raise
            taken = []  # it knows less than before
    for one in (one for one in settings if one not in taken):
        try:
            tried([*taken, one])
            taken.append(one)
        except BadRequestError:
            refused.append(one)
    if not taken:
        raise BadRequestError(say("amoCRM knows none of these settings"), 400)
    if refused:
        logs.warning("feed.settings_refused", settings=refused)
    return refused


def _refused(
    runtime: Runtime, integration: Integration, feed: Feed, perform: Callable[..., Any], error: Exception
) -> None:
    logs.warning("feed.refused", integration_id=integration.id, error=type(error).__name__)
    feeds.subscribed(runtime.database, runtime.keyring, feed, None, "ask")
    if feed.way != "ask":
        is_administrator = perform(lambda api: FeedApi(api).sees_everything())
        told = _REFUSED if is_administrator else _NO_ADMINISTRATOR
        event_log.add(runtime.database, "feed.refused", told, level="warning", integration_id=integration.id)


def end(runtime: Runtime, integration: Integration) -> None:
    """amoCRM does not call us any more, where it can be told so; the feed stays for when the account comes back."""
    feed = feeds.of(runtime.database, integration.id)
    if feed is None or feed.subscribed is None:
        return
    address = _address(runtime, feed) or feed.address(runtime.keyring, runtime.settings.amocrm_events_url)
    if address is not None:
        runtime.connections.call(integration, lambda api: FeedApi(api).unsubscribe(address))
    feeds.ended(runtime.database, integration.id)


def _address(runtime: Runtime, feed: Feed) -> str | None:
    """Where amoCRM calls us, as far as we know. One that cannot be read is most likely the one that is wanted: then it
    is found there and stored anew, and keeps nothing else from being told."""
    if feed.subscribed is None:
        return None
    try:
        return runtime.keyring.decrypt(feed.subscribed, feed.integration_id, "feed_address")
    except DecryptionError as error:
        logs.error("feed.address_unreadable", integration_id=feed.integration_id, error=str(error))
        return None
