"""What a company's own page loads from us, with all that such a page may do: own scripts, any names, any next page."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, Route, expect

from shared.platform.http import Response
from tests.demo import ROOT
from tests.listener import Ingress, Site
from tests.longer import others_long
from tests.story import Story, json_of
from tests.submitting import account, set_up

pytestmark = pytest.mark.needs("chromium")

FIELDS = '<input name="name" value="Нина"><input name="phone" value="+7 916 555-44-33">'
SLOW_SECONDS = 2


class _Site(Site):
    """`/slow` takes its time, `/nothing` is no page."""

    def respond(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response | None:
        if path == "/slow":
            time.sleep(SLOW_SECONDS)
        return Response(204) if path == "/nothing" else super().respond(method, path, headers, body)


@pytest.fixture
def shown(story: Story, ingress: Ingress, chromium: Browser) -> Iterator[Any]:
    """The site's page with a form of these fields and attributes, and a script of the site's own."""
    set_up(story, time_trap_seconds=0)
    site = _Site()
    own = f"http://{site.host}"
    made = story.crm("create_site_key", story.admin(), {"name": "Site", "origins": [own]})
    context = chromium.new_context(locale="en-GB")

    def opened(
        fields: str = FIELDS,
        attributes: str = "",
        script: str = "",
        path: str = "/price",
        html: str = "",
        language: str = "en",
        tag: str = '<script src="{api}/form/embed.js" data-key="{key}"></script>',
    ) -> Page:
        tag = tag.format(api=ingress.url, key=json_of(made)["site_key"])
        form = f'<form id="one" data-crm="Call" {attributes}>{fields}<button id="go">OK</button></form>'
        site.html = html or (
            f'<!doctype html><html lang="{language}"><title>x</title>{form}{tag}<script>{script}</script></html>'
        )
        page = context.new_page()
        remember = "addEventListener(`crm:${name}`, () => sessionStorage.told = `${sessionStorage.told ?? ''} ${name}`)"
        page.add_init_script(f"for (const name of ['sent', 'failed']) {remember}")
        page.goto(own + path)
        return page

    yield opened
    context.close()
    site.close()


def _count(story: Story) -> int:
    ((count,),) = story.sql("SELECT count(*) FROM amocrm_deliveries")
    return int(count)


def _told(page: Page) -> str:
    return str(page.evaluate("sessionStorage.told ?? ''")).strip()


def _press(page: Page) -> None:
    page.evaluate(
        "HTMLFormElement.prototype.requestSubmit.call(document.querySelector('#one'), document.querySelector('#go'))"
    )


def _sent_bodies(page: Page) -> list[Any]:
    """What is sent from now on."""
    bodies: list[Any] = []

    def remember(route: Route) -> None:
        if route.request.method == "POST":
            bodies.append(json.loads(route.request.post_data or "null"))
        route.continue_()

    page.route(re.compile("submit_form"), remember)
    return bodies


@pytest.mark.long
def test_a_second_press_while_the_next_page_loads_sends_nothing(shown: Any, story: Story) -> None:
    """30-G11: the form was sent; until the next page is there, this one still is."""
    page = shown(attributes='data-redirect="/slow"')
    page.evaluate(
        """() => {
          const press = () => document.querySelector("#one").requestSubmit();
          addEventListener("crm:sent", () => {
            document.querySelector("[name=name]").value = "Nina"; // another one, as far as can be seen
            setInterval(press, 100);
          });
          press();
        }"""
    )
    page.wait_for_url("**/slow")
    assert (_count(story), _told(page)) == (1, "sent")


@pytest.mark.long
@pytest.mark.parametrize("place", others_long(["form", "document", "document.body"]))
def test_what_the_pages_own_check_refuses_is_not_sent(shown: Any, story: Story, place: str) -> None:
    """30-G11: also where it listens after us, and further out."""
    place = "document.querySelector('#one')" if place == "form" else place
    check = "if (!window.isGood) event.preventDefault()"
    page = shown(script=f"{place}.addEventListener('submit', (event) => {{ {check}; }})")
    _press(page)
    page.wait_for_timeout(300)
    assert (_count(story), _told(page)) == (0, "")
    page.evaluate("window.isGood = true")
    _press(page)
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    assert (_count(story), _told(page)) == (1, "sent")


# What embed.js itself uses of a form, and what a page may name its controls.
_HIDING = [
    "reset",
    "matches",
    "dataset",
    "querySelector",
    "appendChild",
    "dispatchEvent",
    "getAttribute",
    "setAttribute",
]


def test_a_control_may_have_any_name(shown: Any, story: Story) -> None:
    """30-G11: it hides what the form itself can do; the form is sent once all the same, and is alive."""
    hiding = [*_HIDING, "removeAttribute", "submit", "action", "elements", "id", "nodeType"]
    page = shown(FIELDS + "".join(f'<input name="{name}" value="x">' for name in hiding))
    for count in (1, 2):
        page.evaluate("(count) => { document.querySelector('[name=phone]').value = `+7 916 555-44-3${count}`; }", count)
        _press(page)
        page.wait_for_function("document.querySelector('[data-crm-result]')?.textContent.startsWith('Thank you!')")
        page.evaluate("document.querySelector('[data-crm-result]').textContent = ''")
        assert _count(story) == count
    assert (_count(story), _told(page)) == (2, "sent sent")


def test_a_field_may_have_any_name(shown: Any, story: Story) -> None:
    """30-G11: also those that every object has."""
    names = ["constructor", "toString", "hasOwnProperty", "[]", "list[]"]
    page = shown(FIELDS + "".join(f'<input name="{name}" value="of {name}">' for name in names))
    bodies = _sent_bodies(page)
    page.locator("#go").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    assert bodies[0]["fields"] == {name.removesuffix("[]") or name: [f"of {name}"] for name in names}
    notes = json.dumps(account(story)["notes"], ensure_ascii=False)
    assert all(f"of {name}" in notes for name in names)


@pytest.mark.parametrize("redirect", others_long(["https://[::1", "http://", "#thanks", "/price#thanks"]))
def test_a_next_page_that_is_none_leaves_the_form_alive(shown: Any, story: Story, redirect: str) -> None:
    """30-G11: it was sent, and is not told otherwise; the next one can be filled in."""
    page = shown(attributes=f'data-redirect="{redirect}"')
    page.locator("[name=name]").fill("Ольга")
    page.locator("#go").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    expect(page.locator("[name=name]")).to_have_value("Нина")
    expect(page.locator("#one")).not_to_have_attribute("aria-busy", "true")
    assert (_count(story), _told(page)) == (1, "sent")


@pytest.mark.long
def test_a_next_page_that_never_comes_leaves_the_form_alive(shown: Any, story: Story) -> None:
    """30-G11: a download, or an address of another app."""
    page = shown(attributes='data-redirect="/nothing"')
    page.clock.install()
    with page.expect_response("**/nothing"):
        page.locator("#go").click()
    expect(page.locator("#one")).to_have_attribute("aria-busy", "true")
    page.clock.run_for(11_000)
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    expect(page.locator("#one")).not_to_have_attribute("aria-busy", "true")
    assert (_count(story), _told(page)) == (1, "sent")


def test_a_copy_of_a_form_that_is_under_way_is_alive(shown: Any, story: Story, ingress: Ingress) -> None:
    """30-G11: builders copy forms, with all of their attributes."""
    page = shown(attributes='aria-busy="true"')
    page.locator("#go").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you!")


def test_several_values_of_one_meaning_are_all_there(shown: Any, story: Story) -> None:
    """30-H7, of the script: as of a plain form."""
    page = shown(
        f'{FIELDS}<input name="phone" value="+7 916 000-11-22"><input name="phone" value="">'
        '<input name="name" value="Anna">'
        '<textarea name="comment">one</textarea><textarea name="comment">two</textarea>'
        '<input name="utm_source" value=""><input name="page" value="https://site.example/special">',
        path="/price?utm_source=ya",
    )
    page.evaluate("Object.assign(document.querySelector('#go'), { name: 'way', value: 'by post' })")
    bodies = _sent_bodies(page)
    page.locator("#go").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    assert bodies[0]["contact"] == {"name": "Нина", "phone": ["+7 916 555-44-33", "+7 916 000-11-22"]}
    assert bodies[0]["comment"] == "one\ntwo"
    assert bodies[0]["fields"] == {"name (2)": ["Anna"], "way": ["by post"]}
    assert bodies[0]["tracking"] == {"utm_source": "ya"}
    assert bodies[0]["form"] == {"name": "Call", "page": "https://site.example/special"}


def test_what_a_form_and_its_address_say_differently_is_all_there(shown: Any, story: Story) -> None:
    """38-R9: of a visit the address' other value was lost, and so were an e-mail address or a phone whose name begins
    with an underscore, and whatever is called `action`; a plain form keeps them."""
    page = shown(
        '<input name="_replyto" value="nina@example.org"><input name="_phone" value="+7 916 555-44-33">'
        '<input name="action" value="Repair"><input name="_nonce" value="1764444444"><input name="_trap">'
        '<input name="_opened_at" value="1764444444000"><input name="utm_source" value="first">'
        '<input name="utm_medium" value="cpc">',
        path="/price?utm_source=ya&utm_medium=cpc&utm_term=a&utm_term=b",
    )
    bodies = _sent_bodies(page)
    page.locator("#go").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    assert bodies[0]["tracking"] == {"utm_source": "first", "utm_medium": "cpc", "utm_term": "a"}
    assert bodies[0]["fields"] == {
        "_replyto": ["nina@example.org"],
        "_phone": ["+7 916 555-44-33"],
        "action": ["Repair"],
        "utm_source": ["ya"],
        "utm_term": ["b"],
    }


def test_who_was_faster_than_the_script_is_no_robot(shown: Any, story: Story) -> None:
    """On a slow line, and where a consent manager or an optimiser lets scripts in late, the form is filled in by then:
    sent in the moment after, it was thrown away as a robot's, and its visitor was thanked."""
    set_up(story, time_trap_seconds=1)
    late = """setTimeout(() => {{
        const tag = document.createElement("script"); tag.src = "{api}/form/embed.js?key={key}";
        tag.onload = () => document.querySelector("#go").click(); document.head.append(tag);
    }}, 1000);"""
    page = shown(tag=f"<script>{late}</script>")
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    assert _count(story) == 1


def test_marks_of_a_visit_outlive_the_address_they_came_by(shown: Any, story: Story) -> None:
    """A page of React or Vue leads on without loading, other scripts clean the address, and the tag may come after:
    whose advertisement it was stood in no deal."""
    later = """history.pushState(null, "", "/contacts?tab=2");
        const tag = document.createElement("script"); tag.src = "{api}/form/embed.js?key={key}";
        tag.onload = () => tag.id = "there"; document.head.append(tag);"""
    page = shown(tag=f"<script>{later}</script>", path="/price?utm_source=ya&yclid=7&page=3#top")
    page.wait_for_selector("#there", state="attached")
    bodies = _sent_bodies(page)
    page.locator("#go").click()
    page.wait_for_function("sessionStorage.told === ' sent'")
    assert bodies[0]["tracking"] == {"utm_source": "ya", "yclid": "7"}
    assert bodies[0]["form"]["page"].endswith("/contacts")
    page.evaluate("history.pushState(null, '', '/contacts?utm_source=banner')")
    page.locator("#go").click()
    page.wait_for_function("sessionStorage.told === ' sent sent'")
    assert bodies[1]["tracking"] == {"utm_source": "banner"}


# How MooTools (Joomla 3) and Prototype (Magento) make an array: neither knows what is no list, and can only be gone
# through.
_MOOTOOLS = """Array.from = (given) => given == null ? []
    : typeof given !== "string" && typeof given.length === "number" ? Array.prototype.slice.call(given) : [given];"""
_PROTOTYPE = """Array.from = (given) => {
    if (!given) return [];
    if ("toArray" in Object(given)) return given.toArray();
    let length = given.length || 0;
    const made = new Array(length);
    while (length--) made[length] = given[length];
    return made;
};"""


@pytest.mark.parametrize("library", others_long([_PROTOTYPE, _MOOTOOLS]))
def test_a_form_arrives_whole_from_a_page_whose_library_has_replaced_what_arrays_do(
    shown: Any, story: Story, library: str
) -> None:
    """No form could be sent from such a page: to the one it was empty, to the other a single value without a name."""
    page = shown(script=library, path="/price?utm_source=ya")
    bodies = _sent_bodies(page)
    page.locator("#go").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    assert bodies[0]["contact"] == {"name": "Нина", "phone": "+7 916 555-44-33"}
    assert bodies[0]["tracking"] == {"utm_source": "ya"}


def test_where_or_since_when_is_no_mark_of_a_visit(shown: Any, story: Story) -> None:
    """As of a plain form: `from` beside `to` is an answer."""
    page = shown(f'{FIELDS}<input name="from" value="12 High Street"><input name="to" value="The airport">')
    bodies = _sent_bodies(page)
    page.locator("#go").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    assert bodies[0]["fields"] == {"from": ["12 High Street"], "to": ["The airport"]}


@pytest.mark.long
@pytest.mark.parametrize("missing", ["index.js", "request.js"])
def test_a_form_is_sent_although_the_client_did_not_come_at_first(shown: Any, story: Story, missing: str) -> None:
    """38-R1: Firefox 153, and all browsers before the middle of 2026, keep a module's failure at its address for as
    long as the page is open: it is asked for at another one."""
    page = shown()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith(missing) else None)
    page.route(re.compile(f"/client/{missing}"), lambda route: route.abort("failed"), times=1)
    page.locator("[name=name]").focus()
    page.wait_for_load_state("networkidle")
    page.locator("#go").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    assert (_count(story), _told(page), len(set(asked))) == (1, "sent", 2)


@pytest.mark.long
def test_what_is_typed_while_the_answer_takes_its_time_stays(shown: Any, story: Story) -> None:
    """38-R1: a phone that was put right meanwhile was wiped off with the form that had been sent."""
    page = shown()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile("action=submit_form"), hold, times=1)
    with page.expect_request(re.compile("action=submit_form")):
        page.locator("#go").click()
    page.locator("[name=phone]").fill("+7 916 555-44-00")
    held[0].fallback()
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    expect(page.locator("[name=phone]")).to_have_value("+7 916 555-44-00")
    page.locator("#go").click()
    expect(page.locator("[name=phone]")).to_have_value("+7 916 555-44-33")  # as the page had it at first
    assert (_count(story), _told(page)) == (2, "sent sent")


# As Google Tag Manager does with the form trigger's "Wait for Tags", and Plausible with its tagged forms.
_WAITS = """document.addEventListener('submit', (event) => {
  event.preventDefault();
  setTimeout(() => HTMLFormElement.prototype.submit.call(event.target), 300);
}, true)"""
# As a captcha's callback does, and jQuery's check of the fields.
_SUBMITS = "document.querySelector('#go').onclick = (event) => { event.preventDefault(); event.target.form.submit(); }"


@pytest.mark.long
@pytest.mark.parametrize(("script", "attributes"), [(_WAITS, ""), (_SUBMITS, ""), (_WAITS, 'action="#" method="GET"')])
def test_a_form_that_a_script_sends_by_itself_arrives(shown: Any, story: Story, script: str, attributes: str) -> None:
    """`form.submit()` tells nobody of it: the page came anew with the phone in its address, and nothing arrived."""
    page = shown(script=script, attributes=attributes, path="/price?utm_source=ya&x=1")
    page.locator("[name=name]").fill("Ольга")
    page.locator("#go").click()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    assert _count(story) == 1
    (lead,) = (one for one in account(story)["leads"].values() if "Call" in one["name"])
    assert "'ya'" in str(lead["custom_fields_values"])
    notes = json.dumps(account(story)["notes"], ensure_ascii=False)
    assert "Ольга" in json.dumps(account(story)["contacts"], ensure_ascii=False)
    assert "/price" in notes
    assert "utm_source=ya" not in notes


# What Joomla's buttons do, and whoever writes so.
_TWICE = "document.querySelector('#go').onclick = (event) => event.target.form.submit()"


def test_a_button_that_sends_its_form_by_itself_sends_it_once(shown: Any, story: Story) -> None:
    """Its press sends it, too: without us the one takes the other's place, and our request came beside it."""
    page = shown(script=_TWICE, attributes='data-redirect="/thanks?order=1"')
    page.locator("[name=name]").fill("Ольга")
    page.locator("#go").click()
    page.wait_for_url("**/thanks?order=1")
    page.wait_for_timeout(1000)
    assert _count(story) == 1


@pytest.mark.parametrize("attributes", ['action="/own.php"', 'method="post"', 'action="" method="POST"'])
def test_a_form_that_a_page_sends_to_its_own_server_goes_there(shown: Any, story: Story, attributes: str) -> None:
    page = shown(script=_WAITS, attributes=attributes)
    page.locator("[name=name]").fill("Ольга")
    with page.expect_navigation():
        page.locator("#go").click()
    assert _count(story) == 0


@pytest.mark.long
def test_a_browser_that_is_too_old_for_the_client_sends_all_the_same(shown: Any, story: Story) -> None:
    """It was told that the server does not answer, whatever it tried: Safari 13 knows no fields of a class. What is
    missing is named, as in the page that a plain form is answered with: it was told that something "is required"."""
    page = shown()
    old = "export class Client { listeners = ; }"
    page.route(re.compile("/client/"), lambda route: route.fulfill(content_type="text/javascript", body=old))
    lost: list[int] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch(max_retries=2).status)
        route.abort("failed")

    page.route(re.compile("action=submit_form"), lose, times=1)
    page.locator("#go").click()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    page.locator("#go").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    assert (lost, _count(story), _told(page)) == ([200], 1, "failed sent")
    set_up(story, forms={"required": ["email"]}, time_trap_seconds=0)
    page.locator("[name=phone]").fill("+7 916 555-44-00")
    page.locator("#go").click()
    expect(page.get_by_role("alert")).to_have_text("Not sent. email: is required.")


@pytest.mark.long
def test_a_tag_that_lost_its_attributes_has_its_key_in_its_address(shown: Any, story: Story) -> None:
    """Google Tag Manager keeps no `data-…` of a script: the key was lost, and the form told of a silent server."""
    page = shown(tag='<script src="{api}/form/embed.js?key={key}&lang=es"></script>')
    page.locator("#go").click()
    expect(page.get_by_role("status")).to_contain_text("¡Gracias!")
    assert _count(story) == 1


def test_a_page_in_a_language_that_we_do_not_speak_is_answered_in_its_readers(shown: Any, story: Story) -> None:
    """A page in Kazakh, or one that calls itself "RU", answered a reader of Russian in English."""
    shown().context.add_init_script("Object.defineProperty(navigator, 'languages', { get: () => ['kk', 'ru-RU'] })")
    for language, words in (("kk-KZ", "Спасибо!"), ("UZ", "Rahmat!")):
        page = shown(language=language)
        page.locator("#go").click()
        expect(page.get_by_role("status")).to_contain_text(words)
    assert _count(story) == 2


@pytest.mark.long
def test_it_is_said_that_a_form_is_under_way(shown: Any, story: Story) -> None:
    """38-4: nothing was, and the line was made with its text in it, which a screen reader does not read."""
    page = shown()
    held: list[Route] = []
    page.route(re.compile("action=submit_form"), lambda route: held.append(route), times=1)
    with page.expect_request(re.compile("action=submit_form")):
        page.locator("#go").click()
    expect(page.get_by_role("status")).to_have_text("Sending…")
    page.evaluate("window.line = document.querySelector('[role=status]')")
    held[0].fallback()
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    assert page.evaluate("window.line === document.querySelector('[role=status]')")
    assert _count(story) == 1


@pytest.mark.long
@pytest.mark.parametrize("place", ["head", "body"])
def test_the_booking_page_is_seen_wherever_its_tag_stands(
    shown: Any, story: Story, ingress: Ingress, place: str
) -> None:
    """30-G11: a tag manager puts it into the head, where nothing is shown."""
    tag = f'<script src="{ingress.url}/booking/embed.js" data-key="site_x" data-title="Visits"></script>'
    if place == "head":
        tag = f'<script src="{ingress.url}/booking/embed.js?key=site_x&lang=es&title=Visits"></script>'
    head, body = (tag, "") if place == "head" else ("", tag)
    page = shown(html=f"<!doctype html><html><head>{head}</head><body><p>Clinic</p>{body}</body></html>")
    expect(page.locator("body iframe[title=Visits]")).to_be_visible()
    assert "key=site_x" in (page.locator("iframe").get_attribute("src") or "")


@pytest.fixture
def clinic(story: Story, ingress: Ingress, chromium: Browser) -> Iterator[tuple[Page, FrameLocator]]:
    """The booking page in a page of a clinic without HTTPS, a day's last free time of the next week chosen: today's may
    be too near a moment later, or too few."""
    offer = {
        "is_on": True,
        "resources": [{"id": "one", "name": "Dr. One"}],
        "services": [{"id": "visit", "name": "Visit", "minutes": 60}],
    }
    assert story.crm("save_settings", story.admin(), {"bookings": offer}).status == 200
    own = "https://functions.example"
    made = json_of(story.crm("create_site_key", story.admin(), {"name": "Clinic", "origins": [own]}))
    tag = f'<script src="{own}/crm_api/booking/embed.js" data-key="{made["site_key"]}"></script>'

    def ours(route: Route) -> None:
        url = route.request.url.replace(f"{own}/crm_api", ingress.url)
        headers = route.request.headers | {"sec-fetch-site": "same-origin"}  # as a browser's network adds it
        route.fulfill(response=route.fetch(url=url, headers=headers, max_retries=2))

    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.route(f"{own}/**", ours)
    page.route("http://clinic.example/", lambda route: route.fulfill(content_type="text/html", body=tag))
    page.goto("http://clinic.example/")
    assert page.evaluate("isSecureContext") is False
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("group", name="Day").get_by_role("radio").first).to_be_attached()
    frame.get_by_role("button", name="Later").click()
    expect(frame.get_by_role("button", name="Earlier")).to_be_enabled()
    # Not by the mouse: the frame grows under it.
    frame.get_by_role("group", name="Time").get_by_role("radio").last.evaluate("(one) => one.click()")
    expect(frame.get_by_text("kept for you")).to_be_visible()
    frame.get_by_label("Name").fill("Ann")
    frame.get_by_label("Phone").fill("+7 916 555-44-33")
    yield page, frame
    page.unroute_all(behavior="wait")
    context.close()


@pytest.mark.long
def test_a_site_without_https_takes_visits(clinic: tuple[Page, FrameLocator], story: Story) -> None:
    """30-K: a frame in such a page is no secure context, whatever it is itself."""
    _, frame = clinic
    frame.get_by_role("button", name="Book").click()
    expect(frame.get_by_role("heading", name="The appointment is booked")).to_be_visible()
    assert story.sql("SELECT state FROM amocrm_bookings") == [("booked",)]


def test_our_pages_make_keys_where_there_is_no_https() -> None:
    """30-K: `crypto.randomUUID` is in secure contexts only; the client's `newKey` is everywhere."""
    pages = sorted((ROOT / "web").rglob("*.js"))
    assert [page.name for page in pages if "randomUUID" in page.read_text(encoding="utf-8")] == []


def test_who_comes_back_sees_that_they_are_booked(clinic: tuple[Page, FrameLocator], story: Story) -> None:
    """A phone forgets a page that it does not show for a while: its visitor found an empty form, without the link by
    which they move or cancel, and booked once more. So did whoever took another language."""
    page, frame = clinic
    frame.get_by_role("button", name="Book").click()
    heading, facts, name = frame.get_by_role("heading"), frame.locator(".facts-list"), frame.get_by_label("Name")
    expect(heading).to_have_text("The appointment is booked")
    told = facts.inner_text()
    page.reload()
    expect(heading).to_have_text("Your appointment")
    assert facts.inner_text() == told
    frame.get_by_label("Language").select_option("es")
    expect(heading).to_have_text("Su cita")
    frame.get_by_label("Idioma").select_option("en")
    expect(frame.get_by_role("button", name="Move")).to_be_visible()
    frame.get_by_role("button", name="Book another one").click()
    expect(name).to_be_attached()
    page.reload()
    expect(name).to_be_attached()
    assert story.sql("SELECT state FROM amocrm_bookings") == [("booked",)]


@pytest.mark.long
def test_a_tablet_that_several_people_use_shows_nobody_who_was_there_before(clinic: tuple[Page, FrameLocator]) -> None:
    """At a clinic's reception, whose tablet goes back to its page between two visitors: the next one saw the visit of
    the one before, and could cancel it."""
    page, frame = clinic
    tag = page.locator("script").evaluate("(one) => one.outerHTML").replace("data-key", "data-shared data-key")
    page.route("http://clinic.example/tablet", lambda route: route.fulfill(content_type="text/html", body=tag))
    frame.get_by_role("button", name="Book").click()
    expect(frame.get_by_role("heading")).to_have_text("The appointment is booked")
    page.goto("http://clinic.example/tablet")
    expect(frame.get_by_label("Name")).to_be_attached()
    assert "shared=1" in (page.locator("iframe").get_attribute("src") or "")


@pytest.mark.long
@pytest.mark.parametrize("change", ["state = 'cancelled'", "link_hash = NULL"])
def test_what_is_cancelled_or_gone_keeps_nobody_from_booking(
    clinic: tuple[Page, FrameLocator], story: Story, change: str
) -> None:
    page, frame = clinic
    frame.get_by_role("button", name="Book").click()
    expect(frame.get_by_role("heading")).to_have_text("The appointment is booked")
    story.sql(f"UPDATE amocrm_bookings SET {change} RETURNING id")
    page.reload()
    expect(frame.get_by_label("Name")).to_be_attached()


@pytest.mark.long
def test_a_visit_whose_answer_was_lost_cannot_become_another_one(
    clinic: tuple[Page, FrameLocator], story: Story, ingress: Ingress
) -> None:
    """30-K: until it is known what became of it, nothing is changed; then it is told as what it was."""
    page, frame = clinic
    questions = re.compile("action=book(&|$)")
    asked: list[int] = []

    def lose(route: Route) -> None:
        if not asked:  # carried out, and nobody hears of it
            url = route.request.url.replace("https://functions.example/crm_api", ingress.url)
            asked.append(route.fetch(url=url, max_retries=2).status)
        route.abort("failed")

    page.route(questions, lose)
    frame.get_by_role("button", name="Book").click()
    expect(frame.get_by_role("alert").filter(has_text="it stays one visit")).to_be_visible(timeout=60_000)
    frame.locator("textarea").evaluate("(field) => { field.value = 'typed meanwhile'; }")
    expect(frame.locator(".slots")).to_have_attribute("inert", "")
    assert frame.locator("textarea").evaluate("(field) => Boolean(field.closest('[inert]'))")
    page.unroute(questions)
    frame.get_by_role("button", name="Book").click()
    expect(frame.get_by_role("heading", name="The appointment is booked")).to_be_visible()
    assert story.sql("SELECT state FROM amocrm_bookings") == [("booked",)]


@pytest.mark.long
def test_a_visit_that_is_being_booked_cannot_become_another_one(
    clinic: tuple[Page, FrameLocator], story: Story
) -> None:
    """30-K: another time that is chosen before the answer would change the key with which a lost one is asked for."""
    page, frame = clinic
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile("action=book(&|$)"), hold, times=1)
    with page.expect_request(re.compile("action=book(&|$)")):
        frame.get_by_role("button", name="Book").click()
    expect(frame.locator(".slots")).to_have_attribute("inert", "")
    held[0].fallback()
    expect(frame.get_by_role("heading", name="The appointment is booked")).to_be_visible()
    assert story.sql("SELECT state FROM amocrm_bookings") == [("booked",)]


@pytest.mark.long
def test_a_visit_whose_time_is_still_being_kept_cannot_become_another_one(
    clinic: tuple[Page, FrameLocator], story: Story
) -> None:
    """38-R2: pressed while the time was asked for, another one could be chosen: it was shown, and not booked."""
    page, frame = clinic
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile("action=hold_slot(&|$)"), hold, times=1)
    times = frame.get_by_role("group", name="Time").get_by_role("radio")
    with page.expect_request(re.compile("action=hold_slot(&|$)")):
        times.nth(1).evaluate("(one) => one.click()")
    wanted = times.nth(1).get_attribute("value")
    frame.get_by_role("button", name="Book").click()
    expect(frame.locator(".slots")).to_have_attribute("inert", "")
    held[0].fallback()
    expect(frame.get_by_role("heading", name="The appointment is booked")).to_be_visible()
    assert story.sql("SELECT starts_at = %s FROM amocrm_bookings", wanted) == [(True,)]


def test_a_visitor_sees_which_doctor_is_where(story: Story, ingress: Ingress, chromium: Browser) -> None:
    """Anyone who is free is anyone of one place: whoever lives in the north was booked in the south, and told after.

    The place stands in the words of each choice: a list that is closed shows nothing else, and few open it. Another
    service stays at the place: where one doctor was all that it had there, the list went on to the first place.
    """
    doctors = [("one", "north"), ("two", "south"), ("three", "south"), ("four", None)]
    services: tuple[tuple[str, str, list[str]], ...] = (
        ("visit", "Visit", []),
        ("few", "Massage", ["one", "two"]),
        ("nearly", "Surgery", ["one"]),
    )
    offer: dict[str, Any] = {
        "is_on": True,
        "places": [{"id": "north", "name": "North"}, {"id": "south", "name": "South", "address": "1 High St"}],
        "resources": [{"id": id_, "name": f"Dr. {id_}", "place": place} for id_, place in doctors],
        "services": [
            {"id": id_, "name": name, "minutes": 60, "resources": whose}
            for id_, name, whose in (*services, ("other", "Another visit", []))
        ],
    }
    assert story.crm("save_settings", story.admin(), {"bookings": offer}).status == 200
    origins = [f"http://{ingress.host}"]
    made = json_of(story.crm("create_site_key", story.admin(), {"name": "Clinic", "origins": origins}))
    page = chromium.new_page(locale="en-GB")
    page.goto(f"{ingress.url}/booking/?key={made['site_key']}")
    whom = page.get_by_label("With")
    expect(whom.locator("option")).to_have_text(
        ["Dr. one · North", "Anyone who is free · South", "Dr. two · South", "Dr. three · South", "Dr. four"]
    )
    groups = whom.locator("optgroup").evaluate_all("(some) => some.map(({ label }) => label)")
    assert groups == ["North", "South, 1 High St"]
    unsaid = [one | {"place": None} for one in offer["resources"]]
    assert story.crm("save_settings", story.admin(), {"bookings": offer | {"resources": unsaid}}).status == 200
    page.reload()
    expect(whom.locator("option").first).to_have_text("Anyone who is free")
    expect(whom.locator("optgroup")).to_have_count(0)
    assert story.crm("save_settings", story.admin(), {"bookings": offer}).status == 200
    page.reload()
    expect(whom.locator("option").first).to_have_text("Dr. one · North")
    with page.expect_request(re.compile("action=get_slots&.*place=south")):
        whom.select_option("Anyone who is free · South")
    page.get_by_text("Massage").click()
    expect(whom.locator("option:checked")).to_have_text("Dr. two · South")
    page.get_by_text("Surgery").click()
    expect(whom.locator("option:checked")).to_have_text("Dr. one · North")
    expect(page.get_by_text("South: this service is not offered there.")).to_be_visible()
    page.get_by_text("Another visit").click()
    expect(page.get_by_text("this service is not offered there")).to_be_hidden()
    whom.select_option("Dr. three · South")
    page.get_by_text("Massage").click()
    expect(whom.locator("option:checked")).to_have_text("Dr. two · South")
    page.get_by_role("radio", name="Visit 60 minutes", exact=True).check(force=True)
    whom.select_option("Anyone who is free · South")
    with page.expect_request(re.compile("action=get_slots&.*service=other.*place=south")):
        page.get_by_text("Another visit").click()
    times = page.get_by_role("group", name="Time").get_by_role("radio")
    expect(page.get_by_role("group", name="Day").get_by_role("radio").first).to_be_attached()
    expect(page.locator(".slots[aria-busy]")).to_have_count(0)
    if not times.count():
        page.get_by_role("button", name="Later").click()
    times.first.evaluate("(one) => one.click()")
    expect(page.get_by_text("kept for you")).to_be_visible()
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("Phone").fill("+7 916 555-44-33")
    page.get_by_role("button", name="Book").click()
    expect(page.get_by_role("heading", name="The appointment is booked")).to_be_visible()
    expect(page.locator(".facts-list")).to_contain_text("South, 1 High St")
    page.close()


@pytest.mark.long
def test_a_page_that_is_left_gives_its_time_back(story: Story, ingress: Ingress, chromium: Browser) -> None:
    """38-R2: whoever chose a time, and then their language, did not find it any more: their own page kept it."""
    offer = {
        "is_on": True,
        "resources": [{"id": "one", "name": "Dr. One"}],
        "services": [{"id": "visit", "name": "Visit", "minutes": 60}],
    }
    assert story.crm("save_settings", story.admin(), {"bookings": offer}).status == 200
    origins = [f"http://{ingress.host}"]
    made = json_of(story.crm("create_site_key", story.admin(), {"name": "Clinic", "origins": origins}))
    page = chromium.new_page(locale="en-GB")
    page.goto(f"{ingress.url}/booking/?key={made['site_key']}")
    times = page.get_by_role("group", name="Time").get_by_role("radio")
    expect(page.get_by_role("group", name="Day").get_by_role("radio").first).to_be_attached()
    if not times.count():
        page.get_by_role("button", name="Later").click()
    chosen = times.first.get_attribute("value")
    times.first.evaluate("(one) => one.click()")
    expect(page.get_by_text("kept for you")).to_be_visible()
    page.get_by_label("Language").select_option("es")
    expect(page.get_by_role("heading")).to_have_text("Reservar una cita")
    expect(page.locator(f'[value="{chosen}"]')).to_be_enabled()
    page.close()


@pytest.mark.parametrize("language", others_long(["__proto__", "constructor", "toString", "xx"]))
def test_a_page_in_a_language_that_is_none_is_there(chromium: Browser, ingress: Ingress, language: str) -> None:
    """30-G11: what every object has is no language of ours."""
    words = json.loads((ROOT / "web" / "i18n" / "en.json").read_text())
    page = chromium.new_page(locale="en-GB")
    page.goto(f"{ingress.url}/booking/?lang={language}")
    expect(page.get_by_role("heading")).to_have_text(words["booking.title"])
    page.close()


@pytest.mark.long
@pytest.mark.parametrize(
    ("answer", "words"),
    others_long(
        [(502, "Заявка не отправлена. Сервер ответил 502."), (None, "Заявка не отправлена. Сервер не отвечает.")]
    ),
)
def test_what_no_server_has_said_is_told_in_the_pages_language(
    shown: Any, story: Story, answer: int | None, words: str
) -> None:
    """30-K: also when the network went away while the form was being filled in."""
    page = shown(language="ru")
    page.locator("[name=name]").focus()
    page.wait_for_load_state("networkidle")
    if answer is None:
        page.context.set_offline(True)
    else:
        page.route(re.compile("action="), lambda route: route.fulfill(status=answer, body="<h1>Bad gateway</h1>"))
    page.clock.install()
    _press(page)
    page.clock.run_for(120_000)
    expect(page.get_by_role("alert")).to_contain_text(words)
    page.context.set_offline(False)
    assert _count(story) == 0
