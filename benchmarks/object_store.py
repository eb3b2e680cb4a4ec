"""A bucket on this machine that answers after a while, in a process of its own: PUT, GET of a list, DELETE.

Little more than what HTTP needs, so that its own work does not count among what is measured.
"""

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_PAGE = 1000  # keys of a list


@contextmanager
def running(latency: float) -> Iterator[str]:
    """Its address. `latency` in seconds, before each answer."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, latency), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{here.recv()}"
    process.kill()
    process.join()


def _serve(pipe: Any, latency: float) -> None:
    asyncio.run(_Bucket(latency).serve(pipe))


class _Bucket:
    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._keys: set[str] = set()

    async def serve(self, pipe: Any) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
                if fields.get("expect"):
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                await reader.readexactly(int(fields.get("content-length", 0)))
                method, target, _ = head[0].split(" ", 2)
                status, body = self._answered(method, target)
                await asyncio.sleep(self._latency)
                writer.write(f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        writer.close()

    def _answered(self, method: str, target: str) -> tuple[int, bytes]:
        parts = urlsplit(target)
        _, _, key = unquote(parts.path).lstrip("/").partition("/")
        if method == "PUT":
            is_new = key not in self._keys
            self._keys.add(key)
            return (200, b"") if is_new else (412, b"<Error><Code>PreconditionFailed</Code></Error>")
        if method == "DELETE":
            self._keys.discard(key)
            return 204, b""
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        prefix, after = asked.get("prefix", ""), asked.get("start-after", "")
        found = sorted(one for one in self._keys if one.startswith(prefix) and one > after)
        listed = "".join(f"<Contents><Key>{escape(one)}</Key></Contents>" for one in found[:_PAGE])
        more = str(len(found) > _PAGE).lower()
        text = f"<ListBucketResult><IsTruncated>{more}</IsTruncated>{listed}</ListBucketResult>"
        return 200, text.encode()
