"""Incoming leads that wait, and conversations: a person plays the account's people here, and a visitor as well."""

from simulator import person
from simulator.answers import Answer
from simulator.pages.showing import Missing, Query, account_of, as_read, page, redirect
from simulator.simulation import Simulation

_MOST = 50
ORIGINS = ("telegram", "waba", "instagram_business", "onlinechat")


def incoming(simulation: Simulation, query: Query, domain: str) -> Answer:
    account = as_read(account_of(simulation, domain), query)
    waiting = sorted(account.incoming.values(), key=lambda one: -one["created_at"])[:_MOST]
    rows = [(one, [account.leads[lead["id"]]["name"] for lead in one["_embedded"]["leads"]]) for one in waiting]
    return page("incoming.html", account=account, rows=rows)


def decide(simulation: Simulation, form: Query, domain: str) -> Answer:
    account, uid = account_of(simulation, domain), form.get("uid", "")
    if uid not in account.incoming:
        raise Missing("Такой заявки нет: её уже приняли или отклонили.")
    person.act(simulation, account, "unsorted", uid, accept=form["do"] == "accept")
    return redirect(f"/at/{domain}/incoming")


def talks(simulation: Simulation, query: Query, domain: str) -> Answer:
    account = as_read(account_of(simulation, domain), query)
    said = {id_: [one for one in account.messages if one["talk_id"] == id_] for id_ in account.talks}
    newest_first = sorted(account.talks.values(), key=lambda one: (not one["is_in_work"], -one["updated_at"]))[:_MOST]
    rows = [
        (talk, account.contacts.get(talk["contact_id"], {}).get("name", "—"), said[talk["talk_id"]][-20:])
        for talk in newest_first
    ]
    known = [one for one in account.contacts.values() if not one.get("_incoming")][:_MOST]
    return page("chats.html", account=account, rows=rows, contacts=known, origins=ORIGINS)


def write(simulation: Simulation, form: Query, domain: str) -> Answer:
    account, talk = account_of(simulation, domain), form.get("talk")
    if talk is None:
        whose = {"contact": int(form["contact"])} if form.get("contact") else {"name": form.get("name") or "Гость"}
        person.visit(simulation, account, form["text"], origin=form.get("origin", ORIGINS[0]), **whose)
        return redirect(f"/at/{domain}/chats")
    if int(talk) not in account.talks:
        raise Missing("Такой беседы нет.")
    if form["do"] == "close":
        person.close_talk(simulation, account, int(talk))
    else:
        person.reply(simulation, account, int(talk), form["text"])
    return redirect(f"/at/{domain}/chats")
