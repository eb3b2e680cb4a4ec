"""What a value looks like, whatever it is called: a phone, an e-mail, a name."""

import re
from typing import Final

from features.submissions.field_vocabulary import Meaning
from features.submissions.flattening import NamedValue
from features.submissions.model import LONGEST_LINE

# Of a chat of WhatsApp (`79…@c.us`, `…@s.whatsapp.net`) it is none, and often the company's own.
_EMAIL: Final = re.compile(r"[^@\s,;<>:]+@(?!(?:[cg]\.us|s\.whatsapp\.net)(?![a-zA-Z\d.-]))[^@\s,;<>]+\.[^@\s,;<>]+")
_CHAT: Final = re.compile(r"\+?(\d{7,15})(?::\d+)?@(?:c\.us|s\.whatsapp\.net)")
_LONGEST_NAME: Final = 150


def fits(meaning: Meaning, value: NamedValue, *, surely: bool = False, least: int = 5) -> bool:
    """Whether it looks like that; `surely`: it is said to be that, and only an empty list is not. `least`: digits."""
    texts = [text for text in value.values if text.strip()]
    if surely or not texts:
        return surely
    if meaning == "email":  # looking for one in a megabyte that has none takes half an hour
        return all(len(text) <= LONGEST_LINE and _EMAIL.search(text) for text in texts)
    if meaning == "phone":
        return all(_has_digits(without_chat(text), least) for text in texts)
    return len(texts) == 1 and len(texts[0]) <= _LONGEST_NAME and _is_name(texts[0])


def _has_digits(text: str, least: int) -> bool:
    digits, letters = sum(sign.isdigit() for sign in text[:200]), sum(sign.isalpha() for sign in text[:200])
    return digits >= max(least, letters) and len(text) <= 100


def _is_name(text: str) -> bool:
    letters = sum(sign.isalpha() for sign in text)
    return letters > 0 and 2 * letters >= len(text.strip()) and "@" not in text and "://" not in text


def is_email(value: NamedValue) -> bool:
    return len(value.values) == 1 and _EMAIL.fullmatch(value.values[0].strip()) is not None


def without_chat(text: str) -> str:
    """Of a chat of WhatsApp with one person the phone, by which it is called; any other text as it is."""
    found = _CHAT.fullmatch(text.strip()) if len(text) <= LONGEST_LINE else None
    return f"+{found[1]}" if found else text
