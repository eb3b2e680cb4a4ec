"""What became of a defect that was planted: the row of docs/benchmarks.md."""

import contextlib
import importlib
import os
import re
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.defect import Defect


@dataclass(frozen=True)
class Verdict:
    """What became of a defect. `told`: the first violation that has the words it should have, or what came instead."""

    defect: Defect
    is_seen: bool
    told: str
    seconds: int

    @property
    def key(self) -> str:
        """How its row begins."""
        return f"| {self.defect.invariant} | {self.defect.name} | {short(self.defect.campaign)} | "

    def __str__(self) -> str:
        return f"{self.key}{'red' if self.is_seen else 'MISSED'}: {self.told} | {self.seconds} s |"


def seen(defect: Defect, seed: int) -> Verdict:
    """Whether the campaign is red by the words that it should have. One that breaks off has seen nothing."""
    began, campaign, undo = time.monotonic(), importlib.import_module(defect.campaign), defect.plant()
    try:
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
            size = (*(defect.size or (defect.kills,)), *([seed] if defect.is_seeded else []))
            found = campaign.play(*size, **defect.options)["violations"]
    except Exception as error:  # noqa: BLE001 - the next ones are to be played; its row says what it was
        traceback.print_exc()
        found = [f"the campaign broke off: {error!r}"]
    finally:
        undo()
    told = [one for one in found if re.search(defect.told, one, re.DOTALL)]
    words = (told or found or ["nothing was violated"])[0].partition("\n")[0][:160]
    return Verdict(defect, bool(told), words, round(time.monotonic() - began))


def short(campaign: str) -> str:
    return campaign.rpartition(".")[2]


def read(defect: Defect, rows: Iterable[str]) -> Iterator[Verdict]:
    """Of the rows that other runs have written, its own."""
    key = Verdict(defect, False, "", 0).key
    for row in rows:
        if row.startswith(key):
            verdict, _, seconds = row.removeprefix(key).removesuffix(" s |").rpartition(" | ")
            colour, _, told = verdict.partition(": ")
            yield Verdict(defect, colour == "red", told, int(seconds))


def summary(judged: Sequence[Verdict]) -> str:
    """By campaign: how many of its defects were seen, and how long they took."""
    lines = ["", "| campaign | planted | red | time |", "|---|---|---|---|"]
    for name in dict.fromkeys(short(one.defect.campaign) for one in judged):
        own = [one for one in judged if short(one.defect.campaign) == name]
        red, seconds = sum(one.is_seen for one in own), sum(one.seconds for one in own)
        lines.append(f"| {name} | {len(own)} | {red} | {seconds} s |")
    missed = [one.defect.name for one in judged if not one.is_seen]
    total = f"{len(judged) - len(missed)} of {len(judged)} are red, {sum(one.seconds for one in judged)} s"
    return "\n".join([*lines, "", f"{total}; missed: {', '.join(missed)}" if missed else total])
