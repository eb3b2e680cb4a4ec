"""`texts`: the catalogues of what server and pages say to people, `shared/platform/translations/<language>.po`.

They are extracted from the code and `web/i18n/en.json`, merged, written and checked by Babel;
:mod:`shared.platform.catalogues` reads them, and the pages' other files are made from them.
"""

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import PoFileError, read_po, write_po

from cli import page_texts
from shared.platform.catalogues import FOLDER, LINE
from shared.platform.i18n import LANGUAGES

ROOT: Final = Path(__file__).resolve().parents[1]
_CODE: Final = ("shared", "features", "functions", "cli")
_KEYWORDS: Final = {"say": None, "say_plural": (1, 2)}
_SAYS: Final = re.compile(rb"\b(?:say|say_plural|amocrm_message)\(")
_IN_SQL: Final = re.compile(r"amocrm_message\('((?:[^']|'')+)'")
_GAP: Final = re.compile(r"\{\w+\}")
_EAST_SLAVIC: Final = (
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"
)
# Of whole numbers, as Unicode has them.
_RULES: Final = {
    "ru": _EAST_SLAVIC,
    "uk": _EAST_SLAVIC,
    "pt": "nplurals=2; plural=(n > 1);",
}
_RULE: Final = "nplurals=2; plural=(n != 1);"
_HEADER: Final = r"""msgid ""
msgstr ""
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {rule}\n"

"""


@cache
def extracted(root: Path = ROOT) -> dict[str, str]:
    """Each sentence of the code, and of its SQL: for one -> for many, or the empty text where it does not count."""
    found: dict[str, str] = {}
    for file in (file for folder in _CODE for file in sorted((root / folder).rglob("*.py"))):
        content = file.read_bytes()
        if not _SAYS.search(content):  # most of them, and Babel reads slowly
            continue
        with redirect_stderr(io.StringIO()):  # it warns of every f-string in a value
            calls = list(extract("python", io.BytesIO(content), keywords=_KEYWORDS))
        for _, said, _, _ in calls:
            one, many = (said, "") if isinstance(said, str) else (str(said[0]), str(said[1]))
            found[one] = found.get(one) or many
        found |= dict.fromkeys((one.replace("''", "'") for one in _IN_SQL.findall(content.decode())), "")
    return {one: many for one, many in found.items() if re.search(r"\w", _GAP.sub("", one))}


def wanted(root: Path = ROOT) -> dict[str, str]:
    """Those, and the pages' texts, each once."""
    return dict(map(page_texts.as_message, page_texts.english().values())) | extracted(root)


def merged(language: str, folder: Path = FOLDER, root: Path = ROOT) -> str:
    """The catalogue with each sentence of the code and no other, sorted; what is new has no translation yet."""
    file = folder / f"{language}.po"
    header = _HEADER.replace("{language}", language).replace("{rule}", _RULES.get(language, _RULE))
    made = read_po(io.BytesIO(header.encode()))
    known = _read(file) if file.exists() else made
    for one, many in sorted(wanted(root).items()):
        old = known.get(one)
        told = _kept(old, bool(many)) or page_texts.brought(language, one, known)
        made.add((one, many) if many else one, told, flags=old.flags if old else ())
    for own in page_texts.own_entries(known):
        made.add(own.id, own.string, flags=own.flags, context=own.context)
    text = io.BytesIO()
    write_po(text, made, width=0, omit_header=True, sort_output=True)
    return header + text.getvalue().decode().strip("\n") + "\n"


def _kept(old: Message | None, counts: bool) -> str | tuple[str, ...]:
    """Its translation, where it has the same number of forms."""
    if old is None or isinstance(old.string, str) is counts:
        return ""
    return old.string if isinstance(old.string, str) else tuple(old.string or ())


def write(folder: Path = FOLDER, root: Path = ROOT) -> None:
    for language in LANGUAGES[1:]:
        file = folder / f"{language}.po"
        file.write_text(merged(language, folder, root), encoding="utf-8")
        page = page_texts.made(language, _read(file))
        (page_texts.FOLDER / f"{language}.json").write_text(page, encoding="utf-8")


def problems(folder: Path = FOLDER, root: Path = ROOT) -> list[str]:
    """`file:line: what is wrong`, for translators and for CI; none when all is said in every language."""
    return [found for language in LANGUAGES[1:] for found in _problems(folder / f"{language}.po", root)]


def _problems(file: Path, root: Path) -> Iterator[str]:
    try:
        catalogue = _read(file)
    except (PoFileError, OSError, UnicodeDecodeError) as error:
        yield f"{file.name}:{getattr(error, 'lineno', 0)}: cannot be read: {error}"
        return
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line and not line.startswith("#") and not LINE.fullmatch(line):  # Babel overlooks it
            yield f"{file.name}:{number}: cannot be read: {line}"
    sentences, pages = wanted(root), page_texts.english()
    for message in catalogue:
        one = message.id if isinstance(message.id, str) else message.id[0]
        if not one:
            continue
        many = "" if isinstance(message.id, str) else message.id[1]
        place = f"{file.name}:{message.lineno}"
        if sentences.get(one) != many if message.context is None else not page_texts.is_for(message, pages):
            yield f"{place}: no code says this: {one}"
            continue
        for fault in _faults(message, {one, many} - {""}, catalogue.num_plurals if many else 1):
            yield f"{place}: {fault}: {one}"
    for one in sorted(one for one in sentences if catalogue.get(one) is None):
        yield f"{file.name}: is missing: {one}"
    page = page_texts.FOLDER / f"{file.stem}.json"
    if file.parent == FOLDER and page.read_text(encoding="utf-8") != page_texts.made(file.stem, catalogue):
        yield f"{page.name}: is not what {file.name} says: python -m cli texts"


def _faults(message: Message, sentences: set[str], forms: int) -> Iterator[str]:
    texts = [message.string] if isinstance(message.string, str) else list(message.string or ())
    if message.fuzzy:
        yield "is marked as fuzzy, so nobody would see it"
    if len(texts) != forms or not all(text.strip() for text in texts):
        yield "is not translated, or not in every form"
        return
    gaps = {frozenset(_GAP.findall(sentence)) for sentence in sentences}
    braces = {_other_braces(sentence) for sentence in sentences}
    for text in texts:
        there = _GAP.findall(text)
        if frozenset(there) not in gaps:
            yield f"has other placeholders ({', '.join(there) or 'none'})"
        elif _other_braces(text) not in braces:
            yield "has a brace that is no placeholder"


def _other_braces(text: str) -> str:
    """Those that are shown, as in an example."""
    return re.sub(r"[^{}]", "", _GAP.sub("", text))


def _read(file: Path) -> Catalog:
    with file.open("rb") as content:
        return read_po(content, locale=file.stem, abort_invalid=True)
