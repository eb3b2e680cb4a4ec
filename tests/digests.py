"""Digests that need no key: what holds a phone and little else is found by trying all phones."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest


class Tried:
    """What a thief of a dump could try: each digest that was made of a text with these digits, or of such a digest."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, digits: str) -> None:
        self._digits, self.found = digits.encode(), set[str]()
        for name in ("sha256", "sha1", "md5"):
            monkeypatch.setattr(hashlib, name, self._noting(getattr(hashlib, name)))

    def _noting(self, made: Callable[..., Any]) -> Callable[..., Any]:
        def noting(data: bytes = b"", **more: Any) -> Any:
            digest = made(data, **more)
            if self._digits in data or any(one.encode() in data for one in self.found):
                self.found.add(digest.hexdigest()[:12])
            return digest

        return noting

    def in_dump(self, dump: str) -> set[str]:
        """Ids are digests, too, with hyphens."""
        shown = dump.replace("-", "")
        return {one for one in self.found if one in shown}
