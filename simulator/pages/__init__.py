"""What a person sees of the simulated amoCRM, a module for each subject: which page answers which address.

An account's pages live under `/at/DOMAIN/`, because a browser on this machine cannot reach its real host.
"""

import re
from collections.abc import Callable
from urllib.parse import parse_qs

from simulator.answers import Answer
from simulator.pages import conversations, deals, entities, integrations, outside, pipeline, tasks, widgets
from simulator.pages.showing import BODY, HEADERS, Missing, page
from simulator.simulation import Simulation


def answer(
    simulation: Simulation,
    method: str,
    path: str,
    query: list[tuple[str, str]],
    body: bytes,
    headers: list[tuple[str, str]],
) -> Answer:
    form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    for wanted, pattern, shown in _PAGES:
        match = re.fullmatch(pattern, path)
        if match and method == wanted:
            try:
                scopes = {"scopes": ",".join(value for name, value in query if name == "scopes[]")}
                asked = scopes | dict(query) | form | {BODY: body.decode("utf-8", "replace"), HEADERS: _lines(headers)}
                return shown(simulation, asked, *match.groups())
            except Missing as missing:
                return page("message.html", 404, title="Не найдено", text=str(missing))
    return page("message.html", 404, title="Не найдено", text="Такой страницы у симулятора нет.")


def _lines(headers: list[tuple[str, str]]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers)


def _accounts(simulation: Simulation, _query: dict[str, str]) -> Answer:
    return page("accounts.html", accounts=list(simulation.world.accounts.values())[:200])


_DOMAIN = "/at/([a-z0-9.-]+)"

_PAGES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("GET", "/", _accounts),
    ("GET", "/static/([a-z.]+)", outside.static),
    ("GET", "/site/([a-z.]*)", outside.site),
    ("GET", "/receiver", outside.received),
    ("POST", "/receiver", outside.receive),
    ("GET", "/auth/(button[.]min[.]js)", outside.static),
    ("GET", "/oauth/?", integrations.ask),
    ("POST", "/oauth", integrations.answer),
    ("POST", "/oauth/install", integrations.answer_installation),
    ("GET", f"{_DOMAIN}/", deals.all_of_them),
    ("GET", rf"{_DOMAIN}/leads/detail/(\d+)", deals.one),
    ("GET", rf"{_DOMAIN}/leads/detail/(\d+)/feed", deals.feed),
    ("POST", rf"{_DOMAIN}/leads/detail/(\d+)/move", deals.move),
    ("POST", rf"{_DOMAIN}/leads/detail/(\d+)/bot", deals.ask_bot),
    ("GET", f"{_DOMAIN}/tasks", tasks.all_of_them),
    ("POST", f"{_DOMAIN}/tasks", tasks.act),
    ("GET", f"{_DOMAIN}/(companies|customers)", entities.all_of_them),
    ("POST", f"{_DOMAIN}/(companies|customers)", entities.act),
    ("GET", f"{_DOMAIN}/incoming", conversations.incoming),
    ("POST", f"{_DOMAIN}/incoming", conversations.decide),
    ("GET", f"{_DOMAIN}/chats", conversations.talks),
    ("POST", f"{_DOMAIN}/chats", conversations.write),
    ("GET", f"{_DOMAIN}/pipeline", pipeline.stages),
    ("POST", f"{_DOMAIN}/pipeline", pipeline.add_action),
    ("POST", f"{_DOMAIN}/pipeline/remove", pipeline.remove_action),
    ("GET", f"{_DOMAIN}/widgets/([0-9a-f-]+)/([a-z0-9_/]+[.](?:js|json|png))", widgets.file),
    ("GET", f"{_DOMAIN}/files/([0-9a-f-]+)", deals.file),
    ("GET", f"{_DOMAIN}/one-time-token", integrations.one_time_token),
    ("GET", f"{_DOMAIN}/integrations", integrations.all_of_them),
    ("POST", f"{_DOMAIN}/integrations", integrations.make),
    ("POST", f"{_DOMAIN}/integrations/switch-off", integrations.switch_off),
]
