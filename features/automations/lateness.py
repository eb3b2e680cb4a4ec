"""What a bot says to a client is of use soon: days later it would come out of nowhere."""

from datetime import datetime, timedelta
from typing import Final

from shared.deliveries.rows import Delivery
from shared.deliveries.runner import FinalRefusalError
from shared.platform.messages import say
from shared.platform.problems import Problem

_LATEST: Final = timedelta(hours=1)


def require_in_time(delivery: Delivery, now: datetime) -> None:
    """Raises FinalRefusalError for what was asked for too long ago, by whoever has asked last."""
    again = [str(one["at"]) for one in delivery.story if one["kind"] == "retried"]
    asked_at = datetime.fromisoformat(again[-1]) if again else delivery.created_at
    if now - asked_at > _LATEST:
        told = say(
            "The bot was to speak more than an hour ago, and could not: the client would not know any more what it is "
            "about. Take it up again where it is still of use."
        )
        raise FinalRefusalError(Problem(409, "bot_too_late", told))
