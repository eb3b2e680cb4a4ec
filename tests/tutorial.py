"""Pages of the tutorial, as a test follows them: what is typed, which files are written, which words are pressed."""

import re
from pathlib import Path

from tests import documents
from tests.demo import ROOT
from tests.documents import Block

_BOLD = re.compile(r"\*\*([^*]+)\*\*")


class Page:
    """One page in one language."""

    def __init__(self, name: str, language: str) -> None:
        self.file = ROOT / "docs" / "tutorial" / f"{name}{'' if language == 'en' else f'.{language}'}.md"
        self._text = self.file.read_text(encoding="utf-8")

    def blocks(self) -> list[Block]:
        return documents.blocks(self.file)

    def shown(self, section: int) -> list[str]:
        """What the screen shows, as the page names it: its bold words below the given heading, counted from 1."""
        return _BOLD.findall(re.split(r"^## ", self._text, flags=re.MULTILINE)[section])

    def write_files(self, folder: Path) -> None:
        for block in self.blocks():
            if block.file:
                (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
                (folder / block.file).write_text(block.text, encoding="utf-8")
