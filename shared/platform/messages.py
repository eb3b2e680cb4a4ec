"""What the server says to people: English sentences in the code, which are keys of the translations beside this module
(`translations/<language>.json`), as in gettext.

A sentence travels and is stored in English, so that programs, logs and the database have one language, and is
translated where a person reads it. A sentence with values is recognised by its pattern; a value that is a sentence
itself (an amoCRM problem within a delivery's) is translated too.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final, LiteralString, NewType

from shared.platform.i18n import LANGUAGES

# An English sentence made by `say`, and by nothing else: mypy holds that no other text reaches a person.
Message = NewType("Message", str)

_FOLDER: Final = Path(__file__).with_name("translations")
_PLACE: Final = re.compile(r"\{(\w+)\}")
_GAP: Final = re.compile(r"(?<=\.) ")  # between two sentences, perhaps
# Whatever is longer is somebody else's words: callers' own names are in what is said of them, as long as they like.
_LONGEST: Final = 5_000
_MOST_GAPS: Final = 20


def say(template: LiteralString, **values: object) -> Message:
    """The sentence with its `{values}`."""
    return Message(template.format(**values) if values else template)


def said(stored: str) -> Message:
    """A sentence as it comes back from the database, or words of amoCRM's own, which stay as they are."""
    return Message(stored)


def joined(*sentences: Message) -> Message:
    """Sentences that follow each other."""
    return Message(" ".join(sentences))


@cache
def translations(language: str) -> dict[str, str]:
    """Sentence -> its translation, both with `{names}`."""
    found: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


def translated(sentence: str, language: str) -> str:
    """In the language, sentence by sentence; what is not ours (amoCRM's words, a name) as it is."""
    if language not in LANGUAGES or language == "en" or len(sentence) > _LONGEST:
        return sentence
    known = translations(language)
    if sentence in known:
        return known[sentence]
    # From the end: a sentence that ends with a value would else take those that follow for its value.
    for gap in reversed([*_GAP.finditer(sentence)][-_MOST_GAPS:]):
        last = _recognised(sentence[gap.end() :], language)
        if last is not None:
            return f"{translated(sentence[: gap.start()], language)} {last}"
    return _recognised(sentence, language) or sentence


def _recognised(sentence: str, language: str) -> str | None:
    known = translations(language)
    if sentence in known:
        return known[sentence]
    for template, pattern in _patterns(language):
        match = pattern.fullmatch(sentence)
        if match:
            values = {name: translated(value, language) for name, value in match.groupdict().items()}
            return known[template].format(**values)
    return None


def translated_in(document: dict[str, Any], language: str, *names: str) -> dict[str, Any]:
    """The document with these of its members translated, where they are sentences."""
    return document | {name: translated(document[name], language) for name in names if document.get(name)}


@cache
def _patterns(language: str) -> list[tuple[str, re.Pattern[str]]]:
    """Those with values; the most words first, so that a general one does not take a particular one's sentence."""
    with_values = [template for template in translations(language) if _PLACE.search(template)]
    with_values.sort(key=lambda template: -len(_PLACE.sub("", template)))
    return [(template, _pattern(template)) for template in with_values]


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PLACE.split(template)  # words, name, words, name, …, words
    seen: set[str] = set()
    made = ""
    for index, part in enumerate(parts):
        if index % 2 == 0:
            made += re.escape(part)
        else:
            made += f"(?P={part})" if part in seen else f"(?P<{part}>.+?)"
            seen.add(part)
    return re.compile(made, re.DOTALL)
