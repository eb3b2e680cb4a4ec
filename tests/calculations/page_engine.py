"""The page's engine in Node."""

from typing import Any

from tests.calculations.node import Node


class Page:
    def __init__(self) -> None:
        self._node = Node("engine.mjs")
        self.stop = self._node.stop

    def reckon(self, document: Any, values: Any, language: str) -> Any:
        return self._node.ask(calculator=document, values=values, language=language)
