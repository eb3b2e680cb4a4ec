"""Files that are no account's: the pages' own, the example of a company's site, and a company's server for the demo."""

import json
from importlib import metadata
from pathlib import Path

from simulator.answers import Answer
from simulator.pages.showing import BODY, HEADERS, HERE, Missing, Query, as_json, language_of, page
from simulator.simulation import Simulation

_STATIC_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_SITE_TYPES = _STATIC_TYPES | {".html": "text/html; charset=utf-8"}
_SITE = {file.name: file for file in (HERE.parent / "examples" / "site").glob("*") if file.suffix in _SITE_TYPES}
_STATIC = {file.name: file for file in (HERE / "static").iterdir() if file.suffix in _STATIC_TYPES}

_STATIC["jquery.js"] = next(
    Path(str(file.locate())) for file in metadata.files("xstatic-jquery") or () if file.name == "jquery.min.js"
)


def static(_simulation: Simulation, _query: Query, name: str) -> Answer:
    file = _STATIC.get(name)
    if file is None:
        raise Missing("Такого файла нет.")
    return Answer(200, file.read_bytes(), _STATIC_TYPES[file.suffix])


def site(_simulation: Simulation, _query: Query, name: str) -> Answer:
    """The example of a company's site; it has nothing to do with amoCRM, but a browser needs some address for it."""
    file = _SITE.get(name or "index.html")
    if file is None:
        raise Missing("Такой страницы на сайте нет.")
    return Answer(200, file.read_bytes(), _SITE_TYPES[file.suffix])


def receive(simulation: Simulation, form: Query) -> Answer:
    """A company's own server, for the demo: it takes whatever it is told."""
    simulation.received.appendleft((form[HEADERS], form[BODY]))
    return as_json({})


def received(simulation: Simulation, query: Query) -> Answer:
    shown = [(headers, _read(body)) for headers, body in simulation.received]
    return page("receiver.html", messages=shown, reads=language_of(query))


def _read(body: str) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body
