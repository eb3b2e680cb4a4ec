"""30-H7, 34: several leads in one body are as many submissions; a list of persons within a form is text of one."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from features.submissions import batches, kept_bodies
from features.submissions.model import Contact, SubmitOrder
from features.submissions.settings import Submissions
from functions.run_deliveries.run import run as run_deliveries
from shared.platform import nested
from shared.platform.messages import english
from tests.story import Story
from tests.submissions.recorded import NAMES, body_of, record
from tests.submissions.test_doors import _body, _sent
from tests.submissions.test_incoming import FORM, JSON, listed, new_key, sent
from tests.submissions.test_read_again import again, entry
from tests.submitting import account, save, set_up, values_of

ANNA = {"name": "Анна", "phone": "+7 921 100-02-01", "Город": "Уфа"}
BORIS = {"name": "Борис", "phone": "+7 921 100-02-02", "Город": "Казань"}
VERA = {"name": "Вера", "email": "vera@example.org", "Город": "Пермь"}
PEOPLE = [ANNA, BORIS, VERA]


def _of_facebook(number: int, name: str, phone: str) -> dict[str, Any]:
    """source: Meta's reference, "Retrieving leads": what `GET /FORM/leads` answers, as relays pass it on."""
    data = [
        {"name": "full_name", "values": [name]},
        {"name": "phone_number", "values": [phone]},
        {"name": "¿qué_puerta?", "values": ["de vidrio"]},
    ]
    return {"id": str(number), "created_time": "2026-11-28T10:00:00+0000", "ad_id": "7", "field_data": data}


FACEBOOK = {
    "data": [_of_facebook(1, "Ana", "+34611100201"), _of_facebook(2, "Bea", "+34611100202")],
    "paging": {"cursors": {"before": "a", "after": "b"}},
}
BODIES: dict[str, Any] = {
    "a list": PEOPLE,
    "rows of a sheet": {"sheet": "Заявки", "rows": PEOPLE},
    "leads": {"leads": PEOPLE, "source": "Make"},  # source: public receivers of leads
    "leads within data": {"data": {"leads": PEOPLE}},
    "items with bodies": [{"json": one} for one in PEOPLE],  # source: n8n's items
    "a list as text": {"data": json.dumps(PEOPLE, ensure_ascii=False)},
}


@pytest.fixture
def site(story: Story) -> Story:
    set_up(story)
    return story


def _made(story: Story) -> dict[str, tuple[set[str], str]]:
    """By the contact's name: its phones and e-mails, and all notes of its deal."""
    run_deliveries(story.runtime, 20)
    shown, found = account(story), {}
    for lead in shown["leads"].values():
        links = shown["links"].get(str(lead["id"]), [])
        ids = [str(one["to_entity_id"]) for one in links if one["to_entity_type"] == "contacts"]
        for contact in (shown["contacts"][one] for one in ids):
            own = values_of(contact)
            notes = shown["notes"].get(f"leads/{lead['id']}", [])
            told = "\n".join(str(one["params"].get("text", "")) for one in notes)
            if not notes:
                continue  # the account had it before
            assert contact["name"] not in found
            found[contact["name"]] = ({*own.get("PHONE", []), *own.get("EMAIL", [])}, told)
    return found


@pytest.mark.parametrize("name", BODIES)
def test_several_leads_in_one_body_are_submissions_of_their_own(site: Story, name: str) -> None:
    _, key = new_key(site)
    for _ in range(2):  # sent again, it is the same
        answer = sent(site, key, BODIES[name], JSON)
        assert (answer.status, answer.body) == (200, b"ok")
        made = _made(site)
        assert {one: bool(lines) for one, (lines, _) in made.items()} == {"Анна": True, "Борис": True, "Вера": True}
        for who, (lines, told) in made.items():
            others = [one for one in PEOPLE if one["name"] != who]
            assert len(lines) == 1
            assert not any(value in told for one in others for value in one.values()), told
            assert next(one["Город"] for one in PEOPLE if one["name"] == who) in told
    assert site.sql("SELECT count(*) FROM amocrm_deliveries WHERE action = 'submit_form'") == [(3,)]


def test_orders_in_one_body_are_orders_of_their_own() -> None:
    """The second one was text of the first one's."""
    orders = [
        {"number": f"{n}", "customer": one, "items": [{"name": "Дверь", "price": 10 * n}], "total": 10 * n}
        for n, one in enumerate((ANNA, BORIS), 1)
    ]
    read = [_sent(one).body for one in batches.parts({"orders": orders}, Submissions())]
    assert [one.contact.name for one in read] == ["Анна", "Борис"]
    assert [str(one.order.total) for one in read if isinstance(one, SubmitOrder)] == ["10", "20"]


def test_a_batch_as_a_form_is_one_too(site: Story) -> None:
    _, key = new_key(site)
    pairs = [(f"leads[{place}][{name}]", text) for place, one in enumerate(PEOPLE) for name, text in one.items()]
    assert sent(site, key, urlencode(pairs).encode(), FORM).status == 200
    assert set(_made(site)) == {"Анна", "Борис", "Вера"}


def test_leads_of_facebook_are_known_by_their_own_ids(site: Story) -> None:
    """A relay that gathers them sends some once more in its next batch."""
    _, key = new_key(site)
    assert sent(site, key, FACEBOOK, JSON).status == 200
    assert set(_made(site)) == {"Ana", "Bea"}
    site.clock.advance(hours=1)
    more = {"data": [*FACEBOOK["data"], _of_facebook(3, "Eva", "+34611100203")]}
    assert sent(site, key, more, JSON).status == 200
    assert set(_made(site)) == {"Ana", "Bea", "Eva"}
    assert site.sql("SELECT count(*) FROM amocrm_deliveries WHERE action = 'submit_form'") == [(3,)]


def test_an_id_of_the_batch_is_none_of_its_leads(site: Story) -> None:
    _, key = new_key(site)
    assert sent(site, key, {"event_id": "e-1", "token": "t", "id": "5", "leads": PEOPLE}, JSON).status == 200
    assert set(_made(site)) == {"Анна", "Борис", "Вера"}


def test_equal_rows_are_rows_of_their_own_and_each_is_in_incoming(site: Story) -> None:
    _, key = new_key(site)
    assert sent(site, key, [ANNA, ANNA, BORIS], JSON).status == 200
    run_deliveries(site.runtime, 20)
    assert site.sql("SELECT count(*) FROM amocrm_deliveries WHERE action = 'submit_form'") == [(3,)]
    rows = listed(site)["incoming"]
    (whole,) = [one for one in rows if one["outcome"] == "nothing"]
    assert whole["detail"] == "There are 3 submissions in it, each of which stands in this list by itself."
    assert (entry(site, whole["id"], content="1")["reading"], again(site, whole["id"])["outcome"]) == (
        "several",
        "nothing",
    )
    assert {one["outcome"] for one in rows if one is not whole} == {"accepted"}


def test_what_is_refused_of_one_keeps_none_of_the_others(site: Story) -> None:
    assert save(site, forms={"required": ["phone"]}).status == 200
    _, key = new_key(site)
    assert sent(site, key, PEOPLE, JSON).status == 200
    assert set(_made(site)) == {"Анна", "Борис"}
    assert site.events().count("submission.refused") == 1
    outcomes = sorted(one["outcome"] for one in listed(site)["incoming"])
    assert outcomes == ["accepted", "accepted", "nothing", "refused"]
    assert sent(site, key, [VERA, {"name": "Глеб", "email": "gleb@example.org"}], JSON).status == 422  # all of them


def test_a_batch_that_was_not_taken_apart_to_its_end_is_read_again(site: Story) -> None:
    """The process ended after the first: nothing is made twice."""
    _, key = new_key(site)
    assert sent(site, key, PEOPLE, JSON).status == 200
    run_deliveries(site.runtime, 20)
    site.sql("UPDATE amocrm_incoming SET outcome = 'taken', detail = NULL WHERE outcome = 'nothing'")
    (whole,) = [one for one in listed(site)["incoming"] if one["outcome"] == "taken"]
    site.clock.advance(hours=2)
    assert again(site, whole["id"])["outcome"] == "later"
    assert set(_made(site)) == {"Анна", "Борис", "Вера"}
    assert site.sql("SELECT count(*) FROM amocrm_deliveries WHERE action = 'submit_form'") == [(3,)]


def test_more_than_are_taken_at_once_are_refused_and_kept(site: Story) -> None:
    _, key = new_key(site)
    many = [{"name": f"N{number}", "phone": f"+7921{number:07d}"} for number in range(batches.MOST + 1)]
    answer = sent(site, key, many, JSON)
    assert answer.status == 413
    (kept,) = kept_bodies.page(site.runtime.database, site.row().id, limit=9)
    assert (kept.outcome, "501 people" in english(kept.detail)) == ("refused", True)  # type: ignore[arg-type]
    assert "submission.unreadable" in site.events()


# --- one submission ---------------------------------------------------------------------------------------------------

GUESTS = [{"name": "Глеб", "phone": "+7 921 100-02-03"}, {"name": "Дина", "phone": "+7 921 100-02-04"}]


@pytest.mark.parametrize("listed_as", ["guests", "participants", "data", "Спутники", "contacts"])
@pytest.mark.parametrize("visitor", [ANNA, VERA], ids=["by phone", "by e-mail"])
def test_persons_beside_somebody_are_text_of_one(listed_as: str, visitor: dict[str, str]) -> None:
    tree: nested.Tree = {**visitor, listed_as: GUESTS}
    assert batches.parts(tree, Submissions()) == []
    for body in (tree, dict(reversed(tree.items()))):
        read = _body(body)
        wanted = Contact(name=visitor["name"], phone=visitor.get("phone", ""), email=visitor.get("email", ""))
        assert read.contact == wanted
        assert all(text in str(read.fields) for one in GUESTS for text in one.values())


def test_of_persons_within_a_form_that_names_nobody_else_the_first_counts() -> None:
    """Else the phones of all of them became one person's."""
    tree: nested.Tree = {"Событие": "Свадьба", "participants": GUESTS}
    assert batches.parts(tree, Submissions()) == []
    read = _body(tree)
    assert read.contact == Contact(name="Глеб", phone="+7 921 100-02-03")
    assert "Дина" in str(read.fields)
    assert "+7 921 100-02-04" in str(read.fields)


@pytest.mark.parametrize(
    "tree",
    [
        {"": [{"name": "phone", "value": "+7 921 100-02-01"}, {"name": "email", "value": "a@example.org"}]},
        {"": [{"question": "Телефон", "answer": "+7 921 100-02-01"}, {"question": "Имя", "answer": "Анна"}]},
        {"": [ANNA]},
        {"": [ANNA, {"utm_source": "ya"}]},
        {"data": [{"name": "Дверь", "price": "100"}, {"name": "Окно", "price": "200"}]},
        {"phones": [{"phone": "+7 921 100-02-01"}, {"phone": "+7 921 100-02-02"}]},
        {"contacts": {"name": "Анна", "phone": "+7 921 100-02-01"}},
        {},
    ],
)
def test_a_form_that_is_told_in_a_list_is_one(tree: nested.Tree) -> None:
    assert batches.parts(tree, Submissions()) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_recorded_body_is_taken_apart(name: str) -> None:
    one = record(name)
    assert batches.parts(nested.read(body_of(one), one["content_type"]), Submissions()) == []
