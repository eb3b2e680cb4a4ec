"""Tasks of an account: made, completed and deleted."""

from datetime import UTC, datetime

from simulator import person
from simulator.answers import Answer
from simulator.pages.showing import Missing, Query, account_of, as_read, page, redirect
from simulator.simulation import Simulation

_MOST = 200


def all_of_them(simulation: Simulation, query: Query, domain: str) -> Answer:
    account = as_read(account_of(simulation, domain), query)
    newest_first = sorted(account.tasks.values(), key=lambda task: (task["is_completed"], -task["id"]))[:_MOST]
    rows = [(task, datetime.fromtimestamp(task["complete_till"], UTC).date()) for task in newest_first]
    deals = sorted(account.leads.values(), key=lambda lead: -lead["updated_at"])[:_MOST]
    return page("tasks.html", account=account, rows=rows, deals=deals)


def act(simulation: Simulation, form: Query, domain: str) -> Answer:
    account, task_id = account_of(simulation, domain), form.get("id")
    if task_id is None:
        lead_id = int(form["lead"])
        about = {"text": form["text"], "entity_id": lead_id, "entity_type": "leads"}
        person.act(simulation, account, "tasks", fields=about)
        return redirect(f"/at/{domain}/tasks")
    if int(task_id) not in account.tasks:
        raise Missing("Такой задачи нет.")
    if form["do"] == "delete":
        person.act(simulation, account, "tasks", int(task_id), delete=True)
    else:
        person.act(simulation, account, "tasks", int(task_id), fields={"is_completed": True})
    return redirect(f"/at/{domain}/tasks")
