"""Reference pages that are made from the code: actions, messages to endpoints, commands. For the documentation site."""

import inspect
import json
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import click

from cli import openapi
from features.registry import webhook_examples
from functions.crm_api.actions import ACTIONS
from shared.access.permissions import RIGHTS
from shared.deliveries.webhooks import EXAMPLE_SECRET

ROOT: Final = Path(__file__).resolve().parents[1]
_REFERENCE: Final = "#/components/schemas/"

_WORDS: Final = {
    "actions": ("Actions of crm_api", "Действия crm_api"),
    "actions_lead": (
        "Made from the code, as [`openapi.yaml`](openapi.yaml) is. How to call them, and who may: [HTTP](http.md).",
        "Страница сделана из кода, как и [`openapi.yaml`](openapi.yaml); пояснения к действиям — по-английски. "
        "Как вызывать и кому можно: [HTTP](http.md).",
    ),
    "given": ("Given by", "Кому доступно"),
    "right": ("Right", "Право"),
    "query": ("Query", "Параметры"),
    "body": ("Body", "Тело"),
    "answer": ("Answer", "Ответ"),
    "header": ("Header", "Заголовок"),
    "member": ("member", "поле"),
    "type": ("type", "тип"),
    "default": ("default", "по умолчанию"),
    "required": ("required", "обязательно"),
    "shapes": ("Shapes", "Структуры"),
    "text": ("text", "текст"),
    "integer": ("integer", "целое"),
    "number": ("number", "число"),
    "boolean": ("true or false", "true или false"),
    "object": ("object", "объект"),
    "any": ("anything", "любое значение"),
    "null": ("null", "null"),
    "list": ("list of {}", "список: {}"),
    "map": ("object of {}", "объект со значениями: {}"),
    "or": (" or ", " или "),
    "messages": ("Messages to endpoints", "Сообщения получателям событий"),
    "messages_lead": (
        "What an endpoint is sent, by kind; the promises are in [events](events.md). "
        "Headers: `webhook-id`, `webhook-timestamp`, `webhook-signature`. The examples are signed, each over its body "
        "in one line without spaces, with the secret `{secret}`: check your receiver against them.",
        "Что получает сервер компании, по видам; обещания — в [событиях](events.md). "
        "Заголовки: `webhook-id`, `webhook-timestamp`, `webhook-signature`. Примеры подписаны секретом `{secret}`, "
        "каждый по телу в одну строку без пробелов: проверьте на них свой приём.",
    ),
    "commands": ("Commands", "Команды"),
    "commands_lead": (
        "Made from the commands' own help. `make help` and `python -m cli --help` say the same.",
        "Страница сделана из справки самих команд (она по-английски): `make help` и `python -m cli --help` "
        "говорят то же.",
    ),
}


class _Page:
    """Lines of Markdown in one language."""

    def __init__(self, language: str) -> None:
        self._column = ("en", "ru").index(language)
        self.lines: list[str] = []

    def word(self, name: str) -> str:
        return _WORDS[name][self._column]

    def add(self, *lines: str) -> None:
        self.lines += [*lines, ""]

    def text(self) -> str:
        return "\n".join(self.lines)

    def table(self, schema: dict[str, Any]) -> None:
        """The members of an object, the required ones first."""
        members, required = schema.get("properties", {}), set(schema.get("required", ()))
        if not members:
            return
        rows = [f"| {self.word('member')} | {self.word('type')} | {self.word('default')} |", "|---|---|---|"]
        for name, member in sorted(members.items(), key=lambda one: one[0] not in required):
            default = self.word("required") if name in required else _default(member)
            rows.append(f"| `{name}` | {self.type_of(member)} | {default} |")
        self.add(*rows)

    def type_of(self, schema: dict[str, Any]) -> str:
        if "$ref" in schema:
            name = _short(schema["$ref"].removeprefix(_REFERENCE))
            return f"[{name}](#{name.lower()})"
        if "anyOf" in schema:
            return self.word("or").join(dict.fromkeys(self.type_of(one) for one in schema["anyOf"]))
        if "const" in schema:
            return f"`{schema['const']}`"
        if "enum" in schema:
            return self.word("or").join(f"`{'null' if one is None else one}`" for one in schema["enum"])
        if isinstance(schema.get("type"), list):
            return self.word("or").join(self.type_of({**schema, "type": one}) for one in schema["type"])
        return self._plain(schema)

    def _plain(self, schema: dict[str, Any]) -> str:
        match schema.get("type"):
            case "array":
                inner = self.type_of(schema["items"]) if isinstance(schema.get("items"), dict) else self.word("any")
                return self.word("list").format(inner) + _limits(schema)
            case "object":
                values = schema.get("additionalProperties")
                if isinstance(values, dict) and values:
                    return self.word("map").format(self.type_of(values))
                return self.word("object")
            case "string":
                kind = schema.get("format")
                return self.word("text") + (f" ({kind})" if kind else "") + _limits(schema)
            case "integer" | "number" | "boolean" | "null" as name:
                return self.word(str(name)) + _limits(schema)
        return self.word("any")


def actions(language: str) -> str:
    page, document = _Page(language), openapi.document()
    page.add(f"# {page.word('actions')}")
    page.add(page.word("actions_lead"))
    used: set[str] = set()
    for feature, names in groupby(sorted(ACTIONS, key=lambda name: (_feature(name), name)), key=_feature):
        page.add(f"## {feature}")
        for name in names:
            action = ACTIONS[name]
            operation = document["paths"][f"/{name}"][action.method.lower()]
            page.add(f"### {name}", "", f"`{action.method} /?action={name}`")
            page.add(_told(inspect.getdoc(action.run) or ""))
            allowed = [kind for kind, rights in RIGHTS.items() if action.right in rights]
            page.add(f"{page.word('right')}: `{action.right}`. {page.word('given')}: {', '.join(allowed)}.")
            if action.query:
                page.add(f"{page.word('query')}: {', '.join(f'`{one}`' for one in action.query)}.")
            if action.is_for_a_deal:
                page.add(f"{page.word('header')}: `X-Lead-Id`.")
            for kind, schema in _shapes_of(operation):
                page.add(f"**{page.word(kind)}**: {page.type_of(schema)}")
                used |= _named(schema)
    _add_shapes(page, document, used)
    return page.text()


def messages(language: str) -> str:
    page, document, examples = _Page(language), openapi.document(), webhook_examples()
    page.add(f"# {page.word('messages')}")
    page.add(page.word("messages_lead").format(secret=EXAMPLE_SECRET))
    used: set[str] = set()
    for kind, item in document["webhooks"].items():
        schema = item["post"]["requestBody"]["content"]["application/json"]["schema"]
        page.add(f"## {kind}")
        page.table(schema)
        example = examples[kind]
        page.add("```text", *(f"{name}: {value}" for name, value in example.headers.items()), "```")
        page.add("```json", json.dumps(json.loads(example.body), ensure_ascii=False, indent=2), "```")
        used |= _named(schema)
    _add_shapes(page, document, used)
    return page.text()


def commands(language: str, group: click.Group) -> str:
    """The commands of a group, which is handed down: it knows the command that makes this page."""
    page = _Page(language)
    page.add(f"# {page.word('commands')}")
    page.add(page.word("commands_lead"))
    page.add("## make")
    told = re.findall(r"^([a-z-]+):.*## (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    page.add("| | |", "|---|---|", *(f"| `make {name}` | {text} |" for name, text in told))
    page.add("## python -m cli")
    for name, command in sorted(group.commands.items()):
        context = click.Context(command, info_name=f"python -m cli {name}")
        page.add(f"### {name}", "", "```text", command.get_help(context), "```")
    return page.text()


def _feature(name: str) -> str:
    """`calculations` for what stands in features/calculations; what is everybody's is crm_api's own."""
    module = ACTIONS[name].run.__module__.split(".")
    return module[1] if module[0] == "features" else "connections"


def _shapes_of(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if "requestBody" in operation:
        yield "body", operation["requestBody"]["content"]["application/json"]["schema"]
    for status in ("200", "201", "202"):
        schema = operation["responses"].get(status, {}).get("content", {}).get("application/json", {}).get("schema", {})
        if "$ref" in schema:
            yield "answer", schema
            return


def _add_shapes(page: _Page, document: dict[str, Any], used: set[str]) -> None:
    schemas = document["components"]["schemas"]
    waiting, done = sorted(used), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in done:
            done.add(name)
            waiting += sorted(_named(schemas[name]) - done)
    page.add(f"## {page.word('shapes')}")
    for name in sorted(done, key=_short):
        page.add(f"### {_short(name)}")
        if told := schemas[name].get("description"):
            page.add(_told(told))
        page.table(schemas[name])
        if "anyOf" in schemas[name]:
            page.add(page.type_of(schemas[name]))


def _named(value: Any) -> set[str]:
    """Which schemas it names."""
    if isinstance(value, dict):
        own = {value["$ref"].removeprefix(_REFERENCE)} if isinstance(value.get("$ref"), str) else set[str]()
        return own.union(*(_named(inner) for inner in value.values()))
    return set[str]().union(*(_named(inner) for inner in value)) if isinstance(value, list) else set()


def _short(name: str) -> str:
    """`features.automations.effects.Note` is another Note than that of changes: `automations.Note`."""
    parts = name.split(".")
    return name if len(parts) == 1 else f"{parts[1]}{parts[-1]}"


def _default(schema: dict[str, Any]) -> str:
    if "default" not in schema or schema["default"] in (None, [], {}, ""):
        return ""
    value = schema["default"]
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _limits(schema: dict[str, Any]) -> str:
    told = []
    low = next((schema[one] for one in ("minimum", "minLength", "minItems") if one in schema), None)
    high = next((schema[one] for one in ("maximum", "maxLength", "maxItems") if one in schema), None)
    if low is not None or high is not None:
        told.append(f"{'' if low is None else low}…{'' if high is None else high}")
    if "pattern" in schema:
        told.append(f"`{schema['pattern'].replace('|', chr(92) + '|')}`")
    return f", {', '.join(told)}" if told else ""


def _told(text: str) -> str:
    """A docstring as Markdown."""
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("<", "&lt;")


def pages(language: str, group: click.Group) -> dict[str, str]:
    """By name."""
    return {"actions": actions(language), "messages": messages(language), "commands": commands(language, group)}
