"""34-4: whatever leaves the server for a person is in that person's language, and in no other.

Each answer of each story is read by a reader who sees what comes from a catalogue and what does not (`reading.py`), and
what a story has left in the database and in amoCRM is read when it has ended (`left_behind.py`). What is here shows
that they see, and walks each sentence that there is through the edge of HTTP, each page of the callback, and notes, in
each language.
"""

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from cli import texts
from functions.oauth_callback import pages
from functions.oauth_callback.texts import FAILURES
from shared.platform.http import Headers, Request, Response
from shared.platform.i18n import LANGUAGES, words
from shared.platform.messages import Message, english, said, say, translated
from shared.platform.middleware import json_response
from shared.platform.problems import InputError, Problem
from shared.runtime import Runtime
from tests import left_behind, reading, sentences
from tests.listener import Ingress
from tests.longer import others_long
from tests.story import Story, calculation
from tests.submitting import form

_DATA = "Ωμέγα"  # in nobody's language
_TAKEN = say("Somebody else has just taken this time. Choose another one.")

Handler = Callable[[None, Request], Response]


# --- the reader sees ------------------------------------------------------------------------------------------------


def _raises(detail: Message) -> Handler:
    def handler(_runtime: None, _request: Request) -> Response:
        raise Problem(409, "x", detail)

    return handler


def _answers(text: Callable[[Request], Any]) -> Handler:
    return lambda _runtime, request: json_response({"members": [{"text": text(request)}]})


@pytest.mark.parametrize("handler", [
    _raises(said(english(_TAKEN))),
    _raises(say("The deal could not be moved to its stage ({error}).", error="its values")),
    _raises(say("The deal could not be moved to its stage ({error}).", error=english(_TAKEN))),
    _answers(lambda _: english(_TAKEN)),
    _answers(lambda _: translated(_TAKEN, "ru")),
    _answers(lambda _: f"Glass: {translated(_TAKEN, 'es')}"),
    _answers(lambda _: "No value may contain the character U+0000."),
    _answers(lambda _: words("pt", "callback")["address_blocked.advice"]),
], ids=["said", "phrase", "value", "english", "russian", "spanish", "literal", "page"])  # fmt: skip
def test_34_4_the_reader_sees_what_was_written_past_the_catalogues(handler: Handler) -> None:
    with pytest.raises(AssertionError, match="past the catalogues"):
        reading.serve(handler, None, Request("GET", "/"))


@pytest.mark.parametrize("handler", [
    _raises(_TAKEN),
    _raises(say("The deal could not be moved to its stage ({error}).", error=_TAKEN)),
    _raises(said("The person’s own words, {braces}, 100 % and <b>")),
    _answers(lambda request: translated(_TAKEN, request.language)),
])  # fmt: skip
def test_what_comes_from_a_catalogue_or_from_a_person_is_let_through(handler: Handler) -> None:
    answer = reading.serve(handler, None, Request("GET", "/"))
    assert not reading.MARKS.search(answer.body.decode())


def test_34_4_a_text_that_was_made_for_one_reader_and_is_stored_is_seen(connected: Story) -> None:
    connected.sql("UPDATE amocrm_events SET actor = %s", reading.marked("The token was refreshed."))
    with pytest.raises(AssertionError, match="is stored"):
        left_behind.check(connected)
    connected.sql("UPDATE amocrm_events SET actor = NULL")


# --- each sentence, each page, and notes ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def edge() -> Iterator[str]:
    """A function behind HTTP whose problems are all the sentences that there are, by their number."""
    sentences_ = list(texts.extracted().items())

    def handler(_runtime: Runtime, request: Request) -> Response:
        one, many = sentences_[int(request.parameter("n") or 0)]
        gaps = dict.fromkeys(re.findall(r"\{(\w+)\}", one + many), _DATA) | ({"count": 5} if many else {})
        message = Message(one, gaps, many)
        raise Problem(422, "x", message, errors=(InputError("a", say("{reason}.", reason=message)),))

    listener = Ingress(handler, "crm_api")
    listener.runtime = "no runtime"  # type: ignore[assignment]
    yield listener.url
    listener.close()


@pytest.mark.parametrize("language", others_long(LANGUAGES))
def test_34_4_every_sentence_leaves_over_http_in_the_readers_language(edge: str, language: str) -> None:
    with httpx.Client(headers={"Accept-Language": language}) as client:
        for n, (one, many) in enumerate(texts.extracted().items()):
            answer = client.get(edge, params={"n": n})
            document = answer.json()
            assert answer.headers["Content-Language"] == language
            detail, nested = document["detail"], document["errors"][0]["detail"]
            assert nested == f"{detail}."
            assert not list(sentences.foreign(detail, language)), one
            if language != "en":
                assert not {detail, nested} & {(many or one).replace("{count}", "5")}
            wanted = set(re.findall(r"\{\w+\}", one)) - ({"{count}"} if many else set())
            assert (_DATA in detail) is bool(wanted)
            assert "{" not in detail.replace("{{", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_34_4_every_page_of_the_callback_is_in_one_language(language: str) -> None:
    """34, "Why": it told the failure in Russian, and amoCRM's refusal in English in the middle of it."""
    request = Request("GET", "/", headers=Headers([("Accept-Language", language)]))
    detail = say("There is no account at {host}.", host=_DATA)
    for code in FAILURES:
        page = pages.failure(request, code, status=400, again="https://x.example", detail=detail).body.decode()
        assert f'lang="{language}"' in page
        text = html.unescape(re.sub(r"<(style|script).*?</\1>|<[^>]*>", "\n", page, flags=re.DOTALL))
        assert not list(sentences.foreign(text, language)), code
        assert translated(detail, language) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_34_4_notes_are_in_the_language_of_the_company(story: Story, language: str) -> None:
    """Whatever the person reads who has caused them."""
    assert story.crm("save_settings", story.admin(), {"language": language}).status == 200
    reader = {"Accept-Language": "es" if language != "es" else "ru"}
    saved = story.crm("save_calculation", story.widget() | {"X-Lead-Id": str(story.lead_id)} | reader, calculation())
    given = form(fields={"city": _DATA, "utm_source": _DATA}, comment=_DATA)
    sent = story.crm("submit_form", story.application() | reader, given)
    assert (saved.status, sent.status) == (200, 200)
    shown = story.simulator.control("show", domain=story.domain)["notes"].values()
    notes = [note["params"]["text"] for notes in shown for note in notes]
    assert len(notes) == 2
    assert words(language, "document.note")["total"] in "".join(notes)
    assert words(language, "document.submission")["comment"] in "".join(notes)
    for note in notes:
        assert not list(sentences.foreign(note, language))
