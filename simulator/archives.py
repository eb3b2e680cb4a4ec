"""What amoCRM refuses in a widget archive, and why.

Source: amoCRM's and Kommo's "Structure of widget", "manifest.json".
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from PIL import Image, UnidentifiedImageError

LOCALES = {"amocrm": {"ru", "en"}, "kommo": {"en", "es", "pt", "ru"}}
IMAGES = {
    "logo_main": (400, 272),
    "logo": (130, 100),
    "logo_medium": (240, 84),
    "logo_small": (108, 108),
    "logo_min": (84, 84),
}
_DIGITAL_PIPELINE_IMAGE = {"logo_dp": (174, 109)}
MOST_IMAGE_BYTES = 300 * 1024
CALLBACKS = ("render", "init", "bind_actions", "settings", "onSave", "destroy")
LOCATIONS = re.compile(
    r"(lcard|ccard|comcard|llist|clist|tlist|lcalendar|cucard|culist)-[01]|settings|advanced_settings|"
    r"card_sdk|catalogs|digital_pipeline|lead_sources|whatsapp_modal|everywhere|"
    r"salesbot_designer|website_chat_button|sms|mobile_card|telephony"
)


class RefusedError(ValueError):
    """The message lists every reason."""


def unpacked(content: bytes, platform: str) -> dict[str, bytes]:
    """The files of an archive that amoCRM would take. Raises :class:`RefusedError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    except zipfile.BadZipFile:
        raise RefusedError("the file is not a zip archive") from None
    reasons = list(problems(files, platform))
    if reasons:
        raise RefusedError("; ".join(reasons))
    return files


def problems(files: dict[str, bytes], platform: str) -> Iterator[str]:
    """Every reason for which the archive would be refused; none for a good one."""
    for name in files:
        if not re.fullmatch(r"[A-Za-z0-9_./-]+", name):
            yield f"{name}: a name may have latin letters, digits, dashes and underscores"
    manifest, trouble = _json(files, "manifest.json")
    if trouble:
        yield trouble
        return
    widget = manifest.get("widget")
    if not isinstance(widget, dict):
        yield "manifest.json: no block widget"
        return
    yield from _widget(manifest, widget, platform)
    yield from _texts(files, widget, platform)
    yield from _script(files)
    yield from _images(files, "digital_pipeline" in (manifest.get("locations") or []))


def _widget(manifest: Any, widget: Any, platform: str) -> Iterator[str]:
    for name in ("name", "description", "short_description", "version", "interface_version", "locale", "support"):
        if not widget.get(name):
            yield f"manifest.json: widget.{name} is missing"
    if not re.fullmatch(r"\d+(\.\d+){1,3}", str(widget.get("version"))):
        yield "manifest.json: widget.version must look like 1.0.0"
    for locale in widget.get("locale") or []:
        if locale not in LOCALES[platform]:
            known = ", ".join(sorted(LOCALES[platform]))
            yield f"manifest.json: the locale {locale} is not one of {platform}'s: {known}"
    for location in manifest.get("locations") or []:
        if not LOCATIONS.fullmatch(str(location)):
            yield f"manifest.json: there is no location {location}"
    yield from _automation(manifest)
    if not manifest.get("settings") and widget.get("installation") is not True:
        yield "manifest.json: a widget without settings needs installation: true"


def _automation(manifest: Any) -> Iterator[str]:
    """A widget of stages, or of bots, says what can be set there."""
    locations = manifest.get("locations") or []
    block = manifest.get("dp")
    if ("digital_pipeline" in locations) != isinstance(block, dict):
        yield "manifest.json: the location digital_pipeline and the block dp belong together"
    elif block is not None and (not block.get("settings") or not str(block.get("webhook_url", "")).startswith("http")):
        yield "manifest.json: dp needs settings and webhook_url"
    handlers = manifest.get("salesbot_designer")
    if ("salesbot_designer" in locations) != isinstance(handlers, dict):
        yield "manifest.json: the location salesbot_designer and its block belong together"
    for name, handler in (handlers or {}).items():
        if name != "logo" and not (
            isinstance(handler, dict) and handler.get("name") and isinstance(handler.get("settings"), dict)
        ):
            yield f"manifest.json: salesbot_designer.{name} needs name and settings"


def _texts(files: dict[str, bytes], widget: Any, platform: str) -> Iterator[str]:
    for name in files:
        locale = re.fullmatch(r"i18n/(.+)\.json", name)
        if locale and locale[1] not in LOCALES[platform]:
            yield f"{name}: this language is not one of {platform}'s"
    for locale in widget.get("locale") or []:
        texts, trouble = _json(files, f"i18n/{locale}.json")
        if trouble:
            yield trouble
            continue
        for key in ("name", "description", "short_description"):
            found: Any = texts
            for part in str(widget.get(key, "")).split("."):
                found = found.get(part) if isinstance(found, dict) else None
            if not isinstance(found, str) or not found:
                yield f"i18n/{locale}.json: {widget.get(key)} is missing"


def _script(files: dict[str, bytes]) -> Iterator[str]:
    script = files.get("script.js", b"").decode("utf-8", "replace")
    if not script:
        yield "script.js is missing"
        return
    if "define(" not in script:
        yield "script.js: no AMD module"
    for name in CALLBACKS:
        if not re.search(rf"\b{name}\b[\"']?\s*[:(=]", script):
            yield f"script.js: the callback {name} is missing"


def _images(files: dict[str, bytes], is_in_pipeline: bool) -> Iterator[str]:
    for name, size in (IMAGES | (_DIGITAL_PIPELINE_IMAGE if is_in_pipeline else {})).items():
        file = next(
            (f"images/{name}.{kind}" for kind in ("png", "jpeg", "jpg", "gif") if f"images/{name}.{kind}" in files),
            None,
        )
        if file is None:
            yield f"images/{name}.png is missing"
            continue
        if len(files[file]) > MOST_IMAGE_BYTES:
            yield f"{file}: more than 300 KB"
        try:
            found = Image.open(io.BytesIO(files[file]))
        except UnidentifiedImageError:
            yield f"{file}: not an image"
            continue
        if found.size != size:
            yield f"{file}: {found.size[0]} × {found.size[1]}, and must be {size[0]} × {size[1]}"


def _json(files: dict[str, bytes], name: str) -> tuple[Any, str | None]:
    if name not in files:
        return None, f"{name} is missing"
    try:
        value = json.loads(files[name])
    except ValueError:
        return None, f"{name}: not JSON"
    return (value, None) if isinstance(value, dict) else (None, f"{name}: not an object")
