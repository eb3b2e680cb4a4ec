"""Names and values of a form in their order, urlencoded or multipart, in the letters in which it was written."""

import codecs
import re
from typing import Final
from urllib.parse import parse_qsl

Pairs = list[tuple[str, str]]

NO_NULL: Final = "\ufffd"  # instead of U+0000, which PostgreSQL's texts cannot hold, as HTML and Markdown put it
_OLD, _OLD_IN_THE_WEST = "cp1251", "cp1252"
# Quotes, dashes and the like, the same in both.
_SIGNS: Final = bytes.fromhex("8284858687898b91929394959697999ba0a4a6a7a9abacadaeb0b1b5b6b7bb")
# What stands before Cyrillic that is glued to it (SMMщик, HRы) is a word of its own. One letter may be of either: è, и.
# Before a figure stands № rather than ¹, which is behind something.
_GLUED: Final = rb"[A-Z]{2,}(?=[\xb8\xe0-\xff])|[A-Za-z]+(?=[\xa8\xb8\xc0-\xff]{3})"
_WORD: Final = re.compile(_GLUED + rb"|[A-Za-z\x80-\xff]{2,}|(?<=[A-Z])[\xb8\xe0-\xff]|(?<![^\s\"(])\xb9(?=\s?\d)")
# Python's own codecs, which may take seconds, refuse, or make what is no letter.
_NO_CHARSETS: Final = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"})
_CHARSET: Final = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)
_BOUNDARY: Final = re.compile(rb"--([\x21-\x7e]{1,70})[ \t]*\r?\n", re.ASCII)


def urlencoded(body: bytes, content_type: str = "") -> Pairs:
    """Without names that are empty. `content_type`: the header, whose charset counts where the body is no UTF-8."""
    # A byte is a letter of latin-1, so whatever was escaped comes back as the bytes that it was.
    given = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    found = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given]
    return _texts(found, content_type)


def is_multipart(body: bytes, content_type: str = "") -> bool:
    if content_type.strip().lower().startswith("multipart/form-data"):
        return True
    return body[:2] == b"--" and b"form-data" in body[:2000] and _BOUNDARY.match(body) is not None


def multipart(body: bytes, content_type: str = "") -> Pairs:
    """Files are not taken over; their names are told, in brackets. Raises ValueError for what has no parts."""
    import io

    import python_multipart  # for forms of this kind only
    from python_multipart.exceptions import FormParserError

    found: list[tuple[bytes, bytes]] = []

    def on_field(field: python_multipart.multipart.Field) -> None:
        found.append((field.field_name or b"", field.value or b""))

    def on_file(file: python_multipart.multipart.File) -> None:
        if file.file_name:
            found.append((file.field_name or b"", b"[" + file.file_name + b"]"))

    header, own = content_type.encode("latin-1", "replace"), _BOUNDARY.match(body)
    if b"boundary" not in header.lower() and own is not None:
        header = b"multipart/form-data; boundary=" + own[1]
    try:
        python_multipart.parse_form({"Content-Type": header}, io.BytesIO(body), on_field, on_file)
    except FormParserError as error:
        raise ValueError(str(error)) from None
    return _texts(found, content_type)


def text(body: bytes, content_type: str = "") -> str:
    """A body that is no form, in its letters."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if body.startswith(mark):
            return body.decode(name, "replace").removeprefix("\ufeff")
    return body.decode(_charset(body, content_type), "replace")


def _texts(found: list[tuple[bytes, bytes]], content_type: str) -> Pairs:
    charset = _charset(b" ".join(part for pair in found for part in pair), content_type)
    named = ((name.decode(charset, "replace"), value.decode(charset, "replace")) for name, value in found)
    return [(name.replace("\0", NO_NULL), value.replace("\0", NO_NULL)) for name, value in named if name]


def _charset(data: bytes, content_type: str) -> str:
    """UTF-8 where it is that, whatever the header says; else what the header says; else windows-1251 or -1252, as an
    old page sends it. Of UTF-8, a text that was cut breaks a letter or two; of another encoding, most are broken."""
    try:
        data.decode()
        return "utf-8"
    except UnicodeDecodeError:
        pass
    declared = _CHARSET.search(content_type)
    if declared and _is_charset(declared[1]) and codecs.lookup(declared[1]).name != "utf-8":
        return declared[1]
    letters = data.decode("utf-8", "replace")
    broken = letters.count("\ufffd")
    if 2 * broken <= sum(letter > "\x7f" for letter in letters):
        return "utf-8"
    # An accent stands in a word of plain letters, Cyrillic in words of its own.
    words = b"".join(word for word in _WORD.findall(data.translate(None, _SIGNS)) if not word.isascii())
    return _OLD_IN_THE_WEST if 2 * sum(letter < 0x80 for letter in words) >= len(words) else _OLD


def _is_charset(name: str) -> bool:
    try:
        "".encode(name)  # knows no codec that is not of text
        return codecs.lookup(name).name not in _NO_CHARSETS
    except (LookupError, UnicodeError):
        return False
