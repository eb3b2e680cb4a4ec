"""A defect that is planted into a campaign's process before any worker is forked, so that all of them have it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.deliveries import runner
from shared.deliveries.runner import Step

Undo = Callable[[], None]


@dataclass(frozen=True)
class Defect:
    """`told`: what a violation of this kind says, as a regular expression."""

    name: str
    invariant: str
    campaign: str
    plant: Callable[[], Undo]
    told: str
    kills: int = 12
    size: tuple[float, ...] | None = None  # of a campaign that ends by what it has to do, in the place of kills
    is_seeded: bool = True  # its campaign has choices that a seed repeats
    options: Mapping[str, Any] = field(default_factory=dict)  # of its campaign


def changed(place: Any, name: str, value: Any) -> Undo:
    before = getattr(place, name)
    setattr(place, name, value)
    return lambda: setattr(place, name, before)


def never_looks() -> Undo:
    """A step whose outcome is unknown writes again without a look for its own mark."""
    original = runner._Attempt._carry_out

    def carry_out(self: Any, step: Step, next_steps: list[str]) -> None:
        blind = Step(step.name, step.write, lambda *_: None, step.after)
        original(self, blind, next_steps)

    return changed(runner._Attempt, "_carry_out", carry_out)
