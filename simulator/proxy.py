"""TLS for the accounts' real names: a CONNECT proxy before the simulator, with certificates made at its start.

A client that takes `HTTPS_PROXY` and a file of authorities reaches `https://SUBDOMAIN.amocrm.ru` unmodified.
Any other host is refused: nothing leaves this machine.
"""

import asyncio
import contextlib
import ssl
from pathlib import Path

import trustme

_NAMES = ("amocrm.ru", "amocrm.com", "kommo.com")
_LONGEST_HEAD = 16 * 1024


class Proxy:
    def __init__(self, simulator_port: int, ca_file: Path) -> None:
        """Writes the authority that clients are to trust to `ca_file`."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(ca_file))
        certificate = authority.issue_cert(*(f"*.{name}" for name in _NAMES))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self._context)
        self._simulator_port = simulator_port

    async def serve(self, host: str, port: int) -> int:
        """Listens; returns the port."""
        server = await asyncio.start_server(self._connected, host, port)
        self._server = server
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await self._accepted(reader, writer):
                await writer.start_tls(self._context)
                await self._relay(reader, writer)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client went away, or does not trust us
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n"))[:_LONGEST_HEAD].decode("latin-1")
        method, _, rest = head.partition(" ")
        host = rest.partition(" ")[0].removesuffix(":443")
        is_known = method == "CONNECT" and host.endswith(tuple(f".{name}" for name in _NAMES))
        answer = "200 Connection established" if is_known else "403 Only amoCRM's hosts are simulated"
        writer.write(f"HTTP/1.1 {answer}\r\n\r\n".encode())
        await writer.drain()
        return is_known

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """To the simulator, which tells hosts apart by the header that the client sends."""
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._simulator_port)
        try:
            ways = [
                asyncio.ensure_future(_copy(reader, back_writer)),
                asyncio.ensure_future(_copy(back_reader, writer)),
            ]
            _, waiting = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in waiting:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            back_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(64 * 1024):
        writer.write(chunk)
        await writer.drain()
