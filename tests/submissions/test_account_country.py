"""39: a phone without a country code is one of the account's own country, which amoCRM names when it is connected."""

import threading
from typing import Any

import pytest

from tests.story import Story, json_of
from tests.submitting import contact_of, form, found_at_once, note_of, save, set_up, submit, values_of

_LOCAL = "(11) 91234-5678"
_WHOLE = "+5511912345678"


@pytest.fixture
def brazil(tale: Story) -> Story:
    return _connected(tale, "BR")


def _connected(story: Story, country: str | None) -> Story:
    story.simulator.control("change-account", domain=story.domain, country=country)
    story.simulator.control("limits", per_integration=10**6, per_account=10**6)
    story.connect()
    return story


def _phones(story: Story, phone: str, **contact: str) -> list[str]:
    return values_of(contact_of(story, submit(story, form(contact={"name": "Ana Souza", "phone": phone} | contact))))[
        "PHONE"
    ]


def _shown(story: Story) -> tuple[str, str | None]:
    found = json_of(story.crm("get_settings", story.admin()))
    return found["settings"]["submissions"]["phone_country"], found["account_country"]


@pytest.mark.vendor("account.country")
def test_39_a_local_number_is_one_of_the_accounts_country_and_one_person(brazil: Story) -> None:
    found_at_once(brazil)
    assert _shown(brazil) == ("", "BR")
    first = submit(brazil, form(contact={"name": "Ana", "phone": _LOCAL}))
    assert values_of(contact_of(brazil, first))["PHONE"] == [_WHOLE]
    for again in (_WHOLE, "011912345678", "55 11 91234-5678"):
        next_one = submit(brazil, form(contact={"name": "Ana", "phone": again}, form={"name": again}))
        assert contact_of(brazil, next_one)["id"] == contact_of(brazil, first)["id"]
    assert values_of(contact_of(brazil, first))["PHONE"] == [_WHOLE]


def test_39_so_it_is_with_a_long_lived_token(tale: Story) -> None:
    tale.simulator.control("change-account", domain=tale.domain, country="BR")
    tale.simulator.control("limits", per_integration=10**6, per_account=10**6)
    tale.save_connection()
    made = tale.simulator.control("long-lived-token", domain=tale.domain, client_id=tale.client_id, days=30)
    assert tale.crm("save_token", tale.admin(), {"token": made["token"]}).status == 200
    assert _phones(tale, _LOCAL) == [_WHOLE]


def test_39_what_a_person_has_chosen_stays_and_what_a_program_saves_without_it_loses_nothing(brazil: Story) -> None:
    set_up(brazil, phone_country="MX")
    brazil.connect()
    assert _shown(brazil) == ("MX", "BR")
    assert _phones(brazil, "55 1234 5678") == ["+525512345678"]
    set_up(brazil, time_trap_seconds=0)
    assert _phones(brazil, _LOCAL) == [_WHOLE]
    assert json_of(brazil.crm("save_settings", brazil.admin(), {"language": "pt"}))["sources"] == {
        "language": "connection"
    }
    assert _phones(brazil, "(11) 91234-5679") == ["+5511912345679"]


def test_39_connecting_in_between_is_no_change_of_the_settings(brazil: Story) -> None:
    before = json_of(brazil.crm("get_settings", brazil.admin()))
    brazil.simulator.control("change-account", domain=brazil.domain, country="PT")
    brazil.connect()
    body = before["settings"] | {"revision": before["revision"], "language": "pt"}
    assert brazil.crm("save_settings", brazil.admin(), body).status == 200
    assert _shown(brazil) == ("", "PT")


def test_39_connecting_and_saving_at_the_same_moment_loses_neither(tale: Story) -> None:
    tale.simulator.control("change-account", domain=tale.domain, country="BR")
    tale.save_connection()
    codes = [tale.allow(tale.begin_consent()) for _ in range(2)]
    answers: list[int] = []
    work: list[Any] = [lambda one=one: answers.append(tale.callback(one).status) for one in codes]
    work.append(lambda: answers.append(save(tale, time_trap_seconds=0).status))
    threads = [threading.Thread(target=one) for one in work]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert answers.count(200) == 3
    assert tale.row().settings["account_country"] == "BR"
    assert tale.row().settings["submissions"]["time_trap_seconds"] == 0


@pytest.mark.parametrize("said", [None, "", "Brasil", 55, {"code": "BR"}])
def test_39_an_account_at_amocrm_ru_that_tells_no_country_is_russian(tale: Story, said: Any) -> None:
    _connected(tale, said)
    assert _phones(tale, "8 (916) 555-44-33") == ["+79165554433"]


def test_39_at_kommo_nothing_is_guessed_where_no_country_is_told(tale: Story) -> None:
    made = tale.simulator.control(
        "account", subdomain=f"{tale.domain.partition('.')[0]}k", top_level_domain="kommo.com", country=None
    )
    tale.domain, tale.account_id, tale.lead_id = made["domain"], made["id"], made["leads"][0]
    _connected(tale, None)
    assert _shown(tale) == ("", None)
    for local in (_LOCAL, "33 1234 5678", "(84) 93456-7890", "300 412 3456"):
        assert _phones(tale, local) == [local]
    for whole in (_WHOLE, "00 55 11 91234-5678", "5511912345678"):
        assert _phones(tale, whole) == [_WHOLE]


def test_39_a_country_once_told_stays_where_the_account_cannot_be_read(brazil: Story) -> None:
    brazil.simulator.control("change-account", domain=brazil.domain, country=None)
    brazil.connect()
    assert _phones(brazil, _LOCAL) == [_WHOLE]


def test_39_a_number_that_lost_a_digit_which_was_perhaps_no_prefix_is_in_the_note_as_it_was_typed(story: Story) -> None:
    results = submit(story, form(contact={"name": "Ana", "phone": "(84) 93456-7890"}))
    assert values_of(contact_of(story, results))["PHONE"] == ["+74934567890"]
    assert "(84) 93456-7890" in note_of(story, results)
    for usual in ("8 (493) 456-78-90", "8493 456-78-90", "84934567890", "493 456-78-90", "+7 493 456-78-90"):
        results = submit(story, form(contact={"name": "Анна", "phone": usual}))
        assert usual not in note_of(story, results)


@pytest.mark.parametrize(
    ("country", "typed"), [("BY", "80 (29) 512-34-56"), ("GB", "020 7946 0958"), ("AR", "11 15 2345-6789")]
)
def test_39_the_usual_prefix_of_a_country_is_in_no_note(tale: Story, country: str, typed: str) -> None:
    _connected(tale, country)
    results = submit(tale, form(contact={"name": "Ana", "phone": typed}))
    assert values_of(contact_of(tale, results))["PHONE"][0].startswith("+")
    assert typed not in note_of(tale, results)
