"""Who hears in a campaign, badly: the ingress that amoCRM's webhooks come to, and a consumer of our messages."""

import base64
import hashlib
import hmac
import json
import random
import re
import threading
import time
from collections import defaultdict
from typing import Any, Final
from urllib.parse import parse_qsl

from functions.amocrm_events.handler import handle as amocrm_events
from shared.platform.http import Response
from tests.listener import Ingress, Listener

# Of what only hooks tell, or tell as what it is: head -> the member that names it.
_NAMED_BY: Final = {"catalogs": "id", "talk": "talk_id", "unsorted": "uid"}
_MEMBER: Final = re.compile(r"(\w+)\[(\w+)\]\[(\d+)\]\[(\w+)\]")

# (account, head, id) -> when hooks of it came that were taken, and their verbs; "closed" of a conversation that was.
Heard = dict[tuple[str, str, str], list[tuple[float, str]]]


class Doorway(Ingress):
    """Where amoCRM's webhooks come to. Now and then breaks off: before it has done anything, or before it answers."""

    breaks_off = 0.0

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.heard: Heard = defaultdict(list)
        super().__init__(amocrm_events, "amocrm_events")

    def respond(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response | None:
        if self.rng.random() < self.breaks_off / 2:
            return None
        arrived_at = time.monotonic()
        response = super().respond(method, path, headers, body)
        if response is not None and 200 <= response.status < 300:
            self._note(body, arrived_at)
        return None if self.rng.random() < self.breaks_off / 2 else response

    def _note(self, body: bytes, arrived_at: float) -> None:
        said = parse_qsl(body.decode())
        account = next((value for name, value in said if name == "account[subdomain]"), "")
        entities: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
        for name, value in said:
            if member := _MEMBER.fullmatch(name):
                entities[member[1], member[2], member[3]][member[4]] = value
        for (head, verb, _), members in entities.items():
            if (id_ := members.get(_NAMED_BY.get(head, ""))) is not None:
                is_closed = head == "talk" and members.get("is_in_work") == "0"
                self.heard[account, head, id_].append((arrived_at, "closed" if is_closed else verb))


class _Memory(Listener):
    """Takes messages in; a repetition by its id is left out, as the specification asks.

    `secrets`: of the endpoint of each account, by its domain. `unsigned`: ids of messages that theirs has not signed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.secrets: dict[str, str] = {}
        self.unsigned: set[str] = set()
        self.repeated = 0
        self.taken: dict[str, dict[str, Any]] = {}
        super().__init__()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> int | None:
        with self._lock:
            id_ = headers["webhook-id"]
            self.repeated += id_ in self.taken
            message = self.taken.setdefault(id_, json.loads(body))
            if not _is_signed(self.secrets[message["data"]["account"]["domain"]], headers, body):
                self.unsigned.add(id_)
        return 200


def _is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As docs/events.md tells a consumer to look."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in headers["webhook-signature"].split(" ")


class Consumer(_Memory):
    """Fails as well, and breaks off as the ingress does."""

    breaks_off = fails = 0.0

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        super().__init__()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> int | None:
        if self.rng.random() < self.fails:
            return self.rng.choice([500, 503, 429, 404])
        if self.rng.random() < self.breaks_off / 2:
            return None
        status = super().answer(path, headers, body)
        return None if self.rng.random() < self.breaks_off / 2 else status
