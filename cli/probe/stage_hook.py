"""The one fact that amoCRM brings by itself: what the action of a stage sends. A person places the action, and makes an
address that leads to this machine; the API can do neither.
"""

import http.server
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from cli.probe.fact import NotTriedError, Observation, all_but, fact
from cli.probe.lab import Lab
from shared.amocrm.filtered_reads import embedded
from shared.platform import nested

SECONDS: Final = 60
_MOST_BYTES: Final = 262_144
_PLACE: Final = ("id", "status_id", "pipeline_id")


@contextmanager
def _heard(port: int) -> Iterator["queue.Queue[bytes]"]:
    """What is posted to the port meanwhile, whoever posts it."""
    bodies: queue.Queue[bytes] = queue.Queue()

    class Hearing(http.server.BaseHTTPRequestHandler):
        timeout = 10  # seconds for a caller that sends nothing

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if length.isascii() and length.isdigit() and int(length) <= _MOST_BYTES:
                bodies.put(self.rfile.read(int(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Hearing)
    except OSError:
        raise NotTriedError(f"port {port} is in use") from None
    server.daemon_threads = True
    with server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield bodies
        finally:
            server.shutdown()


def _seen(body: bytes, lead_id: int) -> str | None:
    """None: it is not about our deal, or no hook of a stage at all."""
    try:
        tree: Any = {name: nested.first_of_each(one) for name, one in nested.read(body, opens_texts=False).items()}
    except nested.UnreadableError:
        return None
    try:
        json.loads(body)
        kind = "JSON"
    except ValueError:
        kind = "a form"
    event, leads = tree.get("event"), tree.get("leads")
    if isinstance(event, dict):
        place: Any = event.get("data")
        more = {name: event.get(name) for name in ("type", "type_code", "time")} | {
            "account_id": tree.get("account_id")
        }
        of = "an action's"
    else:
        changed = next(iter(leads.values()), None) if isinstance(leads, dict) else None
        place = changed[0] if isinstance(changed, list) and changed else None
        more, of = {"account": tree.get("account")}, "a webhook's"
    if not isinstance(place, dict) or str(place.get("id")) != str(lead_id):
        return None
    named = {name: place.get(name) for name in _PLACE} | more
    return f"{kind}, {of}: {all_but([name for name, value in named.items() if value in (None, '')])}"


@fact(
    "pipeline.hook",
    "In which form does a stage's action tell of a deal?",
    "a form, an action's: all",
    "a form, a webhook's: all",
    only_if_asked="--stage",
)
def stage_hook(lab: Lab) -> Observation | str:
    pipelines = embedded(lab.api.send("GET", "/leads/pipelines"), "pipelines")
    stages = {one["id"]: pipeline["id"] for pipeline in pipelines for one in embedded(pipeline, "statuses")}
    if lab.stage not in stages:
        raise NotTriedError("the account has no such stage")
    lead_id = lab.lead_id
    with _heard(lab.hook_port) as bodies:
        lab.api.change_lead(lead_id, {"pipeline_id": stages[lab.stage], "status_id": lab.stage})
        began = lab.clock.monotonic()
        try:
            while (seen := _seen(bodies.get(timeout=SECONDS), lead_id)) is None:
                pass
        except queue.Empty:
            return Observation(
                "nothing", f"not within {SECONDS} s; is the action placed, and does its address lead here?"
            )
        return Observation(seen, f"after {round(lab.clock.monotonic() - began)} s")
