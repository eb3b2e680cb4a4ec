"""The account's file store ("drive"), and the files of a deal. Source: amoCRM's documentation, "Files".

The drive has a host of its own, which the account tells.
"""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from shared.amocrm.errors import AddressBlockedError, ForbiddenError, ScopeMissingError, UnexpectedAnswerError
from shared.amocrm.filtered_reads import PAGE_LIMIT, embedded, newest_first
from shared.amocrm.hosts import UntrustedHostError, require_amocrm_host
from shared.amocrm.leads import AccountApi
from shared.amocrm.oauth import access_token_hints
from shared.platform.messages import say

# vendor: drive.rate (guess) Calls to the drive do not count against the API's limit: it is another host. A 429 of it is
# waited out.
# source: none found (looked for again); the pages name the limits of the API's own host only
_MOST_PARTS: Final = 1000
SCOPE: Final = "files"


class DriveApi(Struct, frozen=True):
    """The account's file store (`drive-….amocrm.ru`), and files at its deals."""

    account: AccountApi
    # The drive's host as the account tells it: given how to ask, or what is remembered of it.
    host: Callable[[Callable[[], str]], str] = lambda ask: ask()

    def upload(self, name: str, content: bytes, content_type: str = "application/pdf") -> dict[str, Any]:
        """Stores a file, in parts where it is large. `{file_uuid, version_uuid, name, size}`"""
        asked = {"file_name": name, "file_size": len(content), "content_type": content_type}
        # vendor: drive.parts (page) A file is sent in parts of at most the session's `max_part_size` (131072 and 524288
        # were seen), each answer naming the next address, the last one the file.
        # source: amoCRM's documentation, "Files"; the vendor's PHP client
        session = self._send("POST", self._host(), "/v1.0/sessions", json=asked)
        url, size, sent = session.get("upload_url"), int(session.get("max_part_size") or 0) or len(content), 0
        for _ in range(_MOST_PARTS):
            host, path = _checked(url)
            answer = self._send("POST", host, path, content=content[sent : sent + size])
            sent += size
            if "uuid" in answer:
                return _file(answer, name)
            url = answer.get("next_url")
        raise UnexpectedAnswerError(say("amoCRM's drive never ends the upload"), 200)

    def find(self, name: str, since: int) -> dict[str, Any] | None:
        """A file of exactly this name made at `since` (Unix seconds) or later, as :meth:`upload` tells it."""
        # vendor: drive.filter_name (guess) `filter[name]` finds files whose name begins with it, without the extension.
        # source: amoCRM's documentation and its client name the filter and do not say how it compares (looked for
        # again); names are compared here
        stem = name.rpartition(".")[0]

        def read(params: list[tuple[str, Any]]) -> Any:
            return self._send("GET", self._host(), "/v1.0/files", params=params)

        found = newest_first(read, "files", {"filter[name]": stem}, since)
        own = next((file for file in found if file.get("name") in (stem, name)), None)
        return None if own is None else _file(own, name)

    def named(self, beginning: str) -> list[dict[str, Any]]:
        """Files whose name begins so, as amoCRM shows them."""
        params = {"filter[name]": beginning, "limit": PAGE_LIMIT}
        found = embedded(self._send("GET", self._host(), "/v1.0/files", params=params), "files")
        return [file for file in found if str(file.get("name", "")).startswith(beginning)]

    def delete(self, file_uuid: str) -> None:
        self._send("DELETE", self._host(), "/v1.0/files", json=[{"uuid": file_uuid}])

    def attach(self, lead_id: int, file_uuid: str) -> None:
        """Attaches a file to a deal; attaching it again changes nothing."""
        # vendor: files.attach (guess) Attaching a file again changes nothing. It is looked for before a repetition all
        # the same.
        # source: none found (looked for again); the method is a PUT
        # vendor: files.accepted (page) Attaching files is answered with 202 and no body; by Kommo's page with 200.
        # source: amoCRM's documentation, "Files"; an integration in production that takes 202 only
        self.account.accept("PUT", f"/leads/{lead_id}/files", [{"file_uuid": file_uuid}])

    def attached(self, lead_id: int) -> set[str]:
        answer = self.account.send("GET", f"/leads/{lead_id}/files", params={"limit": PAGE_LIMIT})
        return {str(file.get("file_uuid")) for file in embedded(answer, "files")}

    def _host(self) -> str:
        def asked() -> str:
            account = self.account.send("GET", "/account", params={"with": "drive_url"})
            return _checked(account.get("drive_url") if account else None)[0]

        return self.host(asked)

    def _send(self, method: str, host: str, path: str, **named: Any) -> Any:
        """Raises :class:`ScopeMissingError` where the integration was not given the drive."""
        # vendor: drive.scope (page) The drive needs the scope "files"; the access token names the scopes that it has.
        # source: amoCRM's documentation, "Files"; claims of real tokens in public reports
        scopes = access_token_hints(self.account.access_token).scopes
        if scopes is not None and SCOPE not in scopes:
            raise ScopeMissingError(SCOPE)
        headers = {"Authorization": f"Bearer {self.account.access_token}"}
        self.account.before_call()
        try:
            return self.account.transport.send(method, host, path, headers=headers, **named)
        except AddressBlockedError:
            raise
        except ForbiddenError as error:
            raise ScopeMissingError(SCOPE, error.request_id) from None


def _checked(url: object) -> tuple[str, str]:
    """Host and path of a URL that amoCRM gave, when it leads to amoCRM."""
    parts = urlsplit(str(url))
    try:
        if parts.scheme != "https" or parts.netloc != parts.hostname:
            raise UntrustedHostError
        return require_amocrm_host(parts.netloc), parts.path + (f"?{parts.query}" if parts.query else "")
    except UntrustedHostError:
        raise UnexpectedAnswerError(say("amoCRM named a host that is not its own"), 200) from None


def _file(answer: dict[str, Any], name: str) -> dict[str, Any]:
    return {
        "file_uuid": str(answer["uuid"]),
        "version_uuid": str(answer["version_uuid"]),
        "name": name,
        "size": answer.get("size"),
    }
