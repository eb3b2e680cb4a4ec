"""What happens by itself when a deal comes to a stage."""

from simulator import automation
from simulator.answers import Answer
from simulator.pages.showing import Query, account_of, as_read, client_of, page, redirect
from simulator.pages.widgets import installed, name_of, text_of
from simulator.simulation import Simulation


def stages(simulation: Simulation, query: Query, domain: str) -> Answer:
    account = as_read(account_of(simulation, domain), query)
    stages = [one for pipeline in account.pipelines.values() for one in pipeline["_embedded"]["statuses"]]
    names = {
        client.id: name_of(client.widget, account.language)
        for client in simulation.world.clients.values()
        if client.widget
    }
    widgets = [
        (
            client,
            names[client.id],
            text_of(client.widget, account.language, automation.manifest(client)["dp"]["settings"]["key"]["name"]),
        )
        for client in installed(simulation, account)
        if "dp" in automation.manifest(client)
    ]
    actions = {
        stage["id"]: [(one, names.get(one["client_id"], "—")) for one in account.stage_actions.get(stage["id"], [])]
        for stage in stages
    }
    return page("pipeline.html", account=account, stages=stages, widgets=widgets, actions=actions)


def add_action(simulation: Simulation, form: Query, domain: str) -> Answer:
    account, client = account_of(simulation, domain), client_of(simulation, form.get("client_id"))
    automation.add_action(simulation.world, account, int(form["status"]), client.id, {"key": form.get("key", "")})
    return redirect(f"/at/{domain}/pipeline")


def remove_action(simulation: Simulation, form: Query, domain: str) -> Answer:
    automation.remove_action(account_of(simulation, domain), int(form["id"]))
    return redirect(f"/at/{domain}/pipeline")
