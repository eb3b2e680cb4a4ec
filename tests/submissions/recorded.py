"""Bodies as builders, quizzes, form services and shops send them (`bodies/NAME.json`; the values are made up).

`{who, who_ru, content_type, headers?, signed?, form | json | multipart, answer?, becomes, furniture?}`. `becomes` says
what must come of it, `answer` what its sender wants to hear (`ok` where it does not say); `furniture` are parts of the
paths of what needs to be nowhere.
"""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from functions.crm_api.handler import handle
from shared.platform.http import Headers, Request, Response
from tests.reading import serve
from tests.story import Story, json_of

FOLDER: Final = Path(__file__).parent / "bodies"
NAMES: Final = sorted(path.stem for path in FOLDER.glob("*.json"))
SECRET: Final = "what-the-sender-signs-with"

Pair = tuple[str, str]


def record(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def server_key(story: Story) -> tuple[str, str]:
    """A new key's id, and the key."""
    made = json_of(story.crm("create_site_key", story.admin(), {"name": "builder", "is_server": True}))
    return made["id"], made["site_key"]


def body_of(one: dict[str, Any]) -> bytes:
    """As its sender's server writes it."""
    if "json" in one:
        return json.dumps(one["json"], ensure_ascii=False, separators=(",", ":")).encode()
    if "form" in one:
        return urlencode(one["form"], doseq=True, encoding=one["becomes"].get("encoding", "utf-8")).encode()
    boundary = one["content_type"].partition("boundary=")[2]
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in one["multipart"].items()
    ]
    return "".join([*parts, f"--{boundary}--\r\n"]).encode()


def send(
    story: Story, key: str, one: dict[str, Any], body: bytes | None = None, secret: str | None = SECRET
) -> Response:
    """Posts it to the address of a server's key. `secret` None: it is not signed."""
    return serve(handle, story.runtime, request_of(key, one, body, secret))


def request_of(key: str, one: dict[str, Any], body: bytes | None = None, secret: str | None = SECRET) -> Request:
    sent = body_of(one) if body is None else body
    fields: dict[str, str] = {"Content-Type": one["content_type"], **one.get("headers", {})}
    if secret is not None and "signed" in one:
        fields[one["signed"]["header"]] = _signature(one["signed"]["way"], secret.encode(), sent, fields)
    return Request("POST", "/", (("action", "submit_form"), ("site_key", key)), Headers(fields.items()), sent)


def _signature(way: str, secret: bytes, body: bytes, fields: dict[str, str]) -> str:
    """Written down once more, from what each of them documents."""
    sha256 = hmac.new(secret, body, hashlib.sha256)
    match way:
        case "base64":
            return base64.b64encode(sha256.digest()).decode()
        case "sha256=base64":
            return "sha256=" + base64.b64encode(sha256.digest()).decode()
        case "sha1 hex":
            return hmac.new(secret, body, hashlib.sha1).hexdigest()
        case "hex of timestamp":
            signed = fields["X-Webflow-Timestamp"].encode() + b":" + body
            return hmac.new(secret, signed, hashlib.sha256).hexdigest()
        case "sha256=hex":
            return f"sha256={sha256.hexdigest()}"
        case "v0=hex of v0 and timestamp":
            signed = b":".join((b"v0", fields["x-zm-request-timestamp"].encode(), body))
            return "v0=" + hmac.new(secret, signed, hashlib.sha256).hexdigest()
        case "sha256=hex with the id":
            signed = body + fields["Framer-Webhook-Submission-Id"].encode()
            return "sha256=" + hmac.new(secret, signed, hashlib.sha256).hexdigest()
    raise AssertionError(way)


def leaves(value: Any, path: str = "") -> list[Pair]:
    """Every text, number and truth of a body with its path, such as `payment[products][0][name]`."""
    if isinstance(value, dict):
        inner = [(f"{path}[{name}]" if path else str(name), one) for name, one in value.items()]
        return [leaf for place, one in inner for leaf in leaves(one, place)]
    if isinstance(value, list):
        return [leaf for index, one in enumerate(value) for leaf in leaves(one, f"{path}[{index}]")]
    if value is None or value == "" or isinstance(value, bool):
        return []
    text = str(value)
    if text.startswith(("{", "[{")):
        return leaves(json.loads(text), path)
    return [(path, text)]


_HEADS: Final = {
    "en": ("body", "sender", "becomes", "contact", "goods", "budget", "fields of the visit", "in the note"),
    "ru": ("тело", "отправитель", "становится", "контакт", "товары", "бюджет", "поля визита", "в примечании"),
}
_KINDS: Final = {"en": ("a form", "an order"), "ru": ("заявкой", "заказом")}


def table(language: str) -> str:
    """What each body becomes, as docs/forms.md shows it."""
    rows = [_HEADS[language], ("---",) * len(_HEADS[language])]
    for name in NAMES:
        one = record(name)
        became = one["becomes"]
        goods = [f"{good['quantity']} × {good['name']}" for good in became.get("goods", [])]
        rows.append(
            (
                f"`{name}`",
                one["who" if language == "en" else "who_ru"],
                _KINDS[language]["price" in became],
                ", ".join(became["contact"].values()),
                "; ".join(goods),
                str(became.get("price", "")),
                ", ".join(f"{code}={value}" for code, value in became.get("tracking", {}).items()),
                "; ".join(became.get("note", [])),
            )
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def main() -> None:
    """Writes the tables of the documents anew."""
    for page, language in (("forms.md", "en"), ("forms.ru.md", "ru")):
        path = FOLDER.parents[2] / "docs" / page
        text = path.read_text(encoding="utf-8")
        begin = text.index(f"| {_HEADS[language][0]} | {_HEADS[language][1]} |")
        path.write_text(text[:begin] + table(language) + text[text.index("\n\n", begin) + 1 :], encoding="utf-8")


if __name__ == "__main__":
    main()
