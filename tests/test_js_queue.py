"""The JavaScript client's queue, which outlives the tab, and its uploads: in Chromium, against the real `crm_api`."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from cli import client
from functions.crm_api.handler import handle as crm_api
from functions.run_deliveries.run import run as run_deliveries
from tests.js_client import needs_tools
from tests.js_client.later import meanwhile
from tests.listener import Ingress
from tests.longer import others_long
from tests.story import Story, calculation, json_of

pytestmark = pytest.mark.needs("chromium")

_OPEN = """
async ({ module, options }) => {
  const { connect } = await import(module);
  globalThis.crm = connect(options);
}
"""
_UPLOAD = """
async (body) => {
  const seen = [], onUpload = ({ sent, total }) => seen.push([sent, total]);
  const pdf = new File(["%PDF-1.4\\n", "x".repeat(200_000), "\\n%%EOF"], "plan.pdf");
  await crm.saveCalculation({ ...body, options: { pdf: "upload" }, pdf }, { onUpload });
  return seen;
}
"""
_SAVE = "(body) => crm.saveCalculation(body, { tries: 1 }).then(({ state }) => state, ({ code }) => code)"


@pytest.fixture
def ingress() -> Iterator[Ingress]:
    made = Ingress(crm_api, "crm_api")
    yield made
    made.close()


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context()
    yield made
    made.close()


def _stand_at(page: Page, url: str) -> None:
    """At a page of that origin, which is empty."""
    page.route(f"{url}/empty", lambda route: route.fulfill(content_type="text/html", body="<title>Empty</title>"))
    page.goto(f"{url}/empty")


@pytest.fixture
def tab(story: Story, ingress: Ingress, visitor: BrowserContext) -> Any:
    """Another tab of the visitor's, with a client that has a queue."""
    ingress.runtime = story.runtime
    token = _bearer(story.application())
    module = f"{ingress.url}/client/index.js"

    def opened(**more: Any) -> Page:
        page = visitor.new_page()
        _stand_at(page, ingress.url)
        options = {"api": ingress.url, "token": token, "lead": story.lead_id, "queue": True} | more
        given = {name: value for name, value in options.items() if value is not None}
        page.evaluate(_OPEN, {"module": module, "options": given})
        return page

    return opened


def _saved(story: Story, lead_id: int | None = None) -> int:
    """How often the calculation is in the deal."""
    notes = story.simulator.control("show", domain=story.domain)["notes"].get(f"leads/{lead_id or story.lead_id}", [])
    return sum(note["note_type"] == "common" and "2026-17" in note["params"]["text"] for note in notes)


def _bearer(headers: dict[str, str]) -> str:
    return headers["Authorization"].removeprefix("Bearer ")


def _other_lead(story: Story) -> int:
    leads = story.simulator.control("show", domain=story.domain)["leads"]
    return next(int(one) for one in leads if int(one) != story.lead_id)


def _until(page: Page, count: int) -> None:
    """So many writes wait in the queue."""
    deadline = time.monotonic() + 20
    while page.evaluate("crm.waiting()") != count:
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)


def test_a_save_in_the_tunnel_is_sent_by_the_next_tab(tab: Any, story: Story, visitor: BrowserContext) -> None:
    first = tab()
    visitor.set_offline(True)
    assert first.evaluate(_SAVE, calculation()) == "network"
    assert first.evaluate("crm.waiting()") == 1
    first.close()
    assert _saved(story) == 0
    visitor.set_offline(False)
    _until(tab(), 0)
    assert _saved(story) == 1


@pytest.mark.long
def test_a_save_whose_tab_was_closed_in_the_middle_is_there_once(tab: Any, story: Story, ingress: Ingress) -> None:
    """It was carried out, and nobody heard the answer: the next tab sends it with its key."""
    ingress.faults = ["lost"] * 3
    first = tab()
    asked: list[Route] = []  # what became of it; never answered
    first.route(re.compile("get_delivery"), lambda route: asked.append(route))
    with first.expect_request(re.compile("get_delivery")):
        first.evaluate("(body) => { void crm.saveCalculation(body); }", calculation())
    assert (first.evaluate("crm.waiting()"), _saved(story)) == (1, 1)
    first.close()
    ingress.faults = []
    second, third = tab(), tab()
    _until(second, 0)
    _until(third, 0)
    assert _saved(story) == 1


@pytest.mark.long
def test_when_the_network_is_back_the_queue_goes_on_by_itself(tab: Any, story: Story, visitor: BrowserContext) -> None:
    page = tab()
    visitor.set_offline(True)
    assert page.evaluate(_SAVE, calculation()) == "network"
    visitor.set_offline(False)
    _until(page, 0)
    assert _saved(story) == 1


@pytest.mark.long
def test_when_the_server_is_back_the_queue_goes_on_by_itself(tab: Any, story: Story, ingress: Ingress) -> None:
    """30-K: nobody tells that, and a card stays open all day."""
    page = tab()
    page.clock.install()
    ingress.faults = ["refused"] * 2
    assert page.evaluate(_SAVE, calculation()) == "database_unavailable"
    assert page.evaluate("crm.waiting()") == 1
    page.clock.fast_forward(61_000)
    _until(page, 0)
    assert (_saved(story), ingress.faults) == (1, [])


def test_what_was_refused_does_not_wait(tab: Any) -> None:
    page = tab()
    assert page.evaluate(_SAVE, {"calculation": {}}) == "invalid_input"
    assert page.evaluate("crm.waiting()") == 0


def test_without_storage_a_save_is_sent_all_the_same(tab: Any, story: Story, visitor: BrowserContext) -> None:
    """A private window, or a frame of another site."""
    visitor.add_init_script("Object.defineProperty(globalThis, 'indexedDB', { get() { throw new Error('blocked'); } })")
    page = tab()
    page.evaluate("void crm.on('queued', () => { globalThis.isTold = true; })")
    assert page.evaluate(_SAVE, calculation()) == "delivered"
    assert (page.evaluate("crm.waiting()"), _saved(story)) == (0, 1)
    assert page.evaluate("globalThis.isTold") is None  # what is not kept is not said to be


def test_what_a_full_disk_has_not_kept_is_not_said_to_be_kept(tab: Any, story: Story, visitor: BrowserContext) -> None:
    """30-G9: the browser says so at the end of the transaction; the write is sent all the same."""
    visitor.add_init_script(
        """const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (...given) {
          const request = put.apply(this, given);
          request.addEventListener("success", () => this.transaction.abort());
          return request;
        }"""
    )
    page = tab()
    page.evaluate("void crm.on('queued', () => { globalThis.isTold = true; })")
    assert page.evaluate(_SAVE, calculation()) == "delivered"
    assert (page.evaluate("globalThis.isTold"), _saved(story)) == (None, 1)


def test_a_visitors_clock_may_be_wrong(tab: Any, story: Story, visitor: BrowserContext) -> None:
    visitor.clock.install(time="2020-01-01T00:00:00Z")
    visitor.clock.resume()
    assert tab().evaluate(_SAVE, calculation()) == "delivered"
    assert _saved(story) == 1


def test_bytes_on_their_way_are_told(tab: Any, story: Story) -> None:
    page = tab()
    sent = page.evaluate(_UPLOAD, calculation())
    assert sent[-1][0] == sent[-1][1] > 200_000


@pytest.mark.long
def test_a_file_that_amocrm_does_not_take_at_once_is_followed(tab: Any, story: Story) -> None:
    """Its bytes are counted on their way; how far the delivery is, is asked for as ever."""
    story.simulator.fault("status", status=500, path="/v1.0/sessions", method="POST")

    def run() -> None:
        story.clock.advance(seconds=120)
        run_deliveries(story.runtime, 20)

    page = tab()
    with meanwhile(run):
        sent = page.evaluate(_UPLOAD, calculation())
    assert sent[-1][0] == sent[-1][1] > 200_000
    assert story.sql("SELECT state FROM amocrm_deliveries") == [("delivered",)]


@pytest.mark.long
def test_an_upload_whose_session_has_ended_is_sent_again_by_ones_own_fetch(tab: Any, story: Story) -> None:
    """30-G1: a page in a card renews its session in a `fetch` of its own (web/ui/card.js); bytes go another way."""
    page = tab(queue=None)
    own = """async ({ module, api, good, lead }) => {
      const { connect } = await import(module);
      let token = "old";
      const renewing = async (url, options) => {
        const headers = () => ({ ...options.headers, Authorization: `Bearer ${token}` });
        const asked = () => fetch(url, { ...options, headers: headers() });
        const answer = await asked();
        if (answer.status !== 401) return answer;
        token = good;
        return asked();
      };
      globalThis.crm = connect({ api, lead, token: () => token, fetch: renewing });
    }"""
    api = page.url.removesuffix("/empty")
    given = {"module": f"{api}/client/index.js", "api": api, "lead": story.lead_id}
    page.evaluate(own, given | {"good": _bearer(story.application())})
    page.evaluate(_UPLOAD, calculation())
    assert _saved(story) == 1


@pytest.mark.long
@needs_tools
def test_an_old_page_loads_one_classic_script(tab: Any, story: Story) -> None:
    client.build()
    page = tab()
    classic = (client.FOLDER / "dist" / "amocrm-functions.js").read_text(encoding="utf-8")
    page.evaluate(f"{classic}; globalThis.AmocrmFunctions = AmocrmFunctions")
    token = _bearer(story.application())
    made = page.evaluate(
        "([api, token, lead]) => AmocrmFunctions.connect({ api, token, lead }).getLead().then(({ lead }) => lead.id)",
        [page.url.removesuffix("/empty"), token, story.lead_id],
    )
    assert made == story.lead_id


# --- whose a write is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other", others_long([{"account_domain": "other.amocrm.ru"}, {"sub": "somebody else"}, {"widget_type": "fence"}])
)
def test_what_one_has_written_is_sent_by_nobody_else(
    tab: Any, story: Story, visitor: BrowserContext, other: dict[str, str]
) -> None:
    """30-G9: another account, another caller, another widget type: it waits for its own."""
    first = tab()
    visitor.set_offline(True)
    assert first.evaluate(_SAVE, calculation()) == "network"
    first.close()
    visitor.set_offline(False)
    theirs = tab(token=_bearer(story.application(**other)))
    theirs.evaluate("crm.resume()")
    assert (theirs.evaluate("crm.waiting()"), _saved(story)) == (0, 0)
    own = tab(token=_bearer(story.application(exp=int(time.time()) + 5000)))  # a newer token of the same caller
    _until(own, 0)
    assert _saved(story) == 1


@pytest.mark.long
def test_what_was_written_for_another_server_stays(tab: Any, story: Story, visitor: BrowserContext) -> None:
    """30-G9"""
    elsewhere = tab(api="http://127.0.0.1:9/crm_api")
    assert elsewhere.evaluate(_SAVE, calculation()) == "network"
    elsewhere.close()
    page = tab()
    page.evaluate("crm.resume()")
    assert (page.evaluate("crm.waiting()"), _saved(story)) == (0, 0)
    assert tab(api="http://127.0.0.1:9/crm_api").evaluate("crm.waiting()") == 1


def _session(story: Story, lead_id: int) -> str:
    opened = story.crm("open_session", story.widget(), {"lead_id": lead_id})
    return str(json_of(opened)["session_token"])


@pytest.mark.long
def test_a_session_of_another_deal_is_refused_and_takes_nothing_away(
    tab: Any, story: Story, visitor: BrowserContext
) -> None:
    """30-G9: "This session is for another deal" says nothing of the write; the deal's next session sends it."""
    other = _other_lead(story)
    first = tab(token=_session(story, story.lead_id), caller="user 7 of x")
    visitor.set_offline(True)
    assert first.evaluate(_SAVE, calculation()) == "network"
    first.close()
    visitor.set_offline(False)
    second = tab(token=_session(story, other), lead=other, caller="user 7 of x")
    second.evaluate("crm.resume()")
    assert (second.evaluate("crm.waiting()"), _saved(story), _saved(story, other)) == (1, 0, 0)
    _until(tab(token=_session(story, story.lead_id), caller="user 7 of x"), 0)
    assert (_saved(story), _saved(story, other)) == (1, 0)


@pytest.mark.long
def test_a_write_for_no_deal_is_not_for_the_next_connections_deal(
    tab: Any, story: Story, visitor: BrowserContext
) -> None:
    """30-G9"""
    first = tab(lead=None)
    visitor.set_offline(True)
    assert first.evaluate(_SAVE, calculation()) == "network"
    first.close()
    visitor.set_offline(False)
    _until(tab(), 0)  # there is no such calculation: it is refused
    assert _saved(story) == 0


@pytest.mark.long
@pytest.mark.parametrize(
    ("status", "answer"),
    others_long(
        [(403, "<h1>Log in to the hotel's network</h1>"), (404, "<h1>404</h1>"), (400, '{"message":"Bad Request"}')]
    ),
)
def test_what_somebody_on_the_way_refuses_stays(
    tab: Any, story: Story, visitor: BrowserContext, status: int, answer: str
) -> None:
    """30-K: a hotel's network, a gateway whose function is being deployed: only crm_api itself refuses for good."""
    page = tab()
    page.evaluate("void crm.on('failed', ({ isFinal }) => { globalThis.isFinal = isFinal; })")
    visitor.route(re.compile("action="), lambda route: route.fulfill(status=status, body=answer))
    assert page.evaluate(_SAVE, calculation()) == "unknown"
    assert (page.evaluate("crm.waiting()"), page.evaluate("isFinal")) == (1, False)
    page.close()
    again = tab()
    again.evaluate("crm.resume()")
    assert again.evaluate("crm.waiting()") == 1
    visitor.unroute(re.compile("action="))
    _until(tab(), 0)
    assert _saved(story) == 1


def test_what_is_too_large_for_a_gateway_does_not_wait(tab: Any, visitor: BrowserContext) -> None:
    """30-K: it would be so each time."""
    page = tab()
    visitor.route(re.compile("action="), lambda route: route.fulfill(status=413, body='{"message":"Too long"}'))
    assert page.evaluate(_SAVE, calculation()) == "unknown"
    assert page.evaluate("crm.waiting()") == 0


def test_a_queue_that_cannot_know_whose_it_is_says_so(tab: Any, story: Story) -> None:
    """30-G9: a session's token names nobody."""
    page = tab(token=_session(story, story.lead_id))
    told = page.evaluate("(body) => crm.saveCalculation(body).catch((error) => error.message)", calculation())
    assert "give `caller`" in told
    assert _saved(story) == 0


_WIDGET = """
async ({ module, api, lead, tokens, system }) => {
  const { connect } = await import(module);
  const $authorizedAjax = ({ url, method, data, contentType }) => {
    const told = {}, headers = { "Content-Type": contentType, "X-Auth-Token": tokens.shift() ?? "" };
    const promise = { done: (good) => (told.good = good, promise), fail: (bad) => (told.bad = bad, promise) };
    fetch(url, { method, body: data, headers }).then(
      async (answer) => (answer.ok ? told.good(await answer.json()) : told.bad({ status: answer.status })),
      () => told.bad({ status: 0 }),
    );
    return promise;
  };
  const widget = { system: () => system, $authorizedAjax };
  globalThis.crm = connect({ api, widget, lead: lead ?? undefined, queue: true });
}
"""


@pytest.mark.long
@pytest.mark.vendor("widget.system")
def test_a_card_sends_what_was_written_in_another_card(
    tab: Any, story: Story, ingress: Ingress, visitor: BrowserContext
) -> None:
    """30-G9: by the same user, and into the deal for which it was written, in a session of that deal."""
    other = _other_lead(story)
    module = f"{ingress.url}/client/index.js"

    def card(lead: int | None, user: int) -> Page:
        page = visitor.new_page()
        _stand_at(page, ingress.url)
        tokens = [story.widget()["X-Auth-Token"] for _ in range(3)]
        system = {"subdomain": story.domain.split(".")[0], "amouser_id": user}
        given = {"module": module, "api": ingress.url, "lead": lead, "tokens": tokens, "system": system}
        page.evaluate(_WIDGET, given)
        return page

    ingress.runtime = story.runtime
    first = card(story.lead_id, 7)
    visitor.set_offline(True)
    assert first.evaluate(_SAVE, calculation()) == "network"
    first.close()
    visitor.set_offline(False)
    colleague = card(story.lead_id, 8)
    colleague.evaluate("crm.resume()")
    colleague.wait_for_timeout(300)
    assert _saved(story) == 0
    _until(card(other, 7), 0)
    assert (_saved(story), _saved(story, other)) == (1, 0)

    list_of_deals = card(None, 7)
    visitor.set_offline(True)
    assert list_of_deals.evaluate(_SAVE, calculation()) == "network"
    list_of_deals.close()
    visitor.set_offline(False)
    _until(card(other, 7), 0)  # of no deal, there is no such calculation: it is refused
    assert (_saved(story), _saved(story, other)) == (1, 0)


@pytest.mark.long
def test_an_accepted_write_holds_up_no_other(tab: Any, story: Story, visitor: BrowserContext) -> None:
    """30-G9: what the server has accepted is the server's to finish, however long amoCRM refuses."""
    story.simulator.fault("status", status=500, path="/api/v4/leads/[0-9]+/notes", method="POST", times=1000)
    first = tab()
    visitor.set_offline(True)
    assert first.evaluate(_SAVE, calculation()) == "network"
    assert first.evaluate(_SAVE, calculation(number="2026-18")) == "network"
    first.close()
    visitor.set_offline(False)
    _until(tab(), 0)
    assert story.sql("SELECT state, count(*) FROM amocrm_deliveries GROUP BY state") == [("accepted", 2)]
    page = tab()
    page.evaluate("(body) => { void crm.saveCalculation(body); }", calculation(number="2026-19"))
    page.wait_for_timeout(500)
    _until(page, 0)
    assert story.sql("SELECT state, count(*) FROM amocrm_deliveries GROUP BY state") == [("accepted", 3)]


def test_what_waits_can_be_taken_out(tab: Any, story: Story, visitor: BrowserContext) -> None:
    """30-G9: what nobody may send any more would else wait for ever."""
    page = tab()
    visitor.set_offline(True)
    key = page.evaluate("(body) => crm.saveCalculation(body, { tries: 1 }).catch(({ key }) => key)", calculation())
    page.evaluate("(key) => crm.discard(key)", key)
    assert page.evaluate("crm.waiting()") == 0
    visitor.set_offline(False)
    page.evaluate("crm.resume()")
    assert _saved(story) == 0


# --- cancelling -------------------------------------------------------------------------------------------------------

_CANCELLED = """
async ({ body, when, options }) => {
  const stop = new AbortController();
  if (when === "before") stop.abort(new Error("enough"));
  if (when === "queued") crm.on("queued", () => stop.abort(new Error("enough")));
  if (when === "retry") crm.on("retry", () => stop.abort(new Error("enough")));
  const pdf = options.pdf ? new File(["%PDF-1.4\\n%%EOF"], "plan.pdf") : undefined;
  const asked = crm.saveCalculation({ ...body, ...(pdf ? { options: { pdf: "upload" }, pdf } : {}) },
    { signal: stop.signal, ...(pdf ? { onUpload: () => {} } : {}) });
  if (when === "at once") stop.abort(new Error("enough"));
  return asked.then(({ state }) => state, ({ message }) => message);
}
"""


@pytest.mark.parametrize(
    ("when", "options"),
    [
        *((when, options) for when in ("before", "at once", "queued") for options in ({}, {"pdf": True})),
        *((when, {"queue": False, "pdf": True}) for when in ("before", "at once")),
    ],
)
def test_what_was_cancelled_early_is_not_sent(tab: Any, story: Story, when: str, options: dict[str, bool]) -> None:
    """30-G10: neither now nor later, with a file or without."""
    page = tab(queue=options.get("queue", True))
    assert page.evaluate(_CANCELLED, {"body": calculation(), "when": when, "options": options}) == "enough"
    assert page.evaluate("crm.waiting()") == 0
    page.evaluate("crm.resume()")
    assert (_saved(story), story.sql("SELECT count(*) FROM amocrm_deliveries")) == (0, [(0,)])


def test_what_was_cancelled_offline_is_not_sent_later(tab: Any, story: Story, visitor: BrowserContext) -> None:
    """30-G10"""
    page = tab()
    visitor.set_offline(True)
    assert page.evaluate(_CANCELLED, {"body": calculation(), "when": "retry", "options": {}}) == "enough"
    visitor.set_offline(False)
    next_one = tab()
    next_one.evaluate("crm.resume()")
    assert (next_one.evaluate("crm.waiting()"), _saved(story)) == (0, 0)
