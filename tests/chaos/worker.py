"""A process that reads and refreshes until it is killed, by itself at a named point or by the driver at any moment.

It keeps a journal, one line for each thing it knows, so that the driver can tell what reached it before it died.
"""

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from functions.refresh_tokens.run import run as refresh_tokens
from shared.amocrm import errors
from shared.amocrm.transport import Limits, Transport
from shared.connections import integrations
from shared.connections.api_session import Connections
from shared.connections.rotation import ReauthRequiredError, RefreshDelayedError
from shared.platform.clock import SystemClock
from shared.platform.config import Settings
from shared.runtime import Runtime
from shared.storage.database import DatabaseUnavailableError
from tests.chaos.journal import Journal, JournaledRotation
from tests.chaos.killing import kill_myself

POINTS = ("after_claim", "after_send", "after_answer", "after_persist")
JOURNAL_POINTS = (*POINTS, "after_journaled")  # where there is a token journal

_SLEEP_SCALE = 1 / 20  # the tries to persist take 1.4 s instead of 28 s
_LIFE_SECONDS = 300.0  # a worker that nobody killed ends by itself; PostgreSQL may take its time to come back


@dataclass(frozen=True)
class Orders:
    settings: Settings
    domains: list[str]
    journal: Path
    log: Path
    seed: int
    point: str | None  # where it ends itself; None leaves that to the driver


class QuickClock(SystemClock):
    def sleep(self, seconds: float) -> None:
        time.sleep(seconds * _SLEEP_SCALE)


def run(orders: Orders) -> None:
    """The life of a worker."""
    output = os.open(orders.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, sys.stdout.fileno())
    rng = random.Random(orders.seed)
    journal = Journal(orders.journal)
    base = Runtime.build(orders.settings, QuickClock())
    transport = _Transport(orders.settings.amocrm_gateway, orders.point, rng)
    shared = (base.database, base.keyring, transport, base.clock, base.rotation.ahead)
    second_home = base.rotation.token_journal
    reached = _ends_at(orders.point)
    rotation = JournaledRotation(*shared, journal=journal, token_journal=second_home, reached=reached)
    connections = Connections(rotation)
    runtime = replace(base, transport=transport, rotation=rotation, connections=connections)
    ends = time.monotonic() + _LIFE_SECONDS
    while time.monotonic() < ends:
        try:
            if rng.random() < 0.3:
                refresh_tokens(runtime, 1.0)
            else:
                row = integrations.by_domain(runtime.database, rng.choice(orders.domains), "glass")
                assert row is not None
                connections.call(row, lambda api: api.account())
        except (errors.AmocrmError, ReauthRequiredError, RefreshDelayedError, DatabaseUnavailableError):
            time.sleep(0.01)


def _ends_at(wanted: str | None) -> Callable[[str], None]:
    def reached(point: str) -> None:
        if point == wanted:
            kill_myself()

    return reached


class _Transport(Transport):
    """Ends the process between sending a refresh and hearing the answer, if that is its point."""

    def __init__(self, gateway: str | None, point: str | None, rng: random.Random) -> None:
        super().__init__(gateway, limits=Limits(connect=1.0, read=1.0, total=2.0))
        self._point = point
        self._rng = rng

    def send(self, method: str, host: str, path: str, **named: Any) -> Any:
        if self._point == "after_send" and path == "/oauth2/access_token":
            threading.Timer(self._rng.uniform(0.005, 0.025), kill_myself).start()
        return super().send(method, host, path, **named)
