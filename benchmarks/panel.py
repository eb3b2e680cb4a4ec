"""What the panel asks of the server when 20,000 connections are there: how long each answer takes, and how large it is.

The requests are those of the panel's own pages, in this process, through the whole of `crm_api`: proof, rights, action,
answer. Bytes are those that a browser gets. Ends with 1 when an answer takes more than 50 ms (p99) or has more than
100 KB; what a whole page weighs with its files is in `benchmarks.pages`. Reads that ask amoCRM are timed without its
latency: the simulator answers at once.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from typing import Any, Final

import click

from benchmarks import filled
from benchmarks.timing import repeated
from functions.crm_api.handler import handle
from shared.platform.http import Headers, Request
from shared.platform.middleware import serve
from shared.runtime import Runtime
from tests.chaos.stage import Stage, stage
from tests.story import ADMIN_TOKEN

MOST_MS: Final = 50.0
MOST_BYTES: Final = 100_000

# Tab -> what it asks when it is opened, and what a person asks in it: action, query, whether it is for one account.
_ASKED: Final[dict[str, tuple[tuple[str, dict[str, str], bool], ...]]] = {
    "overview": (("get_overview", {"period": "hour"}, False), ("get_overview", {"period": "month"}, False)),
    "crm": (
        ("connection_status", {"limit": "50"}, False),
        ("connection_status", {"limit": "50", "search": "c77."}, False),
        ("connection_status", {"limit": "50", "search": "no-such-name"}, False),
        ("connection_status", {"limit": "50", "trouble": "1"}, False),
        ("get_install_links", {}, False),
    ),
    "deliveries": (
        ("get_deliveries", {"limit": "50"}, True),
        ("get_deliveries", {"limit": "50", "state": "dead"}, True),
    ),
    "events": (
        ("get_endpoints", {}, True),
        ("get_changes", {}, True),
        ("get_pipelines", {}, True),
        ("get_event_kinds", {}, True),
    ),
    "calculator": (("get_calculator_draft", {"level": "widget"}, True),),
    "settings": (("get_settings", {"level": "connection"}, True), ("get_settings", {"level": "widget"}, True)),
    "site": (("get_site_keys", {}, True),),
    "people": (("get_administrators", {}, False),),
    "log": (("get_events", {"limit": "50"}, False), ("get_events", {"limit": "50", "level": "error"}, False)),
}


def _requests(played: Stage) -> Iterator[tuple[str, Request]]:
    """The request in words, and itself."""
    panel = {"Authorization": f"Bearer {ADMIN_TOKEN}", "Accept-Language": "ru", "Accept-Encoding": "gzip"}
    filled = {"X-Account-Domain": "acc77.amocrm.ru", "X-Widget-Type": "glass"}
    living = filled | {"X-Account-Domain": played.domains[0]}  # the one that the simulator knows
    for asked in _ASKED.values():
        for action, query, is_of_account in asked:
            account = {} if not is_of_account else living if action == "get_pipelines" else filled
            headers = Headers((panel | account).items())
            words = " ".join((action, *(f"{name}={value}" for name, value in query.items() if name != "limit")))
            yield words, Request("GET", f"/{action}", tuple(query.items()), headers)


def measure(accounts: int, repeats: int) -> dict[str, Any]:
    with stage(1, more={"ADMIN_TOKENS": ADMIN_TOKEN}) as played, redirect_stdout(StringIO()):
        url = played.postgres.get_uri()
        filled.fill(url, accounts)
        runtime = Runtime.build(played.settings)
        found: dict[str, dict[str, Any]] = {}
        for words, request in _requests(played):
            asking = partial(serve, handle, runtime, request)
            answer = asking()
            assert answer.status == 200, (words, answer.body)
            found[words] = repeated(runtime.database, asking, repeats) | {"bytes": len(answer.body)}
        runtime.close()
    too_much = [words for words, told in found.items() if told["p99_ms"] > MOST_MS or told["bytes"] > MOST_BYTES]
    return {"connections": accounts + 1, "answers": found, "too_much": too_much}


@click.command()
@click.option("--accounts", default=20_000, show_default=True)
@click.option("--repeats", default=100, show_default=True)
def main(accounts: int, repeats: int) -> None:
    """Prints JSON."""
    found = measure(accounts, repeats)
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    sys.exit(int(bool(found["too_much"])))


if __name__ == "__main__":
    main()
