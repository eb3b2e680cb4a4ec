"""The subscription in amoCRM: made, compared on schedule, repaired, and removed by us (row H2)."""

from collections.abc import Callable
from typing import Any, Final

from features.changes import feeds
from features.changes.feeds import Feed
from shared.amocrm.errors import AddressBlockedError, BadRequestError, ForbiddenError, PaymentRequiredError
from shared.amocrm.events import SETTINGS, FeedApi
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


def compare(runtime: Runtime, integration: Integration, feed: Feed, perform: Callable[..., Any]) -> None:
    """Makes amoCRM's side as it should be. Raises the errors of a call."""
    wanted = feed.address(runtime.keyring, runtime.settings.amocrm_events_url)
    before = _address(runtime, feed)
    if before is not None and before != wanted:
        perform(lambda api: FeedApi(api).unsubscribe(before))
    if wanted is None:
        feeds.subscribed(runtime.database, runtime.keyring, feed, None, "ask")
        return
    there = perform(lambda api: FeedApi(api).webhook(wanted))
    told: Message | None = None
    if there is None:
        told = say("amoCRM tells us what happens in this account.")
        if before == wanted:
            told = say("The subscription to amoCRM's webhooks was gone, and was made again.")
    elif there.get("disabled"):
        told = say("amoCRM had switched the webhook off, and it was switched on again.")
    elif not set(SETTINGS) <= set(there.get("settings") or []):
        told = say("The subscription to amoCRM's webhooks had lost some of its events, and was repaired.")
    if told is not None and not _subscribe(runtime, integration, feed, perform, wanted):
        return
    feeds.subscribed(runtime.database, runtime.keyring, feed, wanted, "hook")
    if told is not None:
        level = "info" if before != wanted else "warning"
        event_log.add(runtime.database, "feed.subscribed", told, level=level, integration_id=integration.id)


def _subscribe(
    runtime: Runtime, integration: Integration, feed: Feed, perform: Callable[..., Any], address: str
) -> bool:
    try:
        perform(lambda api: FeedApi(api).subscribe(address))
    except AddressBlockedError:  # what stands before amoCRM says nothing of webhooks
        raise
    except (ForbiddenError, PaymentRequiredError, BadRequestError) as error:
        logs.warning("feed.refused", integration_id=integration.id, error=type(error).__name__)
        feeds.subscribed(runtime.database, runtime.keyring, feed, None, "ask")
        if feed.way != "ask":
            event_log.add(runtime.database, "feed.refused", _REFUSED, level="warning", integration_id=integration.id)
        return False
    return True


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
