"""What is said to people: an English sentence with gaps, as gettext's msgid, and the values that fill them.

A message travels and is stored as data (`{"message": "…", "values": {…}}`), and becomes text where a person reads it:
:func:`translated`, by the catalogues `translations/<language>.po` beside this module. It is no `str`, so mypy holds
that none leaves untranslated; and who writes it into a text, or encodes it, gets an error and no English.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, LiteralString, NoReturn, Union

from shared.platform.i18n import LANGUAGES

if TYPE_CHECKING:
    from gettext import NullTranslations

Value = Union[str, int, float, "Message"]

_GAP: Final = re.compile(r"\{(\w+)\}")
_STORED: Final = 2_000  # characters of a message that is stored, in English
_CUTS: Final = (1_000, 300, 100, 30)  # characters of each of its values, where it is longer


class Message:
    """A sentence and its values; equal to one with the same. `plural`: the sentence for many, told by `count`."""

    __slots__ = ("plural", "template", "values")

    template: Final[str]
    plural: Final[str]
    values: Final[Mapping[str, Value]]

    def __init__(self, template: str, values: Mapping[str, object] | None = None, plural: str = "") -> None:
        self.template, self.plural = template, plural
        self.values = {name: _value(value) for name, value in (values or {}).items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and as_data(self) == as_data(other)

    def __hash__(self) -> int:
        return hash((self.template, tuple(self.values.items())))

    def __repr__(self) -> str:
        return f"Message({english(self)!r})"

    def __str__(self) -> NoReturn:
        raise TypeError("a message is text in a language only: translated(message, language)")


class UnfitError(ValueError):
    """A value that is not right, and why."""

    def __init__(self, detail: Message) -> None:
        super().__init__(english(detail))
        self.detail = detail


def say(template: LiteralString, **values: object) -> Message:
    """The sentence with its `{values}`: numbers, texts, and other messages."""
    return Message(template, values)


def say_plural(one: LiteralString, many: LiteralString, /, *, count: int, **values: object) -> Message:
    """The sentence in the form for `{count}`, which each language has its own rule for. English has these two."""
    return Message(one, {"count": count} | values, many)


def said(words: str) -> Message:
    """Somebody else's words (amoCRM's, a caller's), the same in every language."""
    return Message("{words}", {"words": words})


def joined(*messages: Message, by: str = " ") -> Message:
    """Messages that follow each other."""
    if len(messages) == 1:
        return messages[0]
    # Gaps and nothing else are the same in every language.
    return Message(by.join(f"{{_{n}}}" for n in range(len(messages))), {f"_{n}": one for n, one in enumerate(messages)})


def translated(message: Message, language: str) -> str:
    """The text, in the language; in English where the catalogue lacks it, or there is none."""
    values = {
        name: translated(value, language) if isinstance(value, Message) else str(value)
        for name, value in message.values.items()
    }
    # Once through the sentence: what stands in a value is no gap.
    return _GAP.sub(lambda gap: values.get(gap[1], gap[0]), _sentence(message, language))


def english(message: Message) -> str:
    """The text for logs, commands and programs, which have one language."""
    return translated(message, "en")


def _sentence(message: Message, language: str) -> str:
    count = message.values.get("count")
    if message.plural and isinstance(count, int):
        if language in LANGUAGES and language != "en":
            return _catalogue(language).ngettext(message.template, message.plural, count)
        return message.template if count == 1 else message.plural
    if language not in LANGUAGES or language == "en" or not _has_words(message.template):
        return message.template
    return _catalogue(language).gettext(message.template)


def _has_words(template: str) -> bool:
    return any(letter.isalpha() for letter in _GAP.sub("", template))


@cache
def _catalogue(language: str) -> "NullTranslations":
    from shared.platform.catalogues import catalogue  # not for a cold start, nor for English

    return catalogue(language)


def as_data(message: Message) -> dict[str, Any]:
    """As it is stored: `{message, values?, plural?}`; a value may be a message."""
    values = {name: as_data(one) if isinstance(one, Message) else one for name, one in message.values.items()}
    data = {"message": message.template, "values": values, "plural": message.plural}
    return {name: member for name, member in data.items() if member}


def stored(data: Any) -> Message:
    """The message that was stored. A bare text is somebody's words, or was stored before messages were data."""
    if isinstance(data, Message):
        return data
    if not isinstance(data, dict):
        return said(str(data))
    values = {name: stored(one) if isinstance(one, dict) else one for name, one in data.get("values", {}).items()}
    return Message(data["message"], values, data.get("plural", ""))


def shortened(message: Message) -> Message:
    """As it fits into a row; where a value is cut, it ends with an ellipsis."""
    if len(english(message)) <= _STORED:
        return message
    for most in _CUTS:
        shorter = _cut(message, most)
        if len(english(shorter)) <= _STORED:
            return shorter
    return said(f"{english(message)[: _STORED - 1]}…")


def _cut(message: Message, most: int) -> Message:
    def short(value: Value) -> Value:
        if isinstance(value, Message):
            return _cut(value, most)
        return f"{value[: most - 1]}…" if isinstance(value, str) and len(value) > most else value

    return Message(message.template, {name: short(one) for name, one in message.values.items()}, message.plural)


def translated_in(document: Mapping[str, Any], language: str, *names: str) -> dict[str, Any]:
    """The document with these of its members, which are messages as they were stored, in the language."""
    there = {name: translated(stored(document[name]), language) for name in names if document.get(name)}
    return {**document, **there}


def _value(value: object) -> Value:
    """As JSON knows it, so that a message is equal to itself when it comes back."""
    return value if isinstance(value, str | int | float | Message) else str(value)
