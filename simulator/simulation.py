"""One simulator: its world, its rules, its faults, and its record of what happened."""

from collections import deque

from simulator.crowd import Meanwhile
from simulator.faults import Faults
from simulator.journal import Journal
from simulator.limits import Limits
from simulator.recorder import Recorder
from simulator.state import World
from simulator.tokens import Tokens
from simulator.truth import Truth


class Simulation:
    def __init__(self) -> None:
        self.world = World()
        self.truth = Truth()
        self.tokens = Tokens(self.world, self.truth)
        self.journal = Journal(self.world)
        self.limits = Limits()
        self.faults = Faults()
        self.meanwhile: list[Meanwhile] = []  # see crowd.py
        self.archives: dict[str, dict[str, bytes]] = {}  # widget archives by widget type, for the demo
        self.recorder: Recorder | None = None
        # What a company's server was told, for the demo: headers, a line each, and the body.
        self.received: deque[tuple[str, str]] = deque(maxlen=50)
        self.consent_mode: str | None = None  # whatever the address of the consent asks for
        self.latency = 0.0  # seconds before every answer of an account's host
        self.at_once = 0  # requests that wait for their answer now
        self.most_at_once = 0
