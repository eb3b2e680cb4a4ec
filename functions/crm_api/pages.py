"""The panel, the calculator and the app's page, served from `web/`, so that one address is enough. Any static host does
as well.

A page names its scripts and styles at an address that holds the hash of all files (`/_/<hash>/…`), which browsers keep
for ever: a second visit asks for the page only, and is answered 304.
"""

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from functions.crm_api import cors
from shared.platform import widgets
from shared.platform.http import Request, Response
from shared.runtime import Runtime

# Texts that only the server says: oauth_callback's pages, and the settings' example of a quotation.
_OF_THE_SERVER: Final = ("callback.", "document.sample.")
# Of the callback's texts, those that the page says that has opened the consent (web/ui/consent.js).
_OF_THE_CONSENT: Final = {"callback.access_denied.happened", "callback.consent_failed.happened"}
_HOME = Path(__file__).resolve().parents[2]
_ROOT = _HOME / "web"
# What others install from npm, our pages load as it is.
_CLIENT = _HOME / "clients" / "js"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".png": "image/png",
}
# In a page: what it loads from its own folder or a sister's.
_OWN = re.compile(rb' (href|src)="(\.\./)?([\w./-]+)"')
# What our scripts say of themselves, types too, is for whoever changes them; a phone need not load it. Of what stands
# in a line with code only types go: anything else may be within a text.
_COMMENTS = re.compile(
    rb"^[ \t]*(?:/\*\*(?:(?!\*/).)*\*/[ \t]*|//[^\n]*)\n|/\*\* @type \{[^\n]*?\} \*/ ?", re.MULTILINE | re.DOTALL
)
_COMMENTS_OF_STYLES = re.compile(rb"[ \t]*/\*.*?\*/", re.DOTALL)
_KEPT = "public, max-age=31536000, immutable"
_FOLDERS = ("admin", "app", "booking", "client", "form", "i18n", "ui", "widget")
# amoCRM's deal cards show the calculator in a frame; nobody else does, and nothing else is shown in one.
_CARDS = "https://*.amocrm.ru https://*.amocrm.com https://*.kommo.com"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors "
)


def find(runtime: Runtime, request: Request) -> Response | None:
    """The file that the path names under `web/`; None when it names none."""
    if request.method not in ("GET", "HEAD") or request.parameter("action"):
        return None
    for folder in (*_FOLDERS, *_own_pages()):
        if request.path.endswith(f"/{folder}") and f"{folder}/index.html" in _files():
            return _with_slash(request)
        before, separator, name = request.path.partition(f"/{folder}/")
        named = f"{folder}/{name or 'index.html'}"
        if not separator or named not in _files():
            continue
        # An older page may still ask by the hash of what was there then: it gets what is there now, unkept.
        is_kept = before.endswith(f"/_/{_hash()}")
        tag = f'"{_hash()}"'
        headers = (
            ("Content-Type", _TYPES[_files()[named].suffix]),
            *_policy(runtime, folder, named),
            # What is kept is never asked for once more: its address changes with it.
            *((("Cache-Control", _KEPT),) if is_kept else (("Cache-Control", "no-cache"), ("ETag", tag))),
            ("Cross-Origin-Resource-Policy", "cross-origin" if _is_for_others(named) else "same-origin"),
            ("Vary", "Accept-Encoding, Origin"),
        )
        if tag in (request.headers.get("If-None-Match") or ""):
            return cors.allow(runtime, request, Response(304, b"", headers), None)
        is_small = request.takes_gzip and not named.endswith(".png")
        body = b"" if request.method == "HEAD" else _compressed(named) if is_small else _content(named)
        encoding = (("Content-Encoding", "gzip"),) if is_small else ()
        return cors.allow(runtime, request, Response(200, body, (*headers, *encoding)), None)
    return None


def _with_slash(request: Request) -> Response:
    """`…/admin`, as people type it. The address is relative: what stands before a function's path, it does not know."""
    query = f"?{urlencode(request.query)}" if request.query else ""
    return Response(308, b"", (("Location", f"{request.path.rpartition('/')[2]}/{query}"),))


def _policy(runtime: Runtime, folder: str, named: str) -> tuple[tuple[str, str], ...]:
    """Of what a browser may show as a document; of scripts and styles, thirty for a page, it heeds none: the shortest
    that is one keeps off that of our other answers, which is two of a page's hundred kilobytes."""
    if not named.endswith((".html", ".svg")):
        return (("Content-Security-Policy", "default-src 'none'"),)
    return (("Content-Security-Policy", _POLICY + _ancestors(runtime, folder)),)


@cache
def _hash() -> str:
    """Of all that is sent: what changes in one changes the address of all, as they load each other."""
    found = hashlib.sha256()
    for name in sorted(_files()):
        found.update(name.encode() + b"\0" + _script_or_file(name))
    return found.hexdigest()[:16]


def _script_or_file(named: str) -> bytes:
    content = _files()[named].read_bytes()
    if named.startswith("widgets/"):
        return content
    if named.endswith(".css"):
        return _COMMENTS_OF_STYLES.sub(b"", content)
    return without_comments(content) if named.endswith(".js") else content


@cache
def _content(named: str) -> bytes:
    content = _script_or_file(named)
    if named.startswith("i18n/"):
        return without_servers_texts(content)
    if not named.endswith(".html") or named.startswith("widgets/"):  # a widget's own page is as its author wrote it
        return content
    return with_kept_addresses(content, named.partition("/")[0])


def with_kept_addresses(page: bytes, folder: str) -> bytes:
    """A page of the folder, in which its own files stand at addresses that browsers keep."""

    def kept(match: re.Match[bytes]) -> bytes:
        attribute, sister, place = (part.decode() if part else "" for part in match.groups())
        return f' {attribute}="../_/{_hash()}/{place if sister else f"{folder}/{place}"}"'.encode()

    return _OWN.sub(kept, page)


def without_servers_texts(catalogue: bytes) -> bytes:
    """Without the texts that are written whole by the server: a tenth of a catalogue."""
    sent = json.loads(catalogue).items()
    return json.dumps(
        {name: text for name, text in sent if not name.startswith(_OF_THE_SERVER) or name in _OF_THE_CONSENT},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def without_comments(script: bytes) -> bytes:
    """Without the comments that have lines of their own, and without types."""
    return _COMMENTS.sub(b"", script)


@cache
def _compressed(named: str) -> bytes:
    import gzip  # not before a page is asked for

    return gzip.compress(_content(named), mtime=0)


def _is_for_others(named: str) -> bool:
    """amoCRM shows the logo of an integration that its button makes; a company's page loads these scripts of ours."""
    return named.endswith(".png") or named in ("booking/embed.js", "form/embed.js")


def _ancestors(runtime: Runtime, folder: str) -> str:
    """A booking page holds nobody's session, and stands in pages of every company."""
    if folder == "booking":
        return "*"
    return (
        " ".join((_CARDS, *runtime.settings.allowed_origins))
        if folder == "widget" or folder.startswith("widgets/")
        else "'none'"
    )


@cache
def _files() -> dict[str, Path]:
    """Only what is there at first can be asked for: no path from outside reaches the file system."""
    found = _ROOT.rglob("*") if _ROOT.is_dir() else ()
    served = {file.relative_to(_ROOT).as_posix(): file for file in found if "archive" not in file.parts}
    for folder in _own_pages():
        page = widgets.FOLDER / folder.partition("/")[2] / "page"
        served |= {f"{folder}/{file.relative_to(page).as_posix()}": file for file in page.rglob("*") if file.is_file()}
    served |= {f"client/{file.name}": file for file in _CLIENT.glob("*.js")}
    return {name: file for name, file in served.items() if file.suffix in _TYPES}


def _own_pages() -> tuple[str, ...]:
    """`widgets/NAME` for each widget that has a page of its own."""
    return tuple(f"widgets/{name}" for name, one in widgets.types().items() if one.page == "own")
