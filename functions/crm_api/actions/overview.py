"""How everything stands: `GET get_overview` for people, `GET get_metrics` in Prometheus' words."""

from collections.abc import Iterator
from typing import Final

from features import registry
from functions.crm_api import overview as overviews
from shared.access.permissions import Caller, Right
from shared.actions.action import Action
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import invalid_input
from shared.platform.upstream_metrics import BOUNDS
from shared.runtime import Runtime
from shared.storage import counters, jobs
from shared.storage.counters import PERIODS

_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def _overview(runtime: Runtime, _caller: Caller, request: Request) -> Response:
    """Query: `period` (hour, day or month; a day where none is named).

    `{period, connections: {connected, pending, reauth_required, disconnected, ending_soon}, deliveries: {accepted,
    dead, oldest_seconds}, refreshes: {overdue}, jobs: [{name, seconds, is_late}], backlog: [{name, seconds}],
    todo: [{code, count}], first_steps: {saved_connection, connected, seen_in_card, first_save, company, site_key},
    series}`. `jobs`: seconds since each has last come to its end; null: it never has. `backlog`: how long the oldest of
    what is due has been waiting. `series`: `{span, starts, deliveries,
    refreshes, answers, latency}`, a number for each span of so many seconds.
    """
    period = request.parameter("period") or "day"
    if period not in PERIODS:
        raise invalid_input(say("must be one of {names}", names=", ".join(PERIODS)), "period")
    database = runtime.database
    standing, waiting = jobs.standing(database, registry.jobs()), jobs.backlog(database, registry.backlog())
    return json_response(overviews.overview(database, period, runtime.clock.now(), standing, waiting))


def _metrics(runtime: Runtime, _caller: Caller, _request: Request) -> Response:
    """The text format of Prometheus, 0.0.4; OpenTelemetry's collector reads it too (receiver `prometheus`)."""
    return Response(200, ("\n".join(_lines(runtime)) + "\n").encode(), (("Content-Type", _TYPE),))


def _lines(runtime: Runtime) -> Iterator[str]:
    now_is, totals = overviews.standing(runtime.database), counters.totals(runtime.database)

    def family(name: str, kind: str, text: str) -> Iterator[str]:
        yield f"# HELP {name} {text}"
        yield f"# TYPE {name} {kind}"

    yield from family("amocrm_connections", "gauge", "Connections by status.")
    for status, count in overviews.connections(runtime.database).items():
        yield f'amocrm_connections{{status="{status}"}} {count}'
    gauges = {
        "amocrm_deliveries_accepted": (now_is.accepted, "Deliveries that are accepted and not delivered yet."),
        "amocrm_deliveries_dead": (now_is.dead, "Deliveries that amoCRM has refused for good."),
        "amocrm_deliveries_oldest_seconds": (now_is.oldest_seconds or 0, "Age of the oldest accepted delivery."),
        "amocrm_tokens_ending": (now_is.ending, "Long-lived tokens that end within 14 days."),
        "amocrm_refreshes_overdue": (now_is.overdue, "Refreshes that are due since more than an hour."),
    }
    for name, (value, text) in gauges.items():
        yield from family(name, "gauge", text)
        yield f"{name} {value:g}"
    yield from family("amocrm_job_last_good_seconds", "gauge", "Since a scheduled job has last come to its end.")
    for job in jobs.standing(runtime.database, registry.jobs()):
        if job.seconds is not None:
            yield f'amocrm_job_last_good_seconds{{job="{job.name}"}} {job.seconds:.0f}'
    yield from family("amocrm_backlog_oldest_seconds", "gauge", "Since the oldest of what is due has been waiting.")
    for one in jobs.backlog(runtime.database, registry.backlog()):
        yield f'amocrm_backlog_oldest_seconds{{queue="{one.name}"}} {one.seconds:.0f}'
    for prefix, label, text in (
        ("deliveries", "state", "Deliveries that came into a state."),
        ("refreshes", "outcome", "Refreshes of tokens."),
        ("amocrm", "answer", "amoCRM's answers."),
    ):
        name = f"amocrm_{'answers' if prefix == 'amocrm' else prefix}_total"
        yield from family(name, "counter", text)
        for key, count in sorted(totals.items()):
            family_name, _, what = key.partition(".")
            if family_name == prefix and not what.startswith("ms_"):
                yield f'{name}{{{label}="{what}"}} {count}'
    yield from family("amocrm_answer_seconds", "histogram", "How long amoCRM's answers took.")
    seen = 0
    for bound in BOUNDS:
        seen += totals.get(f"amocrm.ms_{bound}", 0)
        yield f'amocrm_answer_seconds_bucket{{le="{bound / 1000:g}"}} {seen}'
    yield f'amocrm_answer_seconds_bucket{{le="+Inf"}} {seen + totals.get("amocrm.ms_more", 0)}'
    yield f"amocrm_answer_seconds_sum {totals.get('amocrm.ms_sum', 0) / 1000:.3f}"
    yield f"amocrm_answer_seconds_count {seen + totals.get('amocrm.ms_more', 0)}"


OVERVIEW = Action("get_overview", "GET", Right.SEE, _overview, query=("period",))
METRICS = Action("get_metrics", "GET", Right.SEE_METRICS, _metrics, answers="text/plain")
