"""What services of mailings tell of a mail and of whoever gets it: sent, opened, returned, unsubscribed. Their webhooks
tell of these beside a subscription, by one address, and nobody has asked for anything by them."""

import re
from typing import Any, Final

from features.submissions.carts import branches
from features.submissions.shops.common import branch_of
from shared.platform.nested import Tree

# source: references of webhooks of Mailchimp, ActiveCampaign, Brevo, MailerLite, GetResponse, SendPulse, Unisender,
# SendGrid, Mailgun and Postmark; public receivers. By which members each is known, beside the event's name.
_THEIRS: Final = tuple(
    frozenset(one.split())
    for one in (
        "type fired_at data",
        "type date_time initiated_from",
        "event email ts_event",
        "event email message-id",
        "event account_id email",
        "type contact campaign account",
        "action ACCOUNT_ID CAMPAIGN_ID",
        "event email timestamp task_id",
        "event email timestamp book_id",
        "event email sg_event_id",
        "auth events_by_user",
        "event-data signature",
        "RecordType MessageID",
    )
)
_NEWS: Final = frozenset(
    (
        *("unsubscribe", "unsubscribed", "groupunsubscribe", "cleaned", "subscriptionchange", "delete"),
        *("bounce", "bounced", "hardbounce", "softbounce", "invalidemail", "blocked", "deferred", "dropped", "error"),
        *("spam", "spamreport", "spamcomplaint", "spamreported", "complained", "complaint"),
        *("sent", "send", "request", "processed", "accepted", "delivered", "delivery", "undelivered", "emailstatus"),
        *("open", "opened", "uniqueopened", "proxyopen", "click", "clicked", "redirect", "forward", "share"),
        *("campaign", "campaignstatus"),
    )
)


def is_news(tree: Tree) -> bool:
    told = [one for one in _events(tree) if isinstance(one, str)]
    return bool(told) and all(_word(one) in _NEWS for one in told) and any(one <= tree.keys() for one in _THEIRS)


def _events(tree: Tree) -> list[Any]:
    """The names of all that it tells of: Unisender gathers them."""
    users = branches(tree.get("events_by_user"))
    gathered = [one.get("event_name") for user in users for one in branches(user.get("Events"))]
    inner = branch_of(tree.get("event-data")).get("event")
    return gathered or [next((one for one in (inner, *map(tree.get, _NAMES)) if isinstance(one, str)), None)]


_NAMES: Final = ("event", "type", "action", "RecordType")


def _word(event: str) -> str:
    """`subscriber.unsubscribed` is unsubscribed; `offer.accepted` is no mail's."""
    return re.sub(r"[^a-z]", "", event.lower().removeprefix("subscriber."))
