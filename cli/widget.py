"""The amoCRM widget archive: a zip that an account's administrator uploads, built from `web/widget/archive/`.

Source: amoCRM's documentation, "Widgets": structure, `manifest.json`, sizes of images.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from shared.platform import widgets

_SOURCES: Final = Path(__file__).resolve().parents[1] / "web" / "widget" / "archive"
# vendor: widget.locales (page) An archive for amoCRM may have ru and en only; Kommo's interface has en, es, pt.
# source: amoCRM's and Kommo's documentation, "Structure of widget"
PLATFORMS: Final = {"amocrm": ("ru", "en"), "kommo": ("en", "es", "pt")}
_IMAGES: Final = {
    "logo_main": (400, 272),
    "logo": (130, 100),
    "logo_medium": (240, 84),
    "logo_small": (108, 108),
    "logo_min": (84, 84),
    "logo_dp": (174, 109),
}
_EPOCH: Final = (2020, 1, 1, 0, 0, 0)  # the same sources make the same bytes


def types() -> tuple[str, ...]:
    """Of `widgets/`."""
    return tuple(widgets.types())


def build(
    widget_type: str,
    api_url: str,
    version: str = "1.0.0",
    support: str = "support@example.org",
    platform: str = "amocrm",
) -> bytes:
    """The zip for a platform, `amocrm` or `kommo`. `api_url`: the public address of `crm_api`."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_files(widget_type, api_url.rstrip("/"), version, support, platform)):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _files(widget_type: str, api_url: str, version: str, support: str, platform: str) -> Iterator[tuple[str, bytes]]:
    yield "manifest.json", _json(_manifest(version, support, PLATFORMS[platform], api_url))
    script = (_SOURCES / "script.js").read_text()
    widget = widgets.types()[widget_type]
    page = "/widget/" if widget.page == "calculator" else f"/widgets/{widget_type}/"
    yield "script.js", script.replace('"{{API}}"', json.dumps(api_url)).replace("{{PAGE}}", page).encode()
    for language in PLATFORMS[platform]:
        words = _words(language)
        words["widget"]["name"] = widgets.title(widget_type, language)
        yield f"i18n/{language}.json", _json(words)
    icon = widgets.FOLDER / widget_type / "icon.png"
    for name, size in _IMAGES.items():
        yield f"images/{name}.png", _own_image(*size, icon) if icon.exists() else _image(*size, widget.colour)


def _manifest(version: str, support: str, languages: tuple[str, ...], api_url: str) -> dict[str, Any]:
    return {
        "widget": {
            "name": "widget.name",
            "description": "widget.description",
            "short_description": "widget.short_description",
            "version": version,
            "interface_version": 2,
            "init_once": False,
            "locale": list(languages),
            "installation": True,
            "support": {"link": "", "email": support},
        },
        "locations": ["lcard-1", "digital_pipeline", "salesbot_designer"],
        # vendor: pipeline.manifest (page) A widget of stages has the location digital_pipeline and a block dp with
        # settings, webhook_url (then no moderation is needed), action_multiple; and logo_dp.png, 174 × 109.
        # source: Kommo's documentation, "Widgets in Digital Pipeline"; amoCRM's "Structure of widget"
        "dp": {
            "settings": {"key": {"name": "dp.key", "type": "text", "required": True}},
            "webhook_url": f"{api_url}/run_automation",
            "action_multiple": False,
        },
        # vendor: salesbot.manifest (page) A step of bots has the location salesbot_designer and a block of handlers,
        # each with a name and settings of the types text, numeric and url.
        # source: Kommo's documentation, "Salesbot SDK"
        "salesbot_designer": {
            "answer": {
                "name": "salesbot.answer",
                "settings": {
                    "text": {"name": "salesbot.text", "type": "text", "default_value": "", "manual": True},
                    "url": {
                        "name": "salesbot.url",
                        "type": "url",
                        "default_value": f"{api_url}/answer_bot",
                        "manual": True,
                    },
                },
            }
        },
        "tour": {"is_tour": False, "tour_images": {}, "tour_description": "widget.tour_description"},
        "settings": {},
    }


def _words(language: str) -> dict[str, Any]:
    words: dict[str, Any] = json.loads((_SOURCES / "i18n" / f"{language}.json").read_text())
    return words


def _own_image(width: int, height: int, icon: Path) -> bytes:
    """The widget's own icon in the middle, on the colour of its corner."""
    from PIL import Image

    own = Image.open(icon).convert("RGB")
    side = min(width, height)
    image = Image.new("RGB", (width, height), own.getpixel((0, 0)))
    image.paste(own.resize((side, side), Image.Resampling.LANCZOS), ((width - side) // 2, (height - side) // 2))
    made = io.BytesIO()
    image.save(made, "PNG", optimize=True)
    return made.getvalue()


@cache  # most of what an archive takes to build
def _image(width: int, height: int, colour: str) -> bytes:
    """A calculator's keys on the widget's colour."""
    from PIL import Image, ImageDraw

    scale = 4  # drawn larger, so that edges are smooth
    image = Image.new("RGB", (width * scale, height * scale), colour)
    draw = ImageDraw.Draw(image)
    side = min(width, height) * scale * 0.62
    left, top = (width * scale - side) / 2, (height * scale - side) / 2
    draw.rounded_rectangle((left, top, left + side, top + side), side / 8, fill="white")
    inner, gap = side * 0.76, side * 0.06
    x, y = left + (side - inner) / 2, top + (side - inner) / 2
    draw.rounded_rectangle((x, y, x + inner, y + inner * 0.26), side / 30, fill=colour)
    key = (inner - 2 * gap) / 3
    rise = (inner * 0.74 - 3 * gap) / 3
    for row in range(3):
        for column in range(3):
            a, b = x + column * (key + gap), y + inner * 0.26 + gap + row * (rise + gap)
            last = row == column == 2
            draw.rounded_rectangle((a, b, a + key, b + rise), side / 40, fill="#f0a020" if last else "#cfd8e6")
    made = io.BytesIO()
    image.resize((width, height), Image.Resampling.LANCZOS).save(made, "PNG", optimize=True)
    return made.getvalue()


def _json(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
