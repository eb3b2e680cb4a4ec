"""Google Cloud Storage and Yandex Object Storage, by the S3-like XML interface that both have, and the token of the
function's own service account: no SDK, no key that somebody must keep.

Sources: Google, "XML API overview", "Request preconditions", "Access tokens from the metadata server"; Yandex, "How to
use the S3 API", "Authentication with the Object Storage API" (an IAM token in `Authorization`), "upload method".
"""

import os
import re
import threading
import time
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from shared.platform.secret import Secret
from shared.storage.object_stores import StoreError

_CONNECT_SECONDS: Final = 1.0
_READ_SECONDS: Final = 2.0
_THREADS: Final = 64
_EARLY_SECONDS: Final = 60.0  # before its end a token is asked for anew
# Both clouds' functions have a metadata server with this interface; the variable is Google's own.
_METADATA_HOST: Final = "169.254.169.254"
_TOKEN_PATH: Final = "/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105 - a path
_KEY: Final = re.compile(r"<Key>([^<]+)</Key>")
_MORE: Final = "<IsTruncated>true</IsTruncated>"


class Service(Struct, frozen=True):
    endpoint: str
    only_new: Mapping[str, str]  # the header by which nothing is written over what is there


GOOGLE: Final = Service("https://storage.googleapis.com", {"x-goog-if-generation-match": "0"})
YANDEX: Final = Service("https://storage.yandexcloud.net", {"If-None-Match": "*"})


class Cloud:
    def __init__(self, service: Service, bucket: str, prefix: str, access_token: Secret | None) -> None:
        self._service = service
        self._bucket = bucket
        self._prefix = prefix
        self._token = access_token and (access_token, float("inf"))  # with its end by time.monotonic()
        self._tries = 0  # to get a token
        self._lock = threading.Lock()
        self._client: Any = None  # made by the first call

    def prepare(self) -> None:
        self._authorization()

    def create(self, key: str, body: bytes) -> bool:
        return bool(self._sent("PUT", key, (200, 412), body, self._service.only_new).status_code == 200)

    def replace(self, key: str, body: bytes) -> None:
        self._sent("PUT", key, (200,), body)

    def read(self, key: str) -> bytes | None:
        answer = self._sent("GET", key, (200, 404))
        if answer.status_code == 404 and "NoSuchKey" not in answer.text:
            raise StoreError("there is no such bucket")
        return bytes(answer.content) if answer.status_code == 200 else None

    def keys(self, prefix: str = "", after: str = "") -> Iterator[str]:
        while True:
            asked = {"list-type": "2", "prefix": self._prefix + prefix, "start-after": self._prefix + after}
            page = self._sent("GET", None, (200,), parameters=asked).text
            for found in _KEY.findall(page):
                after = unescape(found).removeprefix(self._prefix)
                yield after
            if _MORE not in page:
                return

    def remove(self, key: str) -> None:
        self._sent("DELETE", key, (200, 204, 404))

    def _sent(
        self,
        method: str,
        key: str | None,
        expected: tuple[int, ...],
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Any:
        path = f"/{self._bucket}" + ("" if key is None else f"/{quote(self._prefix + key)}")
        answer = self._asked(
            method,
            self._service.endpoint + path,
            content=body,
            params=parameters,
            headers=self._authorization() | dict(headers or {}),
        )
        if answer.status_code not in expected:
            code = re.search(r"<Code>([A-Za-z]{1,60})</Code>", answer.text[:2000])
            raise StoreError(code[1] if code else f"HTTP {answer.status_code}")
        return answer

    def _authorization(self) -> dict[str, str]:
        tries = self._tries
        token = self._living_token()
        if token is None:
            with self._lock:
                token = self._living_token() or self._new_token(tries)
        return {"Authorization": f"Bearer {token.reveal()}"}

    def _living_token(self) -> Secret | None:
        """Without the lock: a thread that is stopped while it holds it would stop every refresh."""
        known = self._token
        return known[0] if known and time.monotonic() <= known[1] else None

    def _new_token(self, tries: int) -> Secret:
        """`tries` there were before the lock was waited for."""
        if tries != self._tries:  # else those who wait for each other wait as often as there are threads
            raise StoreError("another thread has just asked for a token in vain")
        self._tries += 1
        host = os.environ.get("GCE_METADATA_HOST", _METADATA_HOST)
        answer = self._asked("GET", f"http://{host}{_TOKEN_PATH}", headers={"Metadata-Flavor": "Google"})
        try:
            known = answer.json()
            token, ends = Secret(known["access_token"]), time.monotonic() + float(known["expires_in"]) - _EARLY_SECONDS
        except (KeyError, TypeError, ValueError):
            raise StoreError(f"the metadata server gives no token (HTTP {answer.status_code})") from None
        self._token = token, ends
        return token

    def _asked(self, method: str, url: str, **named: Any) -> Any:
        import httpx

        try:
            # Where two threads make one at once the last counts; the other has one connection, and nobody else's.
            self._client = client = self._client or self._made()
            return client.request(method, url, **named)
        except httpx.HTTPError as error:
            raise StoreError(type(error).__name__) from None

    def _made(self) -> Any:
        import httpx

        from shared.platform import tls

        return httpx.Client(
            verify=tls.authorities(),
            trust_env=False,
            timeout=httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=_THREADS, max_keepalive_connections=_THREADS),
        )
