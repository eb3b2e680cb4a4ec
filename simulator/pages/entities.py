"""Companies and customers of an account: made, renamed, noted, deleted."""

from simulator import person
from simulator.answers import Answer
from simulator.pages.showing import Missing, Query, account_of, as_read, page, redirect
from simulator.simulation import Simulation

_MOST = 200


def all_of_them(simulation: Simulation, query: Query, domain: str, kind: str) -> Answer:
    account = as_read(account_of(simulation, domain), query)
    rows = [
        (one, [note["params"].get("text", "") for note in account.notes.get((kind, one["id"]), [])])
        for one in sorted(account.entities(kind).values(), key=lambda one: -one["id"])[:_MOST]
    ]
    return page("entities.html", account=account, kind=kind, rows=rows)


def act(simulation: Simulation, form: Query, domain: str, kind: str) -> Answer:
    account, id_ = account_of(simulation, domain), form.get("id")
    if id_ is None:
        person.act(simulation, account, kind, fields={"name": form["name"]})
    elif int(id_) not in account.entities(kind):
        raise Missing("Такой карточки нет.")
    elif form["do"] == "delete":
        person.act(simulation, account, kind, int(id_), delete=True)
    elif form["do"] == "note":
        person.act(simulation, account, kind, int(id_), note=form["text"])
    else:
        person.act(simulation, account, kind, int(id_), fields={"name": form["name"]})
    return redirect(f"/at/{domain}/{kind}")
