"""A story: an account in the simulator, an integration of it, and the functions around one runtime."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import jwt

from functions.crm_api.handler import handle as crm_api
from functions.oauth_callback.handler import handle as oauth_callback
from shared.connections import integrations
from shared.connections.integrations import Integration
from shared.platform.http import Headers, Request, Response, parse_query
from shared.platform.middleware import serve as really_serve
from shared.runtime import Runtime
from tests import answers
from tests.clocks import MovableClock
from tests.control import Simulator
from tests.owner import Owner
from tests.reading import serve

ADMIN_TOKEN = "admin-token-for-tests-0123456789"
METRICS_TOKEN = "metrics-token-for-tests-0123456789"
APP_SECRET = "application-secret-for-tests-0123456789"
REDIRECT_URI = "https://functions.example/oauth_callback"


def json_of(response: Response) -> Any:
    return json.loads(response.body)


@dataclass
class Story:
    runtime: Runtime
    simulator: Simulator
    clock: MovableClock
    owner: Owner
    domain: str
    account_id: int
    lead_id: int
    client_id: str
    secret: str
    widget_type: str = "glass"

    # --- who asks ---------------------------------------------------------------------------------------------

    def admin(self, domain: str | None = None, widget_type: str | None = None) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {ADMIN_TOKEN}",
            "X-Account-Domain": domain or self.domain,
            "X-Widget-Type": widget_type or self.widget_type,
        }

    def widget(self) -> dict[str, str]:
        """A fresh one-time token, as `$authorizedAjax` sends it."""
        made = self.simulator.control("one-time-token", domain=self.domain, client_id=self.client_id)
        return {"X-Auth-Token": made["token"]}

    def application(self, **changed: Any) -> dict[str, str]:
        now = int(self.clock.now().timestamp())
        claims = {
            "aud": "amocrm-functions",
            "sub": "someone",
            "iat": now,
            "exp": now + 600,
            "account_domain": self.domain,
            "widget_type": self.widget_type,
        }
        return {"Authorization": f"Bearer {jwt.encode(claims | changed, APP_SECRET, algorithm='HS256')}"}

    # --- calls ------------------------------------------------------------------------------------------------

    def crm(
        self,
        action: str,
        headers: dict[str, str],
        body: Any = None,
        *,
        method: str | None = None,
        query: dict[str, str] | None = None,
    ) -> Response:
        """A request to crm_api; POST where there is a body."""
        encoded = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        request = Request(
            method or ("GET" if body is None else "POST"),
            "/",
            (("action", action), *(query or {}).items()),
            Headers(headers.items()),
            encoded,
        )
        response = serve(crm_api, self.runtime, request)
        answers.check(action, response)
        return response

    def callback(self, query: str, **headers: str) -> Response:
        """A visit of the redirect URI."""
        request = Request("GET", "/oauth_callback", parse_query(query), Headers(headers.items()))
        return really_serve(oauth_callback, self.runtime, request)

    # --- chapters ---------------------------------------------------------------------------------------------

    def save_connection(self, **changed: Any) -> Response:
        body = {
            "widget_type": self.widget_type,
            "account_domain": self.domain,
            "client_id": self.client_id,
            "client_secret": self.secret,
        }
        return self.crm("save_connection", self.admin(), body | changed)

    def begin_consent(self, return_to: str | None = None) -> str:
        """Clicks the connect link, and returns the state that amoCRM was given."""
        started = self.crm("start_connection", self.admin(), {"language": "en", "return_to": return_to})
        link = json_of(started)["connect_url"]
        redirected = self.callback(urlsplit(link).query)
        assert redirected.status == 302, redirected.body
        location = dict(redirected.headers)["Location"]
        return parse_qs(urlsplit(location).query)["state"][0]

    def allow(self, state: str | None, domain: str | None = None) -> str:
        """Presses "allow"; the query with which the browser comes back."""
        made = self.simulator.control(
            "consent", domain=domain or self.domain, client_id=self.client_id, **({"state": state} if state else {})
        )
        return urlsplit(str(made["location"])).query

    def connect(self) -> Integration:
        """From nothing to a connected account."""
        assert self.save_connection().status in (200, 201)
        page = self.callback(self.allow(self.begin_consent()))
        assert page.status == 200, page.body.decode()
        return self.row()

    # --- what became of it ------------------------------------------------------------------------------------

    def row(self, domain: str | None = None) -> Integration:
        found = integrations.by_domain(self.runtime.database, domain or self.domain, self.widget_type)
        assert found is not None
        return found

    def row_redirect(self) -> str:
        return self.runtime.settings.redirect_uri

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.owner.sql(statement, *parameters)

    def events(self) -> list[str]:
        """The kinds of all events, the oldest first; without who did what, which has tests of its own."""
        return [kind for (kind,) in self.sql("SELECT kind FROM amocrm_events WHERE actor IS NULL ORDER BY id")]

    def notes(self) -> list[dict[str, Any]]:
        shown = self.simulator.control("show", domain=self.domain)
        notes: list[dict[str, Any]] = shown["notes"].get(f"leads/{self.lead_id}", [])
        return notes

    def delivery(self, delivery_id: str) -> Any:
        return json_of(self.crm("get_delivery", self.admin(), query={"id": str(UUID(delivery_id))}))


def calculation(**changed: Any) -> dict[str, Any]:
    """A body of `save_calculation` that adds up: 2.5 m² at 6200 and a fitting of 1999.99, less 500, plus 1000."""
    content = {
        "number": "2026-17",
        "title": "Душевая перегородка",
        "currency": "RUB",
        "items": [
            {"name": "Стекло 8 мм", "sku": "GL-8", "quantity": "2.5", "unit": "м²", "unit_price": 6200},
            {"name": "Петля", "quantity": 1, "unit": "шт", "unit_price": "1999.99"},
        ],
        "discount": 500,
        "delivery": 1000,
        "total": "17999.99",
    }
    return {"calculation": content | changed}
