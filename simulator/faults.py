"""Faults on demand: a rule matches requests by method, host and path, and spoils the next few of them.

Kinds: `status` answers with a status (JSON problem), `html` with a page instead of the API, `delay` waits first,
`timeout_before` and `timeout_after` never answer, `reset_before` and `reset_after` break the connection, `truncate`
breaks off in the middle of the answer. "before" and "after" are meant with respect to the request's effect.
"""

import re
from dataclasses import asdict, dataclass
from typing import Any

KINDS = frozenset(
    {"status", "html", "delay", "timeout_before", "timeout_after", "reset_before", "reset_after", "truncate"}
)

# What the caller asked for is done, and the caller does not hear of it.
SPOIL_ANSWERS = frozenset({"timeout_after", "reset_after", "truncate"})


@dataclass
class Fault:
    kind: str
    path: str = ".*"  # regular expression for the whole path
    method: str = ".*"
    host: str = ".*"
    times: int = 1
    skip: int = 0  # so many matching requests go through first
    seconds: float = 0.0  # for delay, and how long a timeout holds the connection
    status: int = 503
    retry_after: int | None = None
    body: str | None = None  # of a `status`, as JSON; else a problem document

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of fault: {self.kind}")

    def matches(self, method: str, host: str, path: str) -> bool:
        parts = ((self.method, method), (self.host, host), (self.path, path))
        return self.times > 0 and all(re.fullmatch(pattern, text) for pattern, text in parts)


class Faults:
    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def take(self, method: str, host: str, path: str) -> Fault | None:
        """The first fault meant for this request; uses it up by one."""
        for rule in self.rules:
            if rule.matches(method, host, path):
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                rule.times -= 1
                return rule
        return None

    def as_list(self) -> list[dict[str, Any]]:
        return [asdict(rule) for rule in self.rules]
