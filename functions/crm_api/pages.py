"""The panel, the calculator and the app's page, served from `web/`, so that one address is enough. Any static host does
as well."""

from functools import cache
from pathlib import Path

from functions.crm_api import cors
from shared.platform.http import Request, Response
from shared.runtime import Runtime

_ROOT = Path(__file__).resolve().parents[2] / "web"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".png": "image/png",
}
_FOLDERS = ("admin", "app", "i18n", "ui", "widget")
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
    for folder in _FOLDERS:
        _, separator, name = request.path.partition(f"/{folder}/")
        file = _files().get(f"{folder}/{name or 'index.html'}") if separator else None
        if file is not None:
            body = b"" if request.method == "HEAD" else file.read_bytes()
            headers = (
                ("Content-Type", _TYPES[file.suffix]),
                ("Content-Security-Policy", _POLICY + _ancestors(runtime, folder)),
                ("Cache-Control", "no-cache"),
                # amoCRM shows the logo of an integration that its button makes.
                ("Cross-Origin-Resource-Policy", "cross-origin" if file.suffix == ".png" else "same-origin"),
            )
            return cors.allow(runtime, request, Response(200, body, headers), None)
    return None


def _ancestors(runtime: Runtime, folder: str) -> str:
    return " ".join((_CARDS, *runtime.settings.allowed_origins)) if folder == "widget" else "'none'"


@cache
def _files() -> dict[str, Path]:
    """Only what is there at first can be asked for: no path from outside reaches the file system."""
    found = _ROOT.rglob("*") if _ROOT.is_dir() else ()
    return {
        file.relative_to(_ROOT).as_posix(): file
        for file in found
        if file.suffix in _TYPES and "archive" not in file.parts
    }
