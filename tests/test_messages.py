"""What the server says: data until somebody reads it, then a text of the reader's language and no other."""

import ast
import gettext
import importlib
import inspect
import json
import pkgutil
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from psycopg.types.json import Jsonb

import features
import shared
from cli import codes, page_texts, texts
from shared.amocrm.hosts import UntrustedHostError
from shared.platform import catalogues
from shared.platform.catalogues import FOLDER, catalogue
from shared.platform.i18n import LANGUAGES
from shared.platform.messages import (
    Message,
    as_data,
    english,
    joined,
    said,
    say,
    say_plural,
    shortened,
    stored,
    translated,
)
from shared.platform.problems import TITLES, Problem
from tests.demo import ROOT
from tests.story import Story, calculation, json_of
from tests.submitting import form

# All of them read the whole code for what it says, once in a process.
pytestmark = pytest.mark.xdist_group("catalogues")

OTHERS = LANGUAGES[1:]
_CYRILLIC = re.compile("[а-яёіїєґ]{2,}|^[а-яёіїєґ]$", re.IGNORECASE)


# --- catalogues -----------------------------------------------------------------------------------------------------


def test_34_4_every_sentence_is_translated_and_no_other_is() -> None:
    assert texts.problems() == []
    for language in OTHERS:
        assert texts.merged(language) == (FOLDER / f"{language}.po").read_text(encoding="utf-8"), "python -m cli texts"


@pytest.mark.parametrize("language", OTHERS)
def test_each_catalogue_is_in_the_script_of_its_language(language: str) -> None:
    told = catalogue(language)
    for one, many in texts.extracted().items():
        forms = {told.ngettext(one, many, n) for n in (1, 2, 5)} if many else {told.gettext(one)}
        for form_ in forms:
            assert bool(_CYRILLIC.search(form_)) is (language in ("ru", "uk")), form_
            assert form_ not in (one, many)


@pytest.mark.parametrize(("language", "other_words"), [
    ("es", "amoCRM|gerente"),  # there it is Kommo
    ("pt", "amoCRM|gerente|desligad"),
    ("ru", "клиента OAuth|Код цел|Запись (не удалась|отложена|принята)"),
    ("uk", "Код цілий|Запис (не вдався|відкладено|прийнято)"),
    ("uz", "[oOgG][‘’`']|\\bYozuv (amalga|kechik|qabul)|oʻzimiz qaytaramiz|[Yy]etkazma|\\b[Ff]orma\\b|amoCRM[’ ]da"),
])  # fmt: skip
def test_34_4_each_language_keeps_to_its_words(language: str, other_words: str) -> None:
    """As somebody who knows them has read them: one word for a thing, one apostrophe, the name by which people have
    the product; a delivery is no appointment."""
    for message in texts._read(FOLDER / f"{language}.po"):
        for form_ in [message.string] if isinstance(message.string, str) else list(message.string or ()):
            assert not re.search(other_words, form_), form_
            if language == "uz" and "account" in str(message.id) and not re.search("calculat|reckon", str(message.id)):
                assert not re.search(r"\bhisob(i|da|ga|ni|ning|niki)?\b", form_, re.IGNORECASE), form_


@pytest.mark.long
def test_34_4_what_is_said_is_a_plain_sentence() -> None:
    """Else nobody could extract it."""
    for folder in ("shared", "features", "functions"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("say", "say_plural"):
                    sentences = node.args[: 2 if getattr(node.func, "id", "") == "say_plural" else 1]
                    assert all(isinstance(one, ast.Constant) for one in sentences), f"{file}:{node.lineno}"


def _spoiled(tmp_path: Path, before: str, after: str, language: str = "ru") -> list[str]:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "translations"))
    file = folder / f"{language}.po"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    return texts.problems(folder)


_HOST = 'msgid "There is no account at {host}."\nmsgstr "'


@pytest.mark.parametrize(("before", "after", "told"), [
    (_HOST, f"{_HOST}{{hots}} ", "has other placeholders"),
    (_HOST, f"{_HOST}{{ ", "has a brace that is no placeholder"),
    ('msgstr "Токен обновлён."', 'msgstr ""', "is not translated"),
    ('msgid "The token was refreshed."\n', '#, fuzzy\nmsgid "The token was refreshed."\n', "fuzzy"),
    ('msgid "The token was refreshed."', 'msgid "The token was not refreshed."', "no code says this"),
    ('msgstr "Токен обновлён."', 'msgstr "Токен обновлён.', "cannot be read"),
])  # fmt: skip
def test_34_4_a_translators_mistake_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    found = _spoiled(tmp_path, before, after)
    assert any(re.match(rf"ru\.po:[1-9]\d*: {re.escape(told) if told != 'fuzzy' else '.*fuzzy'}", one) for one in found)


@pytest.mark.parametrize(("entry", "told"), [
    ('\nmsgctxt "again"\nmsgid "Try again"\nmsgstr "Ще разок"\n', None),
    ('\nmsgctxt "again"\nmsgid "Try again"\nmsgstr "Ще разок {this}"\n', "has other placeholders"),
    ('\nmsgctxt "again"\nmsgid "Duplicate"\nmsgstr "Ще разок"\n', "no code says this"),
    ('\nmsgctxt "nobody.knows"\nmsgid "Try again"\nmsgstr "Ще разок"\n', "no code says this"),
])  # fmt: skip
def test_34_4_a_key_of_the_pages_may_have_words_of_its_own(tmp_path: Path, entry: str, told: str | None) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "translations"))
    file = folder / "uk.po"
    with file.open("a", encoding="utf-8") as text:
        text.write(entry)
    found = texts.problems(folder)
    assert [bool(re.match(rf"uk\.po:[1-9]\d*: {told}", one)) for one in found] == ([True] if told else [])
    if told is None:
        made = json.loads(page_texts.made("uk", texts._read(file)))
        assert (made["again"], made["remove"]) == ("Ще разок", "Прибрати")
        with file.open("rb") as content:
            server = catalogues._PoTranslations(content)
        assert server.gettext("Try again") == catalogue("uk").gettext("Try again")


def test_34_4_the_pages_files_are_what_the_catalogues_say() -> None:
    """And a text that is not translated yet is English there, in all forms."""
    for language in OTHERS:
        told = (page_texts.FOLDER / f"{language}.json").read_text(encoding="utf-8")
        assert told == page_texts.made(language, texts._read(FOLDER / f"{language}.po")), "python -m cli texts"
        assert json.loads(page_texts.made(language, Catalog())) == page_texts.english()


@pytest.mark.long
def test_34_4_forms_are_chosen_as_unicode_has_it() -> None:
    """By the server's rules and by the browsers', for whole numbers: the forms are the same ones."""
    for language in OTHERS:
        read = texts._read(FOLDER / f"{language}.po")
        names = page_texts.categories(language)
        assert read.num_plurals == len(names)
        rule, index = Locale(language).plural_form, gettext.c2py(read.plural_expr)
        assert [names[index(n)] for n in range(2000)] == [rule(n) for n in range(2000)], language


def test_34_4_what_a_catalogue_lacks_is_shown_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    new = Message("Nobody has translated {this} yet.", {"this": "one"})
    assert translated(new, "ru") == "Nobody has translated one yet."
    assert translated(new, "xx") == "Nobody has translated one yet."


def test_34_4_translators_programs_may_wrap_lines(tmp_path: Path) -> None:
    """And escape what they like."""
    head = (FOLDER / "ru.po").read_text(encoding="utf-8").split("\n\n")[0]
    entries = '#: somewhere.py:1\n#, python-brace-format\nmsgid ""\n"One \\"{name}\\"\\n"\n"and two"\nmsgstr ""\n'
    entries += '"Раз «{name}»\\n"\n"и два"\n\n#~ msgid "gone"\n#~ msgstr "ушло"\n\n#, fuzzy\nmsgid "a"\nmsgstr "б"\n'
    entries += '\nmsgid "{count} day"\nmsgid_plural "{count} days"\n'
    entries += "".join(f'msgstr[{n}] "{{count}} {word}"\n' for n, word in enumerate(("день", "дня", "дней")))
    (tmp_path / "x.po").write_text(f"{head}\n\n{entries}", encoding="utf-8")
    with (tmp_path / "x.po").open("rb") as file:
        told = catalogues._PoTranslations(file)
    assert told.gettext('One "{name}"\nand two') == "Раз «{name}»\nи два"
    assert (told.gettext("gone"), told.gettext("a")) == ("gone", "a")
    days = [told.ngettext("{count} day", "{count} days", n) for n in (1, 2, 5, 11, 21)]
    assert days == ["{count} день", "{count} дня", "{count} дней", "{count} дней", "{count} день"]


# --- messages -------------------------------------------------------------------------------------------------------


def test_messages_that_follow_each_other_are_each_translated() -> None:
    refused = say("amoCRM refuses the refresh token: {words}.", words="Token has been revoked")
    told = joined(refused, say("An administrator must authorise the account again."))
    assert translated(told, "ru") == (
        "amoCRM не принимает refresh-токен: Token has been revoked. Администратор должен авторизовать аккаунт ещё раз."
    )


def test_a_value_that_is_a_message_is_translated_too() -> None:
    told = say("{source} is in the note: {reason}.", source="Город", reason=say("{name} takes one value", name="Город"))
    assert translated(told, "uk") == "«Город» — у примітці: «Город» приймає одне значення."


def test_34_4_a_value_that_looks_like_a_sentence_of_ours_is_a_value() -> None:
    """Two patterns that fit, and a caller's words that are a sentence of ours: nothing is recognised any more."""
    told = say("There is no account at {host}.", host="The token was refreshed.")
    assert "The token was refreshed." in translated(told, "ru")
    assert translated(said("The token was refreshed."), "ru") == "The token was refreshed."


@pytest.mark.parametrize("hostile", ["{host} {0} {words}", "100 % %s %(host)s", "<b>&amp;", "\\n\"'", "{_0}"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_34_4_hostile_values_are_values_only(language: str, hostile: str) -> None:
    told = say("There is no account at {host}.", host=hostile)
    assert hostile in translated(told, language)
    assert hostile in translated(joined(said(hostile), told), language)
    assert translated(stored(json.loads(json.dumps(as_data(told)))), language) == translated(told, language)


@pytest.mark.parametrize(("language", "forms"), [
    ("en", ["1 more value is", "2 more values are", "5 more values are", "21 more values are"]),
    ("ru", ["1 значение", "2 значения", "5 значений", "21 значение"]),
    ("uk", ["1 значення", "2 значення", "5 значень", "21 значення"]),
    ("es", ["1 valor más", "2 valores más", "5 valores más", "21 valores más"]),
])  # fmt: skip
def test_34_4_what_counts_has_the_form_of_its_number(language: str, forms: list[str]) -> None:
    for count, form_ in zip((1, 2, 5, 21), forms, strict=True):
        told = say_plural("{count} more value is in the note.", "{count} more values are in the note.", count=count)
        assert form_ in translated(told, language)
        assert translated(stored(as_data(told)), language) == translated(told, language)


@pytest.mark.long
def test_34_4_a_message_is_the_same_when_it_comes_back(story: Story) -> None:
    """Numbers, texts, messages in messages; also in the middle of other JSON. Equal, so that it is told once."""
    told = joined(
        say("must be a whole number from 1 to {largest}", largest=7),
        say("{source} is in the note: {reason}.", source=Path("x"), reason=said("amoCRM’s {own} words")),
        say_plural("{count} more value is in the note.", "{count} more values are in the note.", count=3),
    )
    assert stored(json.loads(json.dumps(as_data(told)))) == told
    assert hash(stored(as_data(told))) == hash(told)
    ((back, inside),) = story.sql("SELECT %s, %s", told, Jsonb({"deep": [told]}))
    assert back == english(told)
    assert stored(inside["deep"][0]) == told


def test_34_4_a_stored_message_is_bounded_and_says_what_was_cut() -> None:
    told = say("{source} is in the note: {reason}.", source="ф" * 5000, reason=said("why"))
    kept = english(shortened(told))
    assert len(kept) <= 2000
    assert "…" in kept
    assert kept.endswith("why.")
    assert shortened(say("The token was refreshed.")) == say("The token was refreshed.")


def test_34_4_a_message_is_no_text() -> None:
    told: Any = say("The token was refreshed.")
    for written in (str, "{}".format, "%s".__mod__, json.dumps):
        with pytest.raises(TypeError):
            written(told)


@pytest.mark.long
def test_an_error_that_has_a_message_is_text_for_the_log() -> None:
    """An error of an address that is not amoCRM's was none, and whoever noted it ended in one that nobody foresaw."""
    for package in (shared, features):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    kinds, with_message = list(Exception.__subclasses__()), 0
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if not kind.__module__.startswith(("shared.", "features.")):
            continue
        wanted = list(inspect.signature(kind.__init__).parameters.values())[1:]
        given = [say("No.") if one.annotation is Message else 1 for one in wanted if one.default is one.empty]
        if any(isinstance(one, Message) for one in given):
            with_message += bool(str(kind(*given[: sum(one.kind is one.POSITIONAL_OR_KEYWORD for one in wanted)])))
    assert with_message > 20
    assert "must be an amoCRM address" in str(UntrustedHostError())


def test_34_4_mypy_refuses_a_message_that_leaves_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "leaves.py"
    lines = ["shown: str = told", 'shown = f"{told}"', "shown = str(told)", 'shown = "{}".format(told)', "print(told)"]
    file.write_text("from shared.platform.messages import say\ntold = say('x')\n" + "\n".join(lines) + "\n")
    command = [sys.executable, "-m", "mypy", "--no-incremental", "--cache-dir", str(tmp_path / "cache"), str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert {int(line.split(":")[1]) for line in done.stdout.splitlines() if "error:" in line} == {3, 4, 5, 6, 7}


# --- where they are read --------------------------------------------------------------------------------------------


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


def test_every_place_that_tells_a_stored_message_translates_it(story: Story) -> None:
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


def test_34_4_the_log_is_searched_in_the_words_that_the_reader_sees(connected: Story) -> None:
    for language, words in (("ru", "аккаунт ПОДКЛЮЧЁН"), ("ru", "account was connected"), ("es", "cuenta se conectó")):
        headers = connected.admin() | {"Accept-Language": language}
        found = json_of(connected.crm("get_events", headers, method="GET", query={"search": words}))["events"]
        assert [one["kind"] for one in found] == ["connection.authorised"]


@pytest.mark.long
def test_titles_are_ours_and_not_the_interpreters() -> None:
    """Python 3.13 has other phrases than 3.11; callers may compare them."""
    assert {problem.status for problem in codes.read()} <= set(TITLES)
    assert Problem(413, "x", say("The body is too large.")).as_dict("id")["title"] == "Content Too Large"
