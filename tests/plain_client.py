"""An amoCRM client of the plainest kind, that knows nothing of ours."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from shared.platform import tls
from tests.control import Simulator

REDIRECT = "https://x.example/cb"


class Client:
    """In a new account, through a new integration."""

    def __init__(self, simulator: Simulator, **facts: Any) -> None:
        self.simulator = simulator
        made = simulator.control("account", subdomain=f"sim{time.time_ns()}", **facts)
        self.domain, self.id, self.leads, self.users = made["domain"], made["id"], made["leads"], made["users"]
        self.client = simulator.control("integration", redirect_uri=REDIRECT)
        self.http = httpx.Client(
            base_url=simulator.url, verify=tls.authorities(), trust_env=False, headers={"Host": self.domain}
        )
        self.pair: dict[str, Any] = {}

    def code(self) -> str:
        made = self.simulator.control("consent", domain=self.domain, client_id=self.client["id"], state="s")
        return parse_qs(urlsplit(str(made["location"])).query)["code"][0]

    def token(self, **grant: str) -> httpx.Response:
        body = {"client_id": self.client["id"], "client_secret": self.client["secret"], "redirect_uri": REDIRECT}
        return self.http.post("/oauth2/access_token", json=body | grant)

    def connect(self) -> "Client":
        answer = self.token(grant_type="authorization_code", code=self.code())
        assert answer.status_code == 200, answer.text
        self.pair = answer.json()
        self.http.headers["Authorization"] = f"Bearer {self.pair['access_token']}"
        return self

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(f"/api/v4{path}", params=params)

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.http.post(f"/api/v4{path}", json=body)

    def contacts(self) -> list[int]:
        return [one["id"] for one in self.get("/contacts").json()["_embedded"]["contacts"]]
