"""`make pictures`: every page at three widths, as small PNGs in `docs/pictures/`, taken by the browser stories; and the
README's moving picture, by the tutorial's."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageOps

from tests.demo import ROOT

_STORIES = ("tests/test_browser.py", "tests/browser/test_incoming.py", "tests/test_tutorial.py")
_FOLDER = ROOT / "docs" / "pictures"
_WIDEST = 760  # pixels in the documents
_TALLEST = 2400
_MILLISECONDS = 2500  # each frame of the moving picture


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "pytest", "-q", *_STORIES]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"SCREENSHOTS": name}, check=True)
        _move(sorted(Path(name).glob("frame-*.png")))
        for file in sorted(set(Path(name).glob("*.png")) - set(Path(name).glob("frame-*.png"))):
            image = _smaller(Image.open(file))
            image.quantize(64, dither=Image.Dither.NONE).save(_FOLDER / file.name, optimize=True)
            sys.stdout.write(f"{file.name}: {(_FOLDER / file.name).stat().st_size:,} bytes\n")


def _move(frames: list[Path]) -> None:
    first, *others = [_smaller(Image.open(frame)) for frame in frames]
    rest = [ImageOps.pad(one, first.size, color="#eef1f6") for one in others]  # a popup is smaller
    out = _FOLDER / "demo.webp"
    first.save(out, save_all=True, append_images=rest, duration=_MILLISECONDS, loop=0, quality=60, method=6)
    sys.stdout.write(f"{out.name}: {out.stat().st_size:,} bytes\n")


def _smaller(image: Image.Image) -> Image.Image:
    image.thumbnail((_WIDEST, _TALLEST), Image.Resampling.LANCZOS)
    return image.convert("RGB")


if __name__ == "__main__":
    main()
