"""Whoever shows no phone in a messenger is known by their id there: one contact, however often they write."""

import contextlib
import copy
from typing import Any
from urllib.parse import urlencode

import pytest

from features.submissions import batches
from features.submissions.settings import Submissions
from functions.refresh_tokens.run import run as refresh_tokens
from functions.run_deliveries.run import run as run_deliveries
from shared.amocrm.transport import Transport
from shared.storage import retention
from shared.storage.database import Database
from tests.story import Story
from tests.submissions.recorded import record
from tests.submissions.test_doors import _body, _sent
from tests.submissions.test_incoming import FORM, JSON, new_key, sent
from tests.submissions.test_messengers import _cloud, _of_meta
from tests.submissions.test_read_again import _Dying, _Killed
from tests.submitting import account, form, found_at_once, note_of, own_only, set_up, submit, values_of

Body = dict[str, Any]
PHONE = "79211000221"
BSUID = "RU.1410018717833221"


def _cloud_of(text: str, *, has_phone: bool = False) -> Body:
    """As people with a name of their own write, and, with a phone, those who were written to before."""
    own = {"wa_id": PHONE} if has_phone else {}
    person = {"profile": {"name": "Ann", "username": "@ann"}, "user_id": BSUID, **own}
    message = {"from_user_id": BSUID, "id": f"wamid.{text}", "timestamp": "1", "text": {"body": text}, "type": "text"}
    return _cloud({"contacts": [person], "messages": [message | ({"from": PHONE} if has_phone else {})]})


def _wazzup(text: str, kind: str = "telegram", chat: str = "441000221", **contact: str) -> Body:
    one = record("wazzup")["json"]["messages"][0]
    who = {"name": "Ann", "username": "ann", **contact}
    changed = {"messageId": text, "chatType": kind, "chatId": chat, "contact": who, "text": text}
    return {"messages": [one | changed]}


def _meta(text: str) -> Body:
    return _of_meta({"mid": f"m_{text}", "text": text})


def _z_api(text: str) -> Body:
    """`phone` is the hidden chat where `chatLid` is null."""
    hidden = {"phone": "81896604192221@lid", "chatLid": None, "senderLid": "81896604192221@lid"}
    one: Body = record("z_api")["json"]
    return one | hidden | {"messageId": text, "text": {"message": text}}


def _evolution(text: str) -> Body:
    one: Body = copy.deepcopy(record("evolution_api")["json"])
    one["data"]["key"] = {"remoteJid": "81896604192222@lid", "fromMe": False, "id": text, "addressingMode": "lid"}
    one["data"]["message"] = {"conversation": text}
    return one


def _green(text: str) -> Body:
    one: Body = copy.deepcopy(record("green_api")["json"])
    one["instanceData"]["typeInstance"] = "telegram"
    one["senderData"] |= {"sender": "441000223", "chatId": "441000223"}
    one["messageData"]["textMessageData"]["textMessage"] = text
    return one | {"idMessage": text}


def _ultramsg(text: str) -> Body:
    data = {"id": text, "from": "81896604192224@lid", "to": "79290000091@c.us", "body": text, "pushname": "Ann"}
    return {"event_type": "message_received", "instanceId": "1", "data": data}


def _telegram(text: str, **other: Any) -> Body:
    """As a bot hears it."""
    who = {"id": 441000226, "first_name": "Ann", "last_name": "Lee", "username": "ann"}
    person = who | {"is_bot": False, "language_code": "ru"}
    message = {"message_id": 1365, "from": person, "chat": who | {"type": "private"}, "date": 1795760000, "text": text}
    return {"update_id": len(text), "message": message | other}


def _avito(text: str, **other: Any) -> Body:
    message = {"id": text, "chat_id": "u2i-x", "user_id": 161605962, "author_id": 350687742, "created": 1754916284}
    message |= {"type": "text", "chat_type": "u2i", "content": {"text": text}, "item_id": 7463793992}
    value = {"type": "message", "value": message | other}
    return {"id": "5f", "version": "v3.0.0", "timestamp": 1754916287, "payload": value}


def _twilio(text: str) -> Body:
    return {
        "AccountSid": "AC1",
        "MessageSid": text,
        "From": "messenger:6543210987654225",
        "To": "messenger:1",
        "Body": text,
    }


WRITERS: dict[str, tuple[Any, str]] = {
    "Cloud API": (_cloud_of, f"whatsapp:{BSUID}"),
    "Wazzup: Telegram": (_wazzup, "telegram:441000221"),
    "Instagram": (_meta, "instagram:6543210987654321"),
    "Z-API": (_z_api, "whatsapp:81896604192221@lid"),
    "Evolution": (_evolution, "whatsapp:81896604192222@lid"),
    "Green API: Telegram": (_green, "telegram:441000223"),
    "UltraMsg": (_ultramsg, "whatsapp:81896604192224@lid"),
    "Telegram": (_telegram, "telegram:441000226"),
    "Avito": (_avito, "avito:350687742"),
    "Twilio: Messenger": (_twilio, "messenger:6543210987654225"),
}


@pytest.fixture
def site(story: Story) -> Story:
    set_up(story)
    return story


class _Talk:
    """What comes to the address of a key, and the contacts and deals that are made of it."""

    def __init__(self, story: Story) -> None:
        self.story, self.key = story, new_key(story)[1]
        self._before = set(account(story)["contacts"]), set(account(story)["leads"])

    def say(self, *bodies: Any, kind: str = JSON, key: str = "") -> None:
        """All of it at once."""
        for body in bodies:
            assert (answer := sent(self.story, key or self.key, body, kind)).status == 200, answer.body
        self.go_on()

    def go_on(self) -> None:
        run_deliveries(self.story.runtime, 20)
        self.story.clock.advance(hours=1)

    @property
    def contacts(self) -> list[Any]:
        shown = account(self.story)["contacts"]
        return [one for id_, one in shown.items() if id_ not in self._before[0]]

    @property
    def counts(self) -> tuple[int, int]:
        """Contacts, and deals."""
        return len(self.contacts), len(set(account(self.story)["leads"]) - self._before[1])


@pytest.fixture
def talk(site: Story) -> _Talk:
    return _Talk(site)


# --- one person ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRITERS)
def test_who_writes_twice_without_a_phone_is_one_contact(talk: _Talk, name: str) -> None:
    """Each message made another contact."""
    written, id_ = WRITERS[name]
    read = _sent(written("Один"))
    assert (read.body.contact.external_id, read.body.contact.phones) == (id_, [])
    talk.say(written("Один"))
    talk.story.clock.advance(days=3)
    retention.run(talk.story.runtime.database, talk.story.runtime.settings, talk.story.clock)
    talk.say(written("Два"))
    assert talk.counts == (1, 2)


@pytest.mark.parametrize("mode", ["contact", "incoming_lead"])
def test_so_is_who_gets_no_deal_or_one_that_waits(site: Story, mode: str) -> None:
    set_up(site, forms={"mode": mode})
    talk = _Talk(site)
    for text in ("Один", "Два"):
        talk.say(_wazzup(text))
    assert len(talk.contacts) == 1


def test_who_shows_their_phone_later_is_the_same_and_has_it(talk: _Talk) -> None:
    found_at_once(talk.story)
    talk.say(_cloud_of("Один"))
    talk.say(_cloud_of("Два", has_phone=True))
    talk.story.sql("DELETE FROM amocrm_locks WHERE touched_at <= amocrm_now()")
    talk.say({"Name": "Ann", "Phone": f"+{PHONE}", "tranid": "7"})
    assert talk.counts == (1, 3)
    assert values_of(talk.contacts[0])["PHONE"] == [f"+{PHONE}"]


def test_who_has_shown_it_before_is_the_same_without(talk: _Talk) -> None:
    talk.say(_cloud_of("Один", has_phone=True))
    talk.story.clock.advance(days=30)
    talk.say(_cloud_of("Два"))
    assert talk.counts == (1, 2)


def test_a_contact_that_has_the_phone_goes_before_and_the_other_one_is_told(talk: _Talk) -> None:
    """A person's two contacts are joined by a person."""
    found_at_once(talk.story)
    by_phone = submit(talk.story, form(contact={"name": "Анна", "phone": f"+{PHONE}"}))["lead"]["contact_id"]
    talk.say(_cloud_of("Один"))
    (by_id,) = (one["id"] for one in talk.contacts if one["id"] != by_phone)
    talk.say(_cloud_of("Два", has_phone=True))
    talk.say(_cloud_of("Три"))
    assert talk.counts == (2, 4)
    links = account(talk.story)["links"]
    newest = sorted(map(int, account(talk.story)["leads"]))[-2:]
    assert [one["to_entity_id"] for lead in newest for one in links[str(lead)]] == [by_phone, by_phone]
    told = talk.story.sql("SELECT message FROM amocrm_events WHERE kind = 'submission.several_contacts'")
    assert [(f"{by_id}" in str(one), f"{by_phone} was taken" in str(one)) for (one,) in told] == [(True, True)]


def test_two_messages_of_somebody_new_at_the_same_moment_make_one_contact(talk: _Talk) -> None:
    talk.say(*(_wazzup(f"{place}") for place in range(4)))
    for _ in range(3):
        talk.story.clock.advance(minutes=5)
        talk.go_on()
    assert talk.counts == (1, 4)


def test_the_id_of_the_site_stays_in_the_contact(site: Story) -> None:
    """Z-API tells an id beside each phone: it stood where the site has its own id of its user, by which it finds
    them."""
    set_up(site, mapping=[{"source": "external_id", "entity": "contacts", "field": "ID на сайте"}])
    talk = _Talk(site)
    found_at_once(site)
    user = {"contact": {"external_id": "c-77", "name": "Ann", "phone": f"+{PHONE}"}}
    contact_id = submit(site, user, "sync_contact")["contact"]["contact_id"]
    talk.say(_z_api("Один") | {"phone": PHONE}, _z_api("Два") | {"phone": PHONE})
    (ann,) = talk.contacts
    assert (ann["id"], values_of(ann)["ID на сайте"]) == (contact_id, ["c-77"])
    lead = max(map(int, account(site)["leads"]))
    assert "external_id: whatsapp:81896604192221@lid" in note_of(site, {"lead": {"lead_id": lead}})
    submit(site, {"contact": user["contact"] | {"external_id": "c-78"}}, "sync_contact")
    (ann,) = talk.contacts
    assert values_of(ann)["ID на сайте"] == ["c-78"]


# --- for how long -------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(("days", "contacts"), [(179, 1), (181, 2)])
def test_an_id_is_known_for_half_a_year_after_the_last_message(talk: _Talk, days: int, contacts: int) -> None:
    """So is it while the deliveries that have told it are gone."""
    talk.say(_wazzup("Один"))
    for _ in range(days):
        talk.story.clock.advance(days=1)
        refresh_tokens(talk.story.runtime, 20)
    retention.run(talk.story.runtime.database, talk.story.runtime.settings, talk.story.clock)
    assert talk.story.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]
    talk.say(_wazzup("Два"))
    assert talk.counts == (contacts, 2)


@pytest.mark.parametrize("mode", ["lead", "incoming_lead", "contact"])
def test_who_has_no_contact_any_more_has_a_new_one_and_stays_there(site: Story, mode: str) -> None:
    set_up(site, forms={"mode": mode})
    talk = _Talk(site)
    talk.say(_wazzup("Один"))
    (gone,) = talk.contacts
    site.simulator.control("person", domain=site.domain, kind="contacts", id=gone["id"], delete=True)
    for text in ("Два", "Три"):
        talk.say(_wazzup(text))
    (made,) = talk.contacts
    assert made["id"] != gone["id"]


@pytest.mark.vendor("contacts.merge")
@pytest.mark.parametrize("mode", ["lead", "incoming_lead"])
def test_whose_contact_was_merged_with_another_is_found_there(site: Story, mode: str) -> None:
    """Each message would have made another contact, to be merged again."""
    set_up(site, forms={"mode": mode})
    talk = _Talk(site)
    other = int(submit(site, form())[mode]["contact_id"])
    talk.say(_wazzup("Один"))
    (gone,) = (one["id"] for one in talk.contacts if one["id"] != other)
    site.simulator.control("delete", domain=site.domain, kind="contacts", id=gone, into=other)
    for text in ("Два", "Три"):
        talk.say(_wazzup(text))
    assert [one["id"] for one in talk.contacts] == [other]
    steps = site.sql("SELECT steps -> %s -> 'result' ->> 'contact_id' FROM amocrm_deliveries ORDER BY created_at", mode)
    assert [int(one) for (one,) in steps] == [other, gone, other, other]


@pytest.mark.vendor("rights.own")
@pytest.mark.parametrize("hidden", [204, 403])
@pytest.mark.parametrize("mode", ["lead", "incoming_lead", "contact"])
def test_whoever_was_given_to_somebody_else_writes_again(site: Story, mode: str, hidden: int) -> None:
    """Neither their contact nor its deal is shown to us any more: every further message of theirs waited for days."""
    other = own_only(site, hidden)
    set_up(site, responsible_user_ids=[other], forms={"mode": mode})
    talk = _Talk(site)
    for text in ("Один", "Два"):
        talk.say(_wazzup(text))
    assert site.sql("SELECT DISTINCT state FROM amocrm_deliveries") == [("delivered",)]
    assert len(talk.contacts) == 2
    assert "submission.own_only" in site.events()


# --- what ends in between -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["lead", "incoming_lead", "contact"])
def test_a_lost_answer_makes_no_second_contact(site: Story, mode: str) -> None:
    set_up(site, forms={"mode": mode})
    talk = _Talk(site)
    path = {
        "lead": "/api/v4/leads/complex",
        "incoming_lead": "/api/v4/leads/unsorted/.*",
        "contact": "/api/v4/contacts",
    }
    site.simulator.fault("reset_after", path=path[mode], method="POST")
    talk.say(_wazzup("Один"))
    talk.go_on()
    talk.say(_wazzup("Два"))
    assert len(talk.contacts) == 1


@pytest.mark.long
@pytest.mark.parametrize("end", ["lost answer", "killed"])
def test_the_next_message_waits_for_one_of_which_nobody_knows_what_it_has_made(
    talk: _Talk, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """People write several in a row, and amoCRM's search finds nobody by an id."""
    site = talk.story
    assert sent(site, talk.key, _wazzup("Один"), JSON).status == 200
    with monkeypatch.context() as patch, contextlib.suppress(_Killed):
        if end == "killed":
            patch.setattr(Transport, "send", _dying_after(Transport.send, "/leads/complex"))
        else:
            site.simulator.fault("reset_after", path="/api/v4/leads/complex", method="POST")
        run_deliveries(site.runtime, 20)
    site.clock.advance(minutes=4)
    site.sql("UPDATE amocrm_deliveries SET due_at = amocrm_now() + interval '10 minutes' WHERE state = 'accepted'")
    assert sent(site, talk.key, _wazzup("Два"), JSON).status == 200
    run_deliveries(site.runtime, 20)
    assert talk.counts == (1, 1)
    for _ in range(3):
        talk.go_on()
    assert talk.counts == (1, 2)
    assert site.sql("SELECT DISTINCT state FROM amocrm_deliveries") == [("delivered",)]


@pytest.mark.long
@pytest.mark.parametrize(
    ("mode", "path"), [("lead", "leads/complex"), ("incoming_lead", "leads/unsorted/.*"), ("contact", "contacts")]
)
def test_so_it_does_while_whoever_looks_is_answered_with_errors(site: Story, mode: str, path: str) -> None:
    """A lost answer is seldom the only trouble: the look that failed as well let the next message go before."""
    set_up(site, forms={"mode": mode})
    talk = _Talk(site)
    site.simulator.fault("reset_after", path=f"/api/v4/{path}", method="POST")
    talk.say(_wazzup("Один"))
    site.simulator.fault("status", path="/api/v4/contacts", method="GET", status=500, times=20)
    run_deliveries(site.runtime, 20)
    site.simulator.control("no-faults")
    site.sql("UPDATE amocrm_deliveries SET due_at = amocrm_now() + interval '10 minutes' WHERE state = 'accepted'")
    talk.say(_wazzup("Два"))
    for _ in range(3):
        talk.go_on()
    assert len(talk.contacts) == 1
    assert site.sql("SELECT DISTINCT state FROM amocrm_deliveries") == [("delivered",)]


@pytest.mark.long
def test_32_8_who_was_made_is_found_where_amocrms_clock_is_behind(site: Story) -> None:
    set_up(site, forms={"mode": "contact"})
    talk = _Talk(site)
    site.simulator.control("clock", advance=-5)
    try:
        site.simulator.fault("reset_after", path="/api/v4/contacts", method="POST")
        talk.say(_wazzup("Один"))
        talk.go_on()
    finally:
        site.simulator.control("clock", advance=5)
    assert len(talk.contacts) == 1
    assert site.sql("SELECT DISTINCT state FROM amocrm_deliveries") == [("delivered",)]


def _dying_after(original: Any, called: str) -> Any:
    def dying(self: Transport, method: str, host: str, path: str, **named: Any) -> Any:
        answer = original(self, method, host, path, **named)
        if called in path:
            raise _Killed
        return answer

    return dying


@pytest.mark.long
@pytest.mark.parametrize("moment", ["before", "after"])
def test_whenever_the_process_ends_there_is_one_contact(
    talk: _Talk, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Before and after each statement and each call to amoCRM."""
    for at in range(1, 200):
        before, process = talk.counts, _Dying(at, moment)
        assert sent(talk.story, talk.key, _wazzup(f"{at}", chat=f"4410{at}"), JSON).status == 200
        with monkeypatch.context() as patch:
            patch.setattr(Database, "_repeated", process.around(Database._repeated))
            patch.setattr(Transport, "send", process.around(Transport.send))
            with contextlib.suppress(_Killed):
                run_deliveries(talk.story.runtime, 20)
        talk.story.clock.advance(minutes=3)
        talk.go_on()
        talk.say(_wazzup(f"{at} again", chat=f"4410{at}"))
        assert talk.counts == (before[0] + 1, before[1] + 2), at
        if not process.is_dead:
            break
    assert at > 20


# --- whose id it is -----------------------------------------------------------------------------------------------


def test_nobody_but_the_messengers_relay_says_whose_a_message_is(talk: _Talk) -> None:
    """Whoever knew somebody's id would have their own phone in that person's contact, and a manager's answer."""
    site = talk.story
    talk.say(_wazzup("Один"))
    (ann,) = talk.contacts
    mine = {"name": "Боб", "external_id": "telegram:441000221"}
    talk.say({"contact": mine | {"phone": "+7 921 100-02-31"}})
    talk.say({"Name": "Боб", "Phone": "+7 921 100-02-32", "external_id": "telegram:441000221"}, kind=FORM)
    submit(site, {"contact": mine | {"phone": "+7 921 100-02-33"}}, "sync_contact")
    page = site.crm("create_site_key", site.admin(), {"name": "page", "origins": ["https://example.org"]})
    public = page.body.decode().split('"site_key":"')[1].split('"')[0]
    for body, kind in (
        ({"contact": mine | {"phone": "+7 921 100-02-34"}}, JSON),
        (_wazzup("Я", phone="+7 921 100-02-35"), JSON),
        ({"name": "Боб", "phone": "+7 921 100-02-36", "external_id": "telegram:441000221"}, FORM),
    ):
        site.crm(
            "submit_form",
            {"Origin": "https://example.org", "Content-Type": kind},
            _encoded(body, kind),
            query={"site_key": public},
        )
    talk.go_on()
    assert len(talk.contacts) > 4
    (now,) = (one for one in talk.contacts if one["id"] == ann["id"])
    assert (now["name"], values_of(now).get("PHONE")) == ("Ann", None)
    talk.say(_wazzup("Два"))
    links = account(site)["links"]
    newest = max(map(int, account(site)["leads"]))
    assert [one["to_entity_id"] for one in links[str(newest)]] == [ann["id"]]


def _encoded(body: Body, kind: str) -> Any:
    return urlencode(body).encode() if kind == FORM else body


def test_ids_of_two_keys_and_of_two_messengers_never_meet(talk: _Talk) -> None:
    _, other = new_key(talk.story, "another relay")
    talk.say(_wazzup("Один"))
    talk.say(_wazzup("Два"), key=other)
    talk.say(_wazzup("Три", "vk"))
    assert talk.counts == (3, 3)
    for body, key in ((_wazzup("4"), ""), (_wazzup("5"), other), (_wazzup("6", "vk"), "")):
        talk.say(body, key=key)
    assert talk.counts == (3, 6)


def test_a_form_of_a_site_tells_no_writer() -> None:
    assert _sent({"Name": "Боб", "Phone": "+7 921 100-02-37", "external_id": "telegram:1"}).writer_id == ""


# --- as they come -------------------------------------------------------------------------------------------------


def _key_of(**key: Any) -> Body:
    one: Body = copy.deepcopy(record("evolution_api")["json"])
    one["data"]["key"] |= key
    return one


HIDDEN = "81896604192226@lid"
GROUP = "120363402174857513@g.us"
OPEN = "5511910000193@s.whatsapp.net"


# source: bodies in public receivers, and the references of each
@pytest.mark.parametrize(
    ("body", "writer_id"),
    [
        (_wazzup("1", "instagram", "_111bt", igsid="1545614590217221"), "instagram:1545614590217221"),
        (_wazzup("1", "instagram", "_111bt"), "instagram:_111bt"),
        (_wazzup("1", "telegroup", "-100441000210"), ""),
        (_wazzup("1", "whatsgroup", "79132123789-1581764243"), ""),
        (_wazzup("1", "whatsapp", PHONE), ""),
        (_z_api("1") | {"phone": PHONE}, "whatsapp:81896604192221@lid"),
        (
            _z_api("1") | {"phone": GROUP, "isGroup": True, "senderLid": None, "participantLid": HIDDEN},
            f"whatsapp:{HIDDEN}",
        ),
        (_key_of(remoteJid=GROUP, participant=HIDDEN.replace("@", ":3@")), f"whatsapp:{HIDDEN}"),
        (_key_of(remoteJid=OPEN, remoteJidAlt=HIDDEN), f"whatsapp:{HIDDEN}"),
        (_key_of(remoteJid=GROUP, participant=OPEN), ""),
        (_cloud_of("1", has_phone=True), f"whatsapp:{BSUID}"),
        (_of_meta({"mid": "m1", "text": "1"}) | {"object": "page"}, "messenger:6543210987654321"),
        (record("whatsapp_cloud")["json"], ""),
        (record("twilio_whatsapp")["form"], ""),
        (record("tilda_form")["form"], ""),
    ],
)
def test_who_has_written_is_named_by_their_own_id(body: Body, writer_id: str) -> None:
    assert _sent(copy.deepcopy(body)).writer_id == writer_id


def test_what_is_written_to_a_bot_has_its_writer_and_its_text() -> None:
    """It had neither, and the phone of a card that was sent was the writer's."""
    card = {"phone_number": PHONE, "first_name": "Bob", "user_id": 5}
    for changed, phones in (
        ({}, []),
        ({"contact": card}, []),
        ({"contact": card | {"user_id": 441000226}}, [f"+{PHONE}"]),
    ):
        read = _body(_telegram("Дверь", **changed))
        assert (read.contact.name, read.contact.phones, read.comment) == ("Ann Lee", phones, "Дверь")
        assert ("Bob" in str(read.fields)) is (bool(changed) and not phones)
    group = {"chat": {"id": -100441000227, "type": "supergroup", "title": "Двери"}}
    assert _sent(_telegram("Дверь", **group)).writer_id == "telegram:441000226"


@pytest.mark.parametrize(
    "told",
    [
        {
            "my_chat_member": {
                "chat": {"id": 441000226, "type": "private"},
                "from": {"id": 441000226, "first_name": "Ann"},
            }
        },
        {"poll": {"id": "7", "question": "?"}},
        {"business_message": {"from": {"id": 1, "first_name": "Co"}, "chat": {"id": 441000226, "type": "private"}}},
    ],
)
def test_what_a_bot_hears_of_its_chats_is_no_submission(told: Body) -> None:
    assert _sent({"update_id": 7} | told).is_test
    assert not _sent({"update_id": 7, "phone": "+79211000221", "poll": {"id": "7"}}).is_test
    assert not _sent({"update_id": 7, "message": "Дверь"}).is_test


def test_messages_with_the_same_number_of_two_people_are_two(talk: _Talk) -> None:
    """Telegram counts for each bot, and a relay for each chat."""
    other = _telegram("Окно")
    other["message"]["from"] |= {"id": 441000228}
    other["message"]["chat"] |= {"id": 441000228}
    talk.say(_telegram("Одно"), other)
    assert talk.counts == (2, 2)


def test_messages_of_several_to_a_page_are_of_each() -> None:
    """Whoever was second was the first one's comment."""
    body = _meta("Один")
    other = _of_meta({"mid": "m2", "text": "Два"})["entry"][0]["messaging"][0] | {"sender": {"id": "65432109876542"}}
    echo = _of_meta({"mid": "m3", "text": "Слушаем", "is_echo": True})["entry"][0]["messaging"]
    body["entry"][0]["messaging"] += [other, *echo]
    found = [_sent(one) for one in batches.parts(body, Submissions())]
    assert [one.writer_id for one in found] == ["instagram:6543210987654321", "instagram:65432109876542"]
    assert _sent(body).writer_id == ""  # whoever does not take it apart attaches it to nobody


def test_the_id_is_told_in_the_note(talk: _Talk) -> None:
    talk.say(_wazzup("Один"))
    lead = max(map(int, account(talk.story)["leads"]))
    note = note_of(talk.story, {"lead": {"lead_id": lead}})
    assert "external_id: telegram:441000221" in note
