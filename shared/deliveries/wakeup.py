"""Waking `run_deliveries` for a deferred delivery, by a queue of the cloud where there is one; the timer is the net.

The message is a hint and holds nothing but the delivery's id: the row in PostgreSQL stays the truth, and a message that
is lost, doubled or late does no harm.
"""

import json
import math
from typing import Any, Protocol
from uuid import UUID

from shared.platform import logs
from shared.platform.config import Settings

_LONGEST_DELAY_SECONDS = 900  # SQS and Yandex Message Queue accept no more


class Wakeup(Protocol):
    def at(self, delivery_id: UUID, seconds: float) -> None:
        """Asks for a run in so many seconds. Never raises: the timer comes anyway."""


class TimerOnly:
    def at(self, delivery_id: UUID, seconds: float) -> None:
        pass


class Sqs:
    """AWS SQS, and Yandex Message Queue, which speaks the same language at `endpoint_url`."""

    def __init__(self, queue_url: str, endpoint_url: str | None = None) -> None:
        self._queue_url = queue_url
        self._endpoint_url = endpoint_url
        self._client: Any = None

    def at(self, delivery_id: UUID, seconds: float) -> None:
        try:
            import boto3  # part of Lambda's runtime, and of no other; needed only here
            from botocore.config import Config

            if self._client is None:
                # By default it would wait for minutes; somebody waits for us, and the timer comes anyway.
                patience = Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 2})
                self._client = boto3.client("sqs", endpoint_url=self._endpoint_url, config=patience)
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=json.dumps({"delivery_id": str(delivery_id)}),
                DelaySeconds=min(math.ceil(seconds), _LONGEST_DELAY_SECONDS),
            )
        except Exception as error:  # noqa: BLE001 - the row is there, and the timer comes, whatever is wrong with it
            logs.warning("wakeup.failed", delivery_id=delivery_id, reason=type(error).__name__)


def from_settings(settings: Settings) -> Wakeup:
    """The queue of `DELIVERIES_QUEUE_URL`, else nothing but the timer."""
    if settings.deliveries_queue_url is None:
        return TimerOnly()
    return Sqs(settings.deliveries_queue_url, settings.deliveries_queue_endpoint)
