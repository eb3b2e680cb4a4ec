"""The page's engine in Node."""

import json
import subprocess
from pathlib import Path
from typing import Any


class Page:
    def __init__(self) -> None:
        script = str(Path(__file__).with_name("engine.mjs"))
        self._process = subprocess.Popen(["node", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def reckon(self, document: Any, values: Any, language: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps({"calculator": document, "values": values, "language": language})
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
