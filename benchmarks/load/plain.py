"""Handlers to compare with: one does nothing, one makes the two calls of `get_lead`, one writes a row."""

import os

import flask
import httpx
import psycopg

_client = httpx.Client(base_url=os.environ.get("AMOCRM_GATEWAY", ""), trust_env=False, timeout=20)


def nothing(_: flask.Request) -> flask.Response:
    return flask.jsonify({"status": "ok"})


def two_calls(request: flask.Request) -> flask.Response:
    # A token that is none: amoCRM's answer costs the same way there and back.
    headers = {"Host": request.headers.get("X-Account-Domain", ""), "Authorization": "Bearer none"}
    lead = _client.get(f"/api/v4/leads/{request.headers.get('X-Lead-Id', '0')}", headers=headers)
    people = _client.get("/api/v4/contacts", headers=headers)
    return flask.jsonify({"statuses": [lead.status_code, people.status_code]})


_connections: list[psycopg.Connection[tuple[object, ...]]] = []
_WRITE = """
INSERT INTO amocrm_hints AS old (integration_id, entity_type, entity_id, kinds)
SELECT integration_id, 'bare', %s, '{update}' FROM amocrm_feeds
ON CONFLICT (integration_id, entity_type, entity_id) DO UPDATE SET version = old.version + 1
"""


def write_row(request: flask.Request) -> flask.Response:
    """What is left of a hook where everything is believed: the first number that names something, and a row."""
    ids = (value for key, value in request.form.items() if key.endswith("id]") and value.isdecimal())
    named = next(ids, None)
    if named is None:
        return flask.jsonify({})
    # A connection for each thread would be a pool; one that is taken and given back is enough here.
    connection = _connections.pop() if _connections else psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    connection.execute(_WRITE, (int(named),))
    _connections.append(connection)
    return flask.jsonify({})
