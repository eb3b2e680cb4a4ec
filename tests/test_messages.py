"""What the server says, in every language: each sentence of the code is translated, and found again when it is read."""

import ast
import re
import time
from functools import cache

import pytest

from cli import codes
from shared.platform.i18n import LANGUAGES
from shared.platform.messages import joined, said, say, translated, translations
from shared.platform.problems import TITLES, Problem
from tests.demo import ROOT
from tests.story import Story, calculation, json_of
from tests.submitting import form

OTHERS = [language for language in LANGUAGES if language != "en"]
_CYRILLIC = re.compile("[а-яёіїєґ]{2,}", re.IGNORECASE)


@cache
def _sentences() -> set[str]:
    """Every first argument of `say` in the code."""
    found = set()
    for folder in ("shared", "features", "functions"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say" and file.name != "messages.py":
                    sentence = node.args[0]
                    assert isinstance(sentence, ast.Constant), f"{file}:{node.lineno}: not a plain sentence"
                    found.add(str(sentence.value))
    return found


@pytest.mark.xdist_group("sentences")
@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated_and_no_other_is(language: str) -> None:
    sentences, known = _sentences(), translations(language)
    assert sentences - set(known) == set()
    assert set(known) - sentences == set()
    for sentence, translation in known.items():
        assert translation.strip()
        assert sorted(re.findall(r"\{\w+\}", sentence)) == sorted(re.findall(r"\{\w+\}", translation)), sentence
        is_cyrillic = bool(_CYRILLIC.search(translation))
        assert is_cyrillic or language not in ("ru", "uk"), translation
        assert not is_cyrillic or language not in ("uz", "es", "pt"), translation


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_with_values_is_recognised_as_itself(language: str) -> None:
    """Also beside all others: no sentence has the pattern of another."""
    for sentence, translation in translations(language).items():
        names = set(re.findall(r"\{(\w+)\}", sentence))
        values = {name: f"«{name}»" for name in names}
        assert translated(sentence.format(**values), language) == translation.format(**values), sentence


def test_sentences_that_follow_each_other_are_each_translated() -> None:
    refused = say("amoCRM refuses the refresh token: {words}.", words="Token has been revoked")
    told = joined(refused, say("An administrator must authorise the account again."))
    assert translated(told, "ru") == (
        "amoCRM не принимает refresh-токен: Token has been revoked. Администратор должен авторизовать аккаунт ещё раз."
    )
    assert translated(told, "en") == told


def test_a_value_that_is_a_sentence_is_translated_too() -> None:
    told = say("{source} is in the note: {reason}.", source="Город", reason=say("{name} takes one value", name="Город"))
    assert translated(told, "uk") == "«Город» — у примітці: «Город» приймає одне значення."


def test_words_of_others_stay_as_they_are() -> None:
    theirs = said("Что-то от amoCRM: {left} alone")
    assert translated(theirs, "es") == theirs


def test_hostile_values_are_values_only() -> None:
    told = say("There is no account at {host}.", host="{host} {0} %s")
    assert translated(told, "pt") == "Não há conta em {host} {0} %s."


@pytest.mark.parametrize("words", ["x. ", "Nobody listens here. "])
def test_30_k_a_callers_long_name_holds_nobody_up(connected: Story, words: str) -> None:
    """30-K: each of its points may end a sentence. A field of 30 kB held an instance for minutes, in any language
    but English, and a public key of a site was enough."""
    hostile, began = form(**{words * (30_000 // len(words)): 1}), time.monotonic()
    answer = connected.crm("submit_form", connected.application() | {"Accept-Language": "ru"}, hostile)
    assert answer.status == 422
    assert words in json_of(answer)["errors"][0]["detail"]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("accepted", "language", "detail"), [
    ("pt-BR,pt;q=0.9", "pt", "Indique uma destas ações"),
    ("uz", "uz", "Shu amallardan birini"),
    ("de-DE", "en", "Name one of these actions"),
    (None, "en", "Name one of these actions"),
])  # fmt: skip
def test_a_problem_is_told_in_the_readers_language(
    story: Story, accepted: str | None, language: str, detail: str
) -> None:
    answer = story.crm("no_such_action", {"Accept-Language": accepted} if accepted else {})
    assert dict(answer.headers)["Content-Language"] == language
    assert json_of(answer)["code"] == "unknown_action"
    assert json_of(answer)["detail"].startswith(detail)


def test_every_place_that_tells_a_stored_sentence_translates_it(story: Story) -> None:
    """A delivery that waits: in the answer, the list, and its story."""
    story.simulator.fault("status", status=503, path="/api/v4/.*", times=50)
    spanish = story.widget() | {"X-Lead-Id": str(story.lead_id), "Accept-Language": "es"}
    saved = json_of(story.crm("save_calculation", spanish, calculation()))
    expected = "Kommo no está disponible en este momento. Inténtelo otra vez."
    assert saved["problem"]["detail"] == expected
    admin = story.admin() | {"Accept-Language": "es"}
    listed = json_of(story.crm("get_deliveries", admin, method="GET"))["deliveries"][0]
    assert listed["problem"]["detail"] == expected
    told = json_of(story.crm("get_delivery", admin, query={"id": saved["delivery_id"]}, method="GET"))
    assert expected in [entry.get("detail") for entry in told["story"]]


def test_titles_are_ours_and_not_the_interpreters() -> None:
    """Python 3.13 has other phrases than 3.11; callers may compare them."""
    assert {problem.status for problem in codes.read()} <= set(TITLES)
    assert Problem(413, "x", say("The body is too large.")).as_dict("id")["title"] == "Content Too Large"
