"""A whole run: what earlier runs left is removed, each fact is tried, and what was made is removed, come what may."""

from collections.abc import Callable

from cli.probe import facts, fields, members, money, refusals, searching, stage_hook, telling  # noqa: F401 - these list facts
from cli.probe.fact import Result
from cli.probe.lab import Lab
from cli.probe.report import Report


def run(lab: Lab, report: Report, options: frozenset[str], tell: Callable[[Result], None]) -> None:
    """`options`: what was asked for, such as `--rate`.

    Ctrl-C ends the trying, and the removing goes on; during that, it begins the removing anew, once.
    """
    try:
        report.removed += [what for what, trouble in lab.clean() if trouble is None]
        report.earlier = len(report.removed)
        for fact in facts.asked_for(options):
            result = fact.try_in(lab)
            report.results.append(result)
            tell(result)
    except KeyboardInterrupt:
        report.is_whole = False
    finally:
        try:
            report.add_cleaning(lab.clean())
        except KeyboardInterrupt:
            report.is_whole = False
            report.add_cleaning(lab.clean())
