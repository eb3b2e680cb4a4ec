"""AWS Lambda's Runtime API, small, and a deployed function behind it: its zip unpacked, run by the real `awslambdaric`.

The process sees the zip, the standard library, and what Lambda's own runtime has (awslambdaric, boto3): nothing else.
Source: AWS Lambda developer guide, "Using the Lambda runtime API".
"""

import importlib.metadata
import io
import json
import queue
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests import servers

_VERSION = "/2018-06-01/runtime"
_SECONDS = 60
_RUNTIME = ("awslambdaric", "boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
_RUNTIME_TOO = ("simplejson", "snapshot-restore-py")

_START = (
    "import sys; sys.path[:0] = {paths!r}; from awslambdaric.__main__ import main; main([sys.argv[0], {handler!r}])"
)


class FunctionFailedError(Exception):
    """What the function raised, as Lambda reports it."""


class _Api:
    """One invocation at a time, as an instance of a function has it."""

    def __init__(self) -> None:
        self.events: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.answers: queue.Queue[tuple[str, Any]] = queue.Queue()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                request_id, body = api.events.get()
                self.send_response(200)
                deadline = int((time.time() + _SECONDS) * 1000)
                for name, value in (
                    ("Lambda-Runtime-Aws-Request-Id", request_id),
                    ("Lambda-Runtime-Deadline-Ms", str(deadline)),
                    ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:1:function:deployed"),
                    ("Content-Type", "application/json"),
                    ("Content-Length", str(len(body))),
                ):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                document = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
                api.answers.put((self.path.rpartition("/")[2], document))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        servers.answering(self.server)


class DeployedFunction:
    def __init__(self, archive: bytes, handler: str, environ: Mapping[str, str], folder: Path) -> None:
        task = folder / "task"
        zipfile.ZipFile(io.BytesIO(archive)).extractall(task)
        self._api = _Api()
        self._log = (folder / "log").open("wb")
        address = f"127.0.0.1:{self._api.server.server_address[1]}"
        start = _START.format(paths=[str(task), str(_runtime(folder / "runtime"))], handler=handler)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", start],
            cwd=task,
            env={**environ, "AWS_LAMBDA_RUNTIME_API": address, "LAMBDA_TASK_ROOT": str(task), "HOME": str(folder)},
            stdout=self._log,
            stderr=self._log,
        )

    def invoke(self, event: Any) -> Any:
        """The function's answer. Raises :class:`FunctionFailedError`."""
        self._api.events.put((str(uuid4()), json.dumps(event).encode()))
        kind, document = self._api.answers.get(timeout=_SECONDS)
        if kind != "response":
            raise FunctionFailedError(str(document))
        return document

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()
        self._api.server.shutdown()
        self._api.server.server_close()


class Invocations:
    """Lambda's own address, as far as functions call each other: `POST …/functions/NAME/invocations`."""

    def __init__(self) -> None:
        self.functions: dict[str, DeployedFunction] = {}
        functions = self.functions

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                name = self.path.split("/functions/")[1].partition("/")[0]
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, headers, document = 200, {}, None
                try:
                    document = functions[name].invoke(event)
                except FunctionFailedError as error:
                    headers, document = {"X-Amz-Function-Error": "Unhandled"}, {"errorMessage": str(error)}
                except KeyError:
                    status, document = 404, {"Message": "Function not found"}
                body = json.dumps(document).encode()
                self.send_response(status)
                for header, value in (headers | {"Content-Length": str(len(body))}).items():
                    self.send_header(header, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        servers.answering(self._server)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _runtime(folder: Path) -> Path:
    """A folder with what Lambda's runtime brings, by links to the installed packages."""
    folder.mkdir()
    for package in (*_RUNTIME, *_RUNTIME_TOO):
        try:
            files = importlib.metadata.files(package) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for name in {file.parts[0] for file in files if not file.parts[0].startswith(("..", "__pycache__"))}:
            target = Path(str(files[0].locate())).parents[len(files[0].parts) - 1] / name
            if not (folder / name).exists():
                (folder / name).symlink_to(target)
    return folder
