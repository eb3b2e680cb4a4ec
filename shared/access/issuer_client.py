"""What an identity provider answers: JSON, bounded in time and size. Its addresses are the operator's or its own."""

import json
import time
from collections.abc import Mapping
from typing import Any, Final

import httpx
from msgspec import Struct

from shared.platform import logs, tls

_MAX_BYTES: Final = 200_000
_TIMEOUT_SECONDS: Final = 5.0  # for each part of an answer
_LONGEST_SECONDS: Final = 10.0  # for all of it


class Answer(Struct, frozen=True):
    status: int
    document: dict[str, Any]


def ask(
    url: str,
    form: Mapping[str, str] | None = None,
    basic: tuple[str, str] | None = None,
    bearer: str | None = None,
) -> Answer | None:
    """A GET, or with `form` a POST; `basic`: user and password; `bearer`: an access token. None where there is no JSON
    object to be had.

    Redirects are not followed: a secret goes to the address that was published, and to no other.
    """
    auth = None if basic is None else httpx.BasicAuth(*basic)
    headers = {"Accept": "application/json"} | ({} if bearer is None else {"Authorization": f"Bearer {bearer}"})
    method = "GET" if form is None else "POST"
    try:
        with httpx.stream(
            method, url, data=form, auth=auth, verify=tls.authorities(), timeout=_TIMEOUT_SECONDS, headers=headers
        ) as response:
            body = b""
            ends = time.monotonic() + _LONGEST_SECONDS
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_BYTES or time.monotonic() > ends:
                    raise ValueError
        document = json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
        logs.warning("issuer.unusable", reason=type(error).__name__)
        return None
    if not isinstance(document, dict):
        logs.warning("issuer.unusable", reason="no object")
        return None
    return Answer(response.status_code, document)
