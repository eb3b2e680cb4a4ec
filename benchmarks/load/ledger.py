"""What people were promised, against what amoCRM holds."""

import time
from collections import defaultdict
from typing import Any, Final
from uuid import UUID

import httpx
import psycopg

from benchmarks.load import truth
from benchmarks.load.town import Town

_WITHIN_SECONDS: Final = 600.0
_LEFT = """
SELECT count(*) FILTER (WHERE state = 'accepted'), count(*) FILTER (WHERE state = 'dead') FROM amocrm_deliveries
"""
STORED = """
SELECT i.account_domain, d.idempotency_key, d.id FROM amocrm_deliveries d
JOIN amocrm_integrations i ON i.id = d.integration_id ORDER BY d.created_at, d.id
"""
_CUT_OFF = "SELECT account_domain, status, problem_detail FROM amocrm_integrations WHERE status <> 'connected'"


def settle(made: Town) -> dict[str, Any]:
    """Lets the timers finish what is left, sends what was never accepted once more, and compares.

    `{pressed, accepted, deliveries, needed_s, violations}`; `needed_s`: until nothing was left.
    """
    started, violations = time.monotonic(), []
    pressed, accepted = _ledger(made)
    for key, line in pressed.items():
        if key not in accepted:
            press_again(made, line, key)
    while True:
        httpx.post(made.addresses["run_deliveries"], json={}, timeout=120, trust_env=False)
        waiting, dead = _one(made, _LEFT)
        if not waiting:
            break
        if time.monotonic() - started > _WITHIN_SECONDS:
            violations.append(f"{waiting} deliveries are left after {_WITHIN_SECONDS:.0f} s")
            break
        time.sleep(2)
    if dead:
        violations.append(f"{dead} deliveries are dead")
    violations += [f"cut off: {row}" for row in rows_of(made, _CUT_OFF)]
    violations += compare(made, pressed)
    return {
        "pressed": len(pressed),
        "accepted_while_it_lasted": len(accepted),
        "needed_s": round(time.monotonic() - started, 1),
        "violations": violations[:20],
    }


def compare(made: Town, pressed: dict[str, dict[str, Any]]) -> list[str]:
    """Account by account; what was stored and never pressed is a violation too."""
    stored: dict[str, dict[str, UUID]] = defaultdict(dict)
    for domain, key, id_ in rows_of(made, STORED):
        stored[domain][key] = id_
    violations: list[str] = []
    for domain in made.played.domains:
        promised = {key: line for key, line in pressed.items() if line["domain"] == domain}
        violations += [f"{key} at {domain} was never pressed" for key in stored[domain].keys() - promised.keys()]
        shown = made.played.simulator.control("show", domain=domain)
        violations += truth.wrong(shown, made.played.leads[domain], promised, stored[domain])
    return violations


def _ledger(made: Town) -> tuple[dict[str, dict[str, Any]], set[str]]:
    did = made.did
    refused = {line["refused"] for line in did if "refused" in line}
    assert not refused, [line for line in did if "refused" in line][:3]
    pressed = {line["pressed"]: line for line in did if "pressed" in line}
    return pressed, {line["accepted"] for line in did if "accepted" in line}


def press_again(made: Town, line: dict[str, Any], key: str) -> None:
    """As somebody does whose page was open all the time."""
    account = next(one for one in made.facts["accounts"] if one["domain"] == line["domain"])
    headers = {
        "Authorization": f"Bearer {account['token']}",
        "X-Lead-Id": str(account["lead"]),
        "Idempotency-Key": key,
    }
    for _ in range(60):
        answer = httpx.post(
            f"{made.addresses['crm_api']}/{line['name']}",
            json=line["body"],
            headers=headers,
            timeout=60,
            trust_env=False,
        )
        if answer.status_code in (200, 202):
            return
        time.sleep(1)
    raise AssertionError(f"{line['name']} {key} is never accepted: {answer.status_code} {answer.text}")


def _one(made: Town, statement: str) -> tuple[int, ...]:
    return tuple(rows_of(made, statement)[0])


def rows_of(made: Town, statement: str) -> list[Any]:
    with psycopg.connect(made.played.postgres.get_uri()) as connection:
        return connection.execute(statement.encode()).fetchall()
