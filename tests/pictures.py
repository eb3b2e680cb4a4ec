"""`make pictures`: every page at three widths, as small PNGs in `docs/pictures/`, taken by the browser stories."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.demo import ROOT

_FOLDER = ROOT / "docs" / "pictures"
_WIDEST = 760  # pixels in the documents
_TALLEST = 2400


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "pytest", "-q", "tests/test_browser.py"]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"SCREENSHOTS": name}, check=True)
        for file in sorted(Path(name).glob("*.png")):
            image = Image.open(file).convert("RGB")
            image.thumbnail((_WIDEST, _TALLEST), Image.Resampling.LANCZOS)
            image.quantize(64, dither=Image.Dither.NONE).save(_FOLDER / file.name, optimize=True)
            sys.stdout.write(f"{file.name}: {(_FOLDER / file.name).stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
