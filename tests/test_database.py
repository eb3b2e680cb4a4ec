"""The database goes away and comes back (503 with Retry-After, never a lost connection for good)."""

from typing import Any

from cli import embedded
from functions.refresh_tokens.run import run as refresh_tokens
from shared.platform.config import load
from shared.platform.secret import Secret
from shared.runtime import Runtime
from shared.storage.database import Database
from tests.story import Story, calculation, json_of


def test_a_restart_between_two_calls_is_not_noticed(connected: Story, postgres: Any) -> None:
    headers = connected.admin() | {"X-Lead-Id": str(connected.lead_id)}
    assert connected.crm("get_lead", headers).status == 200
    postgres.stop()
    postgres.start()
    assert connected.crm("get_lead", headers).status == 200


def test_a_connection_that_was_cut_is_made_anew(connected: Story) -> None:
    headers = connected.admin() | {"X-Lead-Id": str(connected.lead_id)}
    assert connected.crm("get_lead", headers).status == 200
    connected.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'amocrm-functions' AND pid <> pg_backend_pid()"
    )
    assert connected.crm("get_lead", headers).status == 200


def test_a_server_that_has_become_a_replica_is_left(connected: Story, postgres: Any) -> None:
    """After a failover the old connection answers reads and refuses every write.

    Never through pgbouncer: it would hand the connection that refuses writes to everybody.
    """
    database = Database(Secret(embedded.runtime_url(postgres)))
    database.execute("SET default_transaction_read_only = on")
    connection = connected.row().id
    assert database.execute("UPDATE amocrm_integrations SET updated_at = now() WHERE id = %(id)s", {"id": connection})
    database.close()


def test_a_database_that_is_down_is_503_with_retry_after(connected: Story, environment: dict[str, str]) -> None:
    nowhere = load(environment | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"})
    runtime = Runtime.build(nowhere, connected.clock)
    lost = Story(**{**connected.__dict__, "runtime": runtime})
    proof = connected.widget() | {"X-Lead-Id": str(connected.lead_id)}
    for answer in (lost.crm("get_lead", proof), lost.crm("save_calculation", proof, calculation())):
        assert (answer.status, json_of(answer)["code"]) == (503, "database_unavailable")
        assert dict(answer.headers)["Retry-After"] == "5"
        assert b"127.0.0.1" not in answer.body
    page = lost.callback(f"code=def502&referer={connected.domain}&client_id={connected.client_id}")
    assert page.status == 503
    assert "Nothing is lost" in page.body.decode() or "Ничего не потеряно" in page.body.decode()
    assert refresh_tokens(runtime, 5)["failed"] == {"database_unavailable": 1}
    assert not connected.notes()
