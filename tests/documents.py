"""The documents' blocks of code, for the tests that run them."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.demo import ROOT

_BLOCK = re.compile(r"^( *)```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    kind: str  # sh, json, …
    file: str | None  # which it is the content of
    text: str

    def commands(self) -> list[list[str]]:
        """Words of each line."""
        assert self.kind == "sh"
        lines = self.text.replace("\\\n", " ").splitlines()
        return [words for line in lines if (words := shlex.split(line, comments=True))]


def blocks(file: Path) -> list[Block]:
    found = _BLOCK.finditer(file.read_text(encoding="utf-8"))
    return [Block(kind, title, re.sub(f"^{indent}", "", text, flags=re.MULTILINE)) for indent, kind, title, text in
            (match.groups() for match in found)]  # fmt: skip


def example(document: str, wanted: str) -> Any:
    """The JSON example in docs/`document` that has the text `wanted` in it."""
    (found,) = [one.text for one in blocks(ROOT / "docs" / document) if one.kind == "json" and wanted in one.text]
    return json.loads(found)


def shape(value: Any) -> Any:
    """Names without values, to compare what is described with what is sent."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None
