"""Another amoCRM than the simulator's: a gateway before it that changes what passes, one named difference each."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests import servers


@dataclass
class Passing:
    """A request on its way, and then its answer."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: bytes
    status: int = 0
    document: Any = None  # of the answer; None where it has none

    def asks(self, method: str, path: str, **query: str) -> bool:
        return (self.method, self.path) == (method, f"/api/v4{path}") and all(
            self.query.get(name) == [value] for name, value in query.items()
        )


Change = Callable[[Passing], None]


def _no_customers_mode(one: Passing) -> None:
    if one.asks("GET", "/account"):
        one.document.pop("customers_mode")


def _no_date_format(one: Passing) -> None:
    if one.asks("GET", "/account") and one.document["_embedded"].get("datetime_settings"):
        one.document["_embedded"]["datetime_settings"].pop("date_format")


def _nameless_bots(one: Passing) -> None:
    if one.asks("GET", "/bots") and one.document:
        for bot in one.document["_embedded"]["items"]:
            bot.pop("name")


def _empty_list_is_a_document(one: Passing) -> None:
    if one.asks("GET", "/leads") and one.status == 204:
        one.status, one.document = 200, {"_page": 1, "_embedded": {"leads": []}}


def _words_are_prices(one: Passing) -> None:
    if one.asks("POST", "/leads") and b"a word" in one.body:
        one.body = one.body.replace(b'"a word"', b"0")


def _currency_is_a_sign(one: Passing) -> None:
    if one.asks("GET", "/account"):
        one.document["currency"] = "₽"


def _cents_are_rounded(one: Passing) -> None:
    one.body = one.body.replace(b'"price":1.75', b'"price":2')


def cents_are_shown_and_cut(one: Passing) -> None:
    """An account that says it has them."""
    one.body = one.body.replace(b'"price":1.25', b'"price":1')
    if one.method == "GET" and one.path.startswith("/api/v4/leads/") and "price" in (one.document or {}):
        one.document["price_with_minor_units"] = one.document["price"]


def _complex_is_a_document(one: Passing) -> None:
    if one.asks("POST", "/leads/complex"):
        one.document = {"_embedded": {"leads": one.document}}


def _digits_find_nothing(one: Passing) -> None:
    _finds_nothing(one, lambda count: count >= 10)


def _few_digits_find_nothing(one: Passing) -> None:
    _finds_nothing(one, lambda count: count < 10)


def _finds_nothing(one: Passing, is_so: Callable[[int], bool]) -> None:
    asked = one.query.get("query", [""])[0]
    if one.asks("GET", "/contacts") and asked.isdigit() and is_so(len(asked)):
        one.status, one.document = 204, None


def _short_texts(one: Passing) -> None:
    for value in _values(one, "text"):
        value["value"] = str(value["value"])[:100]


def _next_day(one: Passing) -> None:
    for value in _values(one, "date"):
        value["value"] += 86_400


def _request_ids_are_swapped(one: Passing) -> None:
    if one.method == "POST" and one.path.endswith("/elements"):
        made = one.document["_embedded"]["elements"]
        for element, other in zip(made, reversed([dict(element) for element in made]), strict=True):
            element["request_id"] = other["request_id"]


def _quantities_add_up(one: Passing) -> None:
    if one.method == "GET" and one.path.endswith("/links"):
        for link in one.document["_embedded"]["links"]:
            if link["to_entity_type"] == "catalog_elements":
                link["metadata"]["quantity"] = 5


def _somebody_elses_contact(one: Passing) -> None:
    if one.asks("POST", "/leads/unsorted/forms") and b'"contacts":[{"id":' in one.body:
        one.document["_embedded"]["unsorted"][0]["_embedded"]["contacts"] = [{"id": _strangers[0]}]


def _quiet_at_making(one: Passing) -> None:
    """A deal is told as made, and not with what."""
    if one.asks("GET", "/events") and one.document:
        events = one.document["_embedded"]["events"]
        if "entity_tag_deleted" not in {event["type"] for event in events}:
            events[:] = [event for event in events if event["type"] in ("lead_added", "name_field_changed")]


def _untagged(one: Passing) -> None:
    if one.asks("GET", "/events") and one.document:
        events = one.document["_embedded"]["events"]
        events[:] = [event for event in events if event["type"] != "entity_tag_deleted"]


def _names_are_forgotten(one: Passing) -> None:
    if one.asks("GET", "/events") and one.document:
        for event in one.document["_embedded"]["events"]:
            event["value_before"] = [] if event["type"] == "name_field_changed" else event["value_before"]


_strangers: list[int] = [0]


def _gone_contacts_are_left_out(one: Passing) -> None:
    if one.asks("POST", "/leads") and b'"contacts":[{"id":' in one.body and b"custom_fields" not in one.body:
        one.body = json.dumps([item | {"_embedded": {}} for item in json.loads(one.body)]).encode()


def _the_rest_is_kept(one: Passing) -> None:
    if one.method == "PATCH":
        one.body = one.body.replace(b',"status_id":1}', b"}")


def _half_a_batch(one: Passing) -> None:
    if one.method == "POST" and one.path.endswith("/elements") and b" half" in one.body:
        one.body = json.dumps([item for item in json.loads(one.body) if "custom_fields_values" not in item]).encode()


def _anybody_is_responsible(one: Passing) -> None:
    if one.asks("POST", "/leads") and b"responsible_user_id" in one.body:
        one.body = json.dumps([{"name": item["name"]} for item in json.loads(one.body)]).encode()


def _archives_are_open(one: Passing) -> None:
    if one.asks("POST", "/leads") and b"pipeline_id" in one.body:
        one.body = json.dumps([{"name": item["name"]} for item in json.loads(one.body)]).encode()


def _short_names(one: Passing) -> None:
    if one.method == "GET" and one.path.startswith("/api/v4/leads/") and (one.document or {}).get("name"):
        one.document["name"] = one.document["name"][:200]


def _parts_are_found(one: Passing) -> None:
    """What a whole word of its name finds, the end of it finds, too."""
    if one.method == "GET" and one.path == "/api/v4/leads" and "query" in one.query:
        (query,) = one.query["query"]
        if query == "functions" and one.document:
            _seen[query[3:]] = one.document
        elif query in _seen:
            one.status, one.document = 200, _seen[query]


def _lists_are_not_searched(one: Passing) -> None:
    if one.method == "GET" and one.path.endswith("/elements") and "query" in one.query:
        one.status, one.document = 204, None


def _deleted_ones_are_found(one: Passing) -> None:
    if one.asks("GET", "/contacts") and "forgotten" in one.query.get("query", [""])[0]:
        if one.document:
            _seen["forgotten"] = one.document
        elif "forgotten" in _seen:
            one.status, one.document = 200, _seen["forgotten"]


_seen: dict[str, Any] = {}


def _numbers_are_texts(one: Passing) -> None:
    if one.method == "PATCH" and b'"value":5}' in one.body:
        one.body = one.body.replace(b'"value":5}', b'"value":"5"}')


# What a vendor adds in the course of time, by the name of the list that it comes in.
_MORE: dict[str, dict[str, Any]] = {
    "custom_fields": {"id": 900_001, "name": "Голограмма", "type": "hologram", "code": None, "enums": None},
    "statuses": {"id": 900_002, "name": "Телепатия", "type": 7},
    "users": {"id": 900_003, "name": None, "rights": None},
    "notes": {"id": 900_004, "note_type": "zoom_meeting", "params": None, "created_at": 1},
    "links": {"to_entity_type": "holograms", "to_entity_id": "5e1f", "metadata": None},
    "catalogs": {"id": 900_005, "name": None, "type": "licences"},
    "elements": {"id": 900_006, "name": None, "custom_fields_values": [{"field_code": "SKU", "values": []}]},
    "unsorted": {"uid": "0", "category": "telepathy", "source_uid": None, "created_at": None, "_embedded": None},
    "files": {"uuid": "0", "version_uuid": "0", "file_uuid": "0", "name": None, "created_at": None},
    "custom_fields_values": {
        "field_id": 900_001,
        "field_name": "Голограмма",
        "field_code": None,
        "field_type": "hologram",
        "values": [{"value": {"shape": [1, 2]}}, {"value": None}],
    },
}


def add_more(one: Passing) -> None:
    """Members, types, statuses, entities that nobody knows yet; only to what is read."""
    if isinstance(one.document, dict | list):
        _add_more(one.document, one.method == "GET")


def _add_more(document: Any, is_read: bool) -> None:
    if isinstance(document, list):
        for inner in document:
            _add_more(inner, is_read)
    elif isinstance(document, dict):
        for name, inner in list(document.items()):
            _add_more(inner, is_read)
            if is_read and name in _MORE and isinstance(inner, list):
                inner.insert(0, dict(_MORE[name]))
        document["a_new_member"] = {"of": [None, {"its": "own"}]}


# Those that change what is asked, as well as or instead of what is answered.
_ON_THE_WAY: tuple[Change, ...] = (
    *(_words_are_prices, _cents_are_rounded, cents_are_shown_and_cut),
    *(_gone_contacts_are_left_out, _the_rest_is_kept, _half_a_batch, _numbers_are_texts),
    *(_anybody_is_responsible, _archives_are_open),
)
# By the rule of docs/vendor.md that each breaks.
DIFFERENCES: dict[str, Change] = {
    "account.members": _no_customers_mode,
    "account.datetime_settings": _no_date_format,
    "bots.list": _nameless_bots,
    "account.currency": _currency_is_a_sign,
    "leads.no_cents": _cents_are_rounded,
    "http.empty_list": _empty_list_is_a_document,
    "http.validation": _words_are_prices,
    "leads.complex": _complex_is_a_document,
    "contacts.query": _digits_find_nothing,
    "contacts.few_digits": _few_digits_find_nothing,
    "fields.text_length": _short_texts,
    "fields.dates": _next_day,
    "batch.request_id": _request_ids_are_swapped,
    "links.replace": _quantities_add_up,
    "unsorted.known_contact": _somebody_elses_contact,
    "events.at_making": _quiet_at_making,
    "events.tags": _untagged,
    "unsorted.renamed": _names_are_forgotten,
    "contacts.gone": _gone_contacts_are_left_out,
    "writes.whole": _the_rest_is_kept,
    "batch.whole": _half_a_batch,
    "users.switched_off": _anybody_is_responsible,
    "pipelines.archived": _archives_are_open,
    "entities.name_length": _short_names,
    "fields.types": _numbers_are_texts,
    "search.words": _parts_are_found,
    "search.lag": _lists_are_not_searched,
    "search.deleted": _deleted_ones_are_found,
}


def _values(one: Passing, kind: str) -> list[dict[str, Any]]:
    if (
        one.method != "GET"
        or not one.path.startswith("/api/v4/leads/")
        or "custom_fields_values" not in (one.document or {})
    ):
        return []
    fields = one.document["custom_fields_values"] or []
    return [value for field in fields if field["field_type"] == kind for value in field["values"]]


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    servers.answering(server)
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def hooks_on_their_way(port: int, changed: Callable[[bytes], tuple[bytes, str]]) -> Iterator[str]:
    """An address from which hooks go on to the port, changed: the body, and the type of its content."""

    class Way(_Quiet):
        def do_POST(self) -> None:
            body, kind = changed(self.rfile.read(int(self.headers["Content-Length"])))
            headers = {"Content-Type": kind}
            httpx.post(f"http://127.0.0.1:{port}/", content=body, headers=headers, trust_env=False)
            self.send_response(200)
            self.end_headers()

    with _served(Way) as url:
        yield url


@contextmanager
def before(url: str, changes: list[Change], stranger: int) -> Iterator[str]:
    """The address of a gateway before the simulator at `url`. `stranger`: a contact that nobody may touch."""
    _strangers[0] = stranger
    _seen.clear()
    with httpx.Client(trust_env=False, timeout=30) as client:

        class Gateway(_Quiet):
            def answer(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                one = Passing(self.command, parts.path, parse_qs(parts.query), body)
                for change in changes if one.body else ():
                    if change in _ON_THE_WAY:
                        change(one)
                headers = {name: value for name, value in self.headers.items() if name != "Content-Length"}
                try:
                    sent = client.request(self.command, f"{url}{self.path}", headers=headers, content=one.body)
                except httpx.TransportError:
                    self.close_connection = True  # no answer came, so none goes on
                    return
                one.status = sent.status_code
                if "json" in sent.headers.get("Content-Type", "") and sent.content:
                    one.document = sent.json()
                if sent.is_success:
                    for change in changes:
                        change(one)
                content = sent.content if one.document is None else json.dumps(one.document).encode()
                content = b"" if one.status == 204 else content
                self.send_response(one.status)
                self.send_header("Content-Type", sent.headers.get("Content-Type", "application/hal+json"))
                if one.status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

        with _served(Gateway) as address:
            yield address
