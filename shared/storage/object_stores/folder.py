"""A folder as an object store: for the demo, for tests, and for servers of one's own."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from shared.storage.object_stores import StoreError

_HALF_WRITTEN = "."  # how a file's name begins that is no object yet


class Folder:
    def __init__(self, path: str) -> None:
        self._root = Path(path)

    def prepare(self) -> None:
        pass

    def create(self, key: str, body: bytes) -> bool:
        target = self._root / key
        try:
            written = self._written(target, body)
            try:
                os.link(written, target)  # whole, or not at all; and never over another one
            except FileExistsError:
                return False
            finally:
                written.unlink()
        except OSError as error:
            raise _told(error) from None
        return True

    def replace(self, key: str, body: bytes) -> None:
        target = self._root / key
        try:
            self._written(target, body).replace(target)
        except OSError as error:
            raise _told(error) from None

    def read(self, key: str) -> bytes | None:
        try:
            return (self._root / key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _told(error) from None

    def keys(self, prefix: str = "", after: str = "") -> Iterator[str]:
        try:
            for key in self._below(self._root, ""):
                if key.startswith(prefix) and key > after:
                    yield key
        except OSError as error:
            raise _told(error) from None

    def remove(self, key: str) -> None:
        try:
            (self._root / key).unlink(missing_ok=True)
            with suppress(OSError):  # others are in it
                (self._root / key).parent.rmdir()
        except OSError as error:
            raise _told(error) from None

    def _below(self, folder: Path, before: str) -> Iterator[str]:
        if not self._root.is_dir():
            raise StoreError(f"there is no folder {self._root}")
        # As a bucket orders them: a folder's own name counts with the slash behind it.
        names = sorted(f"{one.name}/" if one.is_dir() else one.name for one in os.scandir(folder))
        for name in names:
            if name.endswith("/"):
                yield from self._below(folder / name, before + name)
            elif not name.startswith(_HALF_WRITTEN):
                yield before + name

    def _written(self, target: Path, body: bytes) -> Path:
        if not self._root.is_dir():  # a disk that is not there is no empty one
            raise StoreError(f"there is no folder {self._root}")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = target.parent / f"{_HALF_WRITTEN}{uuid4().hex}"
        with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        return made


def _told(error: OSError) -> StoreError:
    return StoreError(f"{type(error).__name__}: {error.strerror or error}")
