"""Brings a scene into a demo: accounts, what was saved and sent, what failed, visits of a day."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import jwt

from tests.demo import Demo, connect
from tests.pictures.scenes import Scene

# Of each visit: days after the Wednesday that is shown, the hour at which it begins, and the places of its doctor and
# of its service in the scene.
_VISITS: Final = (
    (0, 9, 0, 0), (0, 10, 1, 1), (0, 10, 0, 1), (0, 11, 2, 0), (0, 12, 1, 0), (0, 14, 0, 0), (0, 15, 2, 1),
    (-2, 9, 0, 1), (-2, 14, 0, 0), (-1, 11, 0, 0), (-1, 15, 0, 1), (1, 10, 0, 0), (1, 12, 0, 0), (2, 14, 0, 1),
)  # fmt: skip
_WORKDAY: Final = ["09:00-13:00", "14:00-18:00"]
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday")
# The day before, as if people had worked: quarters of an hour, more of them about noon.
_YESTERDAY: Final = """
INSERT INTO amocrm_counters (step, at, name, shard, count)
SELECT 1, date_trunc('hour', amocrm_now()) - quarter * interval '15 minutes', one.name, 0, one.share * busy / 100
FROM generate_series(1, 95) AS quarter,
    LATERAL (SELECT 2 + mod(quarter * 7, 5) + 12 * abs(48 - abs(48 - quarter)) / 48 AS busy) AS work,
    (VALUES ('deliveries.accepted', 100), ('deliveries.delivered', 100), ('amocrm.ok', 600), ('amocrm.limited', 20),
        ('amocrm.ms_100', 420), ('amocrm.ms_200', 150), ('amocrm.ms_400', 50), ('refreshes.done', 30))
        AS one (name, share)
"""
_PATIENCE: Final = 90  # seconds; the demo's timer comes every 20


class Stage:
    """A demo with a scene in it."""

    def __init__(self, demo: Demo, scene: Scene) -> None:
        self.demo, self.scene = demo, scene
        self.origin = origin_of(demo)
        self.day = _workday()
        self.leads: dict[str, int] = {}
        make_accounts(demo, scene)
        self.shop = connect(demo, scene.shop)
        self.clinic = connect(demo, scene.clinic, "clinic")
        self._set_up_shop()
        self._set_up_clinic()
        self._deliver()
        demo.sql(_YESTERDAY)

    def amocrm(self, domain: str) -> str:
        return f"{self.origin}/at/{domain}/"

    def app(self) -> str:
        """The app's link for this scene's account, as its own server would make it."""
        now = int(time.time())
        claims = {"aud": "amocrm-functions", "sub": "demo", "iat": now, "exp": now + 3600}
        claims |= {"account_domain": self.scene.shop, "widget_type": "glass"}
        token = jwt.encode(claims, self.demo.setting("APP_JWT_SECRET"), algorithm="HS256")
        return f"{self.demo.app.split('#')[0]}?lang={self.scene.language}#token={token}"

    def consent(self) -> str:
        """Where an administrator is led to authorise the shop anew; its callback page reads the browser's language."""
        with self.demo.http(self.shop) as http:
            started = http.post("/start_connection", json={"language": self.scene.language})
            assert started.status_code == 200, started.text
            return str(started.json()["connect_url"])

    def _post(self, headers: Mapping[str, str], action: str, body: Any, **more: str) -> Any:
        with self.demo.http({**headers, **more}) as http:
            answer = http.post(f"/{action}", json=body)
            assert answer.status_code in (200, 201, 202), (action, answer.text)
            return answer.json()

    def _set_up_shop(self) -> None:
        scene, shop = self.scene, self.shop
        self._post(
            shop, "save_settings", {"company": scene.company, "language": scene.language, "changes": {"is_on": True}}
        )
        self._post(shop, "save_endpoint", {"name": scene.endpoint, "url": f"{self.origin}/receiver"})
        for name, work in scene.automations:
            self._post(shop, "save_automation", {"name": name, "work": work})
        for name, rights in scene.people:
            self._post(shop, "create_administrator", {"name": name, "rights": rights})
        page, server = scene.keys
        self.site_key = self._post(shop, "create_site_key", {"name": page, "origins": [self.origin]})["site_key"]
        self.server_key = self._post(shop, "create_site_key", {"name": server, "is_server": True})
        with self.demo.http(shop) as http:
            found = http.get("/get_leads").json()["leads"]
        self.leads = {part: next(one["id"] for one in found if part in one["name"]) for part in scene.deals}

    def _set_up_clinic(self) -> None:
        scene = self.scene
        bookings = {
            "is_on": True,
            "time_zone": scene.zone,
            "currency": scene.currency,
            "hours": dict.fromkeys(_WEEKDAYS, _WORKDAY),
            "step_minutes": 30,
            "resources": [{"id": f"doctor-{n}", "name": name} for n, name in enumerate(scene.doctors)]
            + [{"id": "room", "name": scene.room, "is_room": True}],
            "services": [
                {"id": f"service-{n}", "name": name, "minutes": minutes, "price": price}
                for n, (name, minutes, price) in enumerate(scene.services)
            ],
        }
        self._post(self.clinic, "save_settings", {"bookings": bookings, "language": scene.language})
        key = self._post(self.clinic, "create_site_key", {"name": scene.keys[0], "origins": [self.origin]})
        self.booking_key = key["site_key"]
        for number, (after, hour, doctor, service) in enumerate(_VISITS):
            at = datetime.combine(self.day + timedelta(days=after), clock(hour), ZoneInfo(scene.zone))
            visit = {"service": f"service-{service}", "resource": f"doctor-{doctor}", "starts_at": at.isoformat()}
            who = number % len(scene.visitors)
            visitor = {"name": scene.visitors[who], "phone": f"{scene.phone}{who + 10}"}
            self._post(self.clinic, "book", visit | {"visitor": visitor})

    def _deliver(self) -> None:
        scene = self.scene
        saved, failed = (str(self.leads[part]) for part in scene.deals)
        lines = [float(one["quantity"]) * one["unit_price"] for one in scene.calculation["items"]]
        content = {**scene.calculation, "number": "K-17", "currency": scene.currency, "total": f"{sum(lines):.2f}"}
        self._post(self.shop, "save_calculation", {"calculation": content}, **{"X-Lead-Id": saved})
        refusal = json.dumps({"status": 400, "title": "Bad Request", "detail": "Request validation failed"})
        where = {"path": "/api/v4/leads/.*/notes", "method": "POST", "times": 1}
        control(self.demo, "fault", kind="status", status=400, body=refusal, **where)
        with self.demo.http({**self.shop, "X-Lead-Id": failed}) as http:
            http.post("/save_calculation", json={"calculation": content | {"number": "K-18"}})
        self.order = self._post(self.shop, "submit_order", scene.order)["delivery_id"]
        self._post(self.shop, "submit_form", scene.form)
        address = f"/?action=submit_form&site_key={self.server_key['site_key']}"
        with self.demo.http() as builder:
            for number in range(3):
                assert builder.post(address, json={**scene.unknown, "tranid": f"{number}"}).status_code == 200
        with self.demo.http(self.shop) as http:
            pipeline = http.get("/get_pipelines").json()["pipelines"][0]
        stage = [one["id"] for one in pipeline["statuses"]][2]
        control(self.demo, "person", domain=scene.shop, kind="leads", id=int(saved), fields={"status_id": stage})
        self._wait()

    def _wait(self) -> None:
        """Until nothing is on its way, and what happened has been told; the timer comes more often than by itself."""
        ends = time.monotonic() + _PATIENCE
        asked = "SELECT count(*) FROM amocrm_deliveries WHERE state NOT IN ('delivered', 'dead')"
        told = "SELECT count(*) FROM amocrm_sends WHERE state = 'delivered'"
        while self.demo.sql(asked) != [(0,)] or self.demo.sql(told) == [(0,)]:
            assert time.monotonic() < ends, self.demo.logs()
            self.demo.press_timer()
            time.sleep(0.5)


def origin_of(demo: Demo) -> str:
    """The simulated amoCRM's, which has the demo's sites, too."""
    return demo.amocrm.split("/at/")[0]


def control(demo: Demo, name: str, /, **body: Any) -> None:
    """As somebody who sets up the simulated amoCRM."""
    address = f"{origin_of(demo).replace('localhost', '127.0.0.1')}/_control/{name}"
    answer = httpx.post(address, json=body, trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text


def make_accounts(demo: Demo, scene: Scene) -> None:
    """Those of the scene that the demo does not have by itself."""
    for account in scene.accounts:
        facts = {"top_level_domain": "kommo.com", "currency": scene.currency, "language": scene.language}
        facts |= {"country": "US"}
        control(demo, "account", **facts, **account)


def _workday() -> date:
    """The second Wednesday to come, so that there is a whole week about it."""
    today = datetime.now(UTC).date()
    return today + timedelta(days=(2 - today.weekday()) % 7 + 7)
