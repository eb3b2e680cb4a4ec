"""Who sets in type: the library here, or the function that has it, asked by AWS's own call, which only our functions
may make."""

import base64
import json
from functools import cache
from typing import Any, Final

from features.calculations import typesetting
from features.calculations.typesetting import Kind, Typeset, UnprintableError
from shared.deliveries.runner import EarlierFirstError
from shared.platform.config import Settings
from shared.platform.messages import say
from shared.platform.problems import Kind as ProblemKind

_CONNECT_SECONDS: Final = 3
_ANSWER_SECONDS: Final = 20  # with a cold start


class RenderingUnavailableError(EarlierFirstError):
    """The function is away, throttled, or has failed: nothing was written, and it is tried again."""

    kind = ProblemKind(
        503, "rendering_unavailable", say("The quotation cannot be made at the moment. It is tried again."), 10
    )


def of(settings: Settings) -> Typeset:
    """The engine of this installation."""
    return _function(settings.quotation_function) if settings.quotation_function else typesetting.here


@cache
def _function(name: str) -> Typeset:
    return Function(name)


class Function:
    """`features.calculations.typesetting.Typeset` of another function."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._client: Any = None

    def __call__(self, inputs: dict[str, str], timestamp: int, kind: Kind) -> bytes:
        """Raises :class:`UnprintableError` and :class:`RenderingUnavailableError`."""
        import boto3  # part of Lambda's runtime
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        asked = json.dumps({"inputs": inputs, "timestamp": timestamp, "kind": kind})
        try:
            if self._client is None:
                limits = Config(
                    connect_timeout=_CONNECT_SECONDS, read_timeout=_ANSWER_SECONDS, retries={"total_max_attempts": 2}
                )
                self._client = boto3.client("lambda", config=limits)
            told = self._client.invoke(FunctionName=self._name, Payload=asked)
            answer = json.loads(told["Payload"].read())
        except (BotoCoreError, ClientError, ValueError) as error:
            raise RenderingUnavailableError(type(error).__name__) from None
        if told.get("FunctionError") or not isinstance(answer, dict):
            raise RenderingUnavailableError("the function has failed")
        if "unprintable" in answer:
            raise UnprintableError(answer["unprintable"])
        return base64.b64decode(answer["content"])
