"""Notices: somebody is told, once for each event, that a connection needs a person (row X11).

A notice is a delivery: it is accepted by the statement of the event itself, and
:mod:`shared.deliveries.notification` carries it out.
"""

import hashlib
import json
from typing import Final, LiteralString
from uuid import uuid4

from shared.platform.messages import Message, as_data
from shared.storage.encryption import Keyring

ACTION: Final = "notify"

_ACCEPT: Final[LiteralString] = """
    INSERT INTO amocrm_deliveries (id, integration_id, action, idempotency_key, request_hash, request, due_at)
    SELECT %(notice_id)s, id, %(notice_action)s, %(notice_key)s, %(notice_hash)s, %(notice)s, amocrm_now()
    FROM (SELECT id FROM {rows}) AS about WHERE %(notice)s::bytea IS NOT NULL
    ON CONFLICT (integration_id, action, idempotency_key) DO NOTHING
"""


def accepted(rows: LiteralString) -> LiteralString:
    """The part of the event's statement that accepts the notice for these rows of it; see :func:`columns`."""
    return _ACCEPT.replace("{rows}", rows)


def columns(keyring: Keyring, notify: bool, event: str, version: int, detail: Message) -> dict[str, object]:
    """The notice as parameters of the statement that makes the event true; `notice` is None when nobody listens.

    `version` is the token's: the same event of the same token is told once.
    """
    new_id, request = uuid4(), json.dumps({"event": event, "detail": as_data(detail)})
    return {
        "notice_id": new_id,
        "notice_action": ACTION,
        "notice_key": f"{event}:{version}",
        "notice_hash": hashlib.sha256(request.encode()).digest(),
        "notice": keyring.encrypt(request, new_id, "request") if notify else None,
    }
