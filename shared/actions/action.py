"""What an action is: its name, how it is called, the right it asks for, and the function that does it."""

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct

from shared.access.permissions import Caller, Right
from shared.platform.http import Request, Response
from shared.runtime import Runtime


class Action(Struct, frozen=True):
    name: str
    method: Literal["GET", "POST"]  # GET reads, POST writes
    right: Right
    run: Callable[[Runtime, Caller, Request], Response]
    calls: int = 0  # to amoCRM, reserved when the caller is identified
    body: type[Struct] | None = None  # what a POST takes, for openapi.yaml
    answer: Any = None  # the type of a good answer, for openapi.yaml; None where nobody but the panel reads it
    query: tuple[str, ...] = ()  # parameters of a GET
    headers: tuple[str, ...] = ()  # besides those that every action has
    is_for_a_deal: bool = False  # named by X-Lead-Id
    answers: str = "application/json"  # the type of a good answer
    is_change: bool = True  # a POST of an administrator's is a line of the log
