"""What the probe saw, for people and for machines. Nothing here names the account, a person or a token."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cli.probe.fact import Result


@dataclass
class Report:
    began_at: datetime
    platform: str  # the domain under which the account lives, such as amocrm.ru
    results: list[Result] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)  # what, and why
    earlier: int = 0  # things of earlier runs that were found and removed
    is_whole: bool = True  # not interrupted

    def add_cleaning(self, done: Iterable[tuple[str, str | None]]) -> None:
        for what, trouble in done:
            if trouble is None:
                self.removed.append(what)
            else:
                self.left.append((what, trouble))

    @property
    def differences(self) -> list[Result]:
        return [one for one in self.results if one.verdict == "different"]

    @property
    def is_good(self) -> bool:
        return self.is_whole and not self.differences and not self.left

    def summary(self) -> Iterator[str]:
        count = {verdict: sum(one.verdict == verdict for one in self.results) for verdict in _VERDICTS}
        yield ""
        yield ", ".join(f"{number} {verdict}" for verdict, number in count.items()) + (
            "" if self.is_whole else "; interrupted"
        )
        earlier = f", {self.earlier} of them from an earlier run" if self.earlier else ""
        yield f"{len(self.removed)} things were removed{earlier}, {len(self.left)} are left"
        for what, trouble in self.left:
            yield f"  left: {what}: {trouble}. Delete it by hand; its name begins with amocrm-functions-probe."

    def document(self) -> dict[str, Any]:
        return {
            "began_at": self.began_at.isoformat(timespec="seconds"),
            "platform": self.platform,
            "whole": self.is_whole,
            "facts": [
                {
                    "rule": one.fact.rule,
                    "question": one.fact.question,
                    "expected": list(one.fact.expected),
                    "seen": one.seen,
                    "note": one.note,
                    "verdict": one.verdict,
                }
                for one in self.results
            ],
            "removed": self.removed,
            "left": [{"what": what, "why": trouble} for what, trouble in self.left],
        }


_VERDICTS = ("as expected", "different", "not tried")


def line(one: Result) -> str:
    note = f" ({one.note})" if one.note else ""
    told = f"{one.verdict:12}{one.fact.rule:28}{one.fact.question} "
    if one.verdict == "different":
        return f"{told}expected: {' or '.join(one.fact.expected)}; seen: {one.seen}{note}"
    return f"{told}→ {one.seen or '—'}{note}"
