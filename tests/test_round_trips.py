"""Counted, not timed: what a call costs in database round trips and in calls to amoCRM."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import jwt
from psycopg import pq

from functions.crm_api import health
from shared.access.credentials import one_time_token
from shared.runtime import Runtime
from tests.story import Story, calculation


@contextmanager
def _round_trips(runtime: Runtime) -> Iterator[list[int]]:
    """Counts PostgreSQL's ReadyForQuery messages, as libpq itself traces them: one for each round trip."""
    runtime.database.execute("SELECT 1")  # connected
    connection = runtime.database._connection
    assert connection is not None
    counted: list[int] = []
    with tempfile.TemporaryFile("w+b") as file:
        connection.pgconn.trace(file.fileno())
        connection.pgconn.set_trace_flags(pq.Trace.SUPPRESS_TIMESTAMPS)
        yield counted
        connection.pgconn.untrace()
        file.seek(0)
        counted.append(file.read().count(b"ReadyForQuery"))


def test_get_lead_costs_one_round_trip_and_two_calls(connected: Story) -> None:
    """On a warm instance; the first token of an integration that an instance sees costs one more, see below."""
    headers = connected.widget() | {"X-Lead-Id": str(connected.lead_id)}
    connected.crm("connection_status", headers)
    with _round_trips(connected.runtime) as counted:
        assert connected.crm("get_lead", headers).status == 200
    assert counted == [1]
    assert [request["path"] for request in connected.simulator.requests()] == [
        f"/api/v4/leads/{connected.lead_id}",
        "/api/v4/contacts",
    ]


def test_34_3_health_costs_one_round_trip(connected: Story) -> None:
    health._answers.clear()
    with _round_trips(connected.runtime) as counted:
        assert health.answer(connected.runtime).status == 200
    health._answers.clear()
    assert counted == [1]


def test_an_unknown_token_reserves_no_calls_before_it_is_verified(connected: Story) -> None:
    """Nobody without a good token can use up an account's calls: that costs a second round trip, once."""
    one_time_token._known.clear()
    headers = connected.widget() | {"X-Lead-Id": str(connected.lead_id)}
    with _round_trips(connected.runtime) as counted:
        assert connected.crm("get_lead", headers).status == 200
    assert counted == [2]
    reserved = connected.sql("SELECT slots FROM amocrm_rate")
    one_time_token._known.clear()
    forged = jwt.decode(headers["X-Auth-Token"], options={"verify_signature": False})
    for _ in range(20):
        token = jwt.encode(forged, "another-secret-of-sufficient-length", algorithm="HS256")
        assert connected.crm("get_lead", headers | {"X-Auth-Token": token}).status == 401
    assert connected.sql("SELECT slots FROM amocrm_rate") == reserved


def test_an_application_and_an_administrator_cost_the_same(connected: Story) -> None:
    for proof in (connected.application(), connected.admin()):
        with _round_trips(connected.runtime) as counted:
            assert connected.crm("get_lead", proof | {"X-Lead-Id": str(connected.lead_id)}).status == 200
        assert counted == [1]


def test_save_calculation_costs_five_round_trips_and_one_call(connected: Story) -> None:
    """The caller's row, the one-time token spent, the calculator in force, the acceptance, and the note's result with
    the delivery's end. Without a key also the deal's latest calculation."""
    headers = connected.widget() | {"X-Lead-Id": str(connected.lead_id), "Idempotency-Key": "click-1"}
    connected.crm("connection_status", headers)
    with _round_trips(connected.runtime) as counted:
        assert connected.crm("save_calculation", headers, calculation()).status == 200
    assert counted == [5]
    assert len(connected.simulator.requests()) == 1


def test_a_refresh_costs_two_round_trips_and_one_call(connected: Story) -> None:
    row = connected.row()
    with _round_trips(connected.runtime) as counted:
        claimed = connected.runtime.rotation.claim(row)
        assert claimed is not None
        connected.runtime.rotation.run(claimed)
    assert counted == [2]
    assert len(connected.simulator.requests()) == 1
