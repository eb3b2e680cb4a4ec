"""Decoding into Structs, from any number of threads.

msgspec (0.22) makes what it knows of a Struct when the Struct is decoded for the first time, and publishes it before it
is whole: another thread that decodes the same Struct at that moment reads a null pointer, and the process is gone. So
each kind is made ready by one thread, before anybody uses it. Kinds are remembered for good, so they are those that
modules define, and none that is made for a request.
"""

import threading
from typing import Any, Final, TypeVar, overload

import msgspec

T = TypeVar("T")

_ready: Final[set[Any]] = set()
_lock: Final = threading.Lock()


@overload
def decode(data: bytes | str, kind: type[T]) -> T: ...
@overload
def decode(data: bytes | str, kind: Any) -> Any: ...
def decode(data: bytes | str, kind: Any) -> Any:
    """A JSON document as `kind`. Raises msgspec.DecodeError, and ValidationError for what does not fit."""
    _make_ready(kind)
    try:
        return msgspec.json.decode(data, type=kind)
    except (RecursionError, UnicodeDecodeError) as error:  # thousands of brackets, or what is no UTF-8
        raise msgspec.DecodeError(type(error).__name__) from None


@overload
def convert(value: Any, kind: type[T], *, from_attributes: bool = False) -> T: ...
@overload
def convert(value: Any, kind: Any, *, from_attributes: bool = False) -> Any: ...
def convert(value: Any, kind: Any, *, from_attributes: bool = False) -> Any:
    """Plain values as `kind`. Raises msgspec.ValidationError."""
    _make_ready(kind)
    return msgspec.convert(value, kind, from_attributes=from_attributes)


def _make_ready(kind: Any) -> None:
    if kind not in _ready:
        with _lock:
            msgspec.json.Decoder(kind)
            _ready.add(kind)
