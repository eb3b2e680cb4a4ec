"""The simulator's HTTP: which host is meant, the faults on the way, and the answer.

A request whose `Host` is not amoCRM's (a browser at 127.0.0.1) sees the pages and the control API.
"""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import replace
from email.utils import formatdate
from uuid import uuid4

from aiohttp import web

from simulator import api, control, crowd, pages
from simulator.answers import Answer, as_json, html, problem
from simulator.faults import SPOIL_ANSWERS, Fault
from simulator.named import UnknownNameError
from simulator.request import Request
from simulator.simulation import Simulation

_AMOCRM = (".amocrm.ru", ".amocrm.com", ".kommo.com")
_MOST_BYTES = 16 * 1024 * 1024

_tasks: set[asyncio.Future[None]] = set()  # asyncio itself keeps only weak references

Respond = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def handler(simulation: Simulation) -> Respond:
    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        host = request.host.partition(":")[0].lower()
        try:
            body = await request.read()
        except ConnectionError:
            return web.Response(status=400)  # the caller died in the middle of a request; nobody sees this
        if request.path.startswith("/_control/"):
            return _control(simulation, request.path.removeprefix("/_control/"), body)
        if not host.endswith(_AMOCRM):
            asked, headers = list(request.query.items()), list(request.headers.items())
            return _sent(pages.answer(simulation, request.method, request.path, asked, body, headers))
        simulation.at_once += 1
        simulation.most_at_once = max(simulation.most_at_once, simulation.at_once)
        try:
            return await _amocrm(simulation, request, host, body)
        finally:
            simulation.at_once -= 1

    return respond


async def serve(simulation: Simulation, host: str, port: int) -> int:
    """Listens until it is cancelled. Calls for a free port with 0; prints nothing; returns the port at once."""
    runner = web.ServerRunner(web.Server(handler(simulation), access_log=None))
    await runner.setup()
    _tasks.add(asyncio.ensure_future(simulation.journal.posting.send_all()))
    site = web.TCPSite(runner, host, port, backlog=1024)
    await site.start()
    return int(runner.addresses[0][1])


async def _amocrm(simulation: Simulation, request: web.BaseRequest, host: str, body: bytes) -> web.StreamResponse:
    arrived = simulation.world.clock.now()
    fault = simulation.faults.take(request.method, host, request.path)
    if simulation.latency:
        await asyncio.sleep(simulation.latency)
    if fault is not None:
        spoiled = await _before(request, fault)
        if spoiled is not None:
            return spoiled
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = list(request.query.items())
    await _ask_address(simulation, request, host, body)
    before = len(simulation.truth.effects)
    answer, client_id = api.answer(simulation, Request(host, request.method, request.path, query, headers, body))
    crowd.happen(simulation.meanwhile, request.path)
    has_cookie = "cookie" in headers
    simulation.truth.request(arrived, host, request.method, request.path, answer.status, client_id, has_cookie)
    answer.headers.setdefault("Date", formatdate(simulation.world.clock.now(), usegmt=True))
    answer.headers.setdefault("Set-Cookie", f"session_id={uuid4().hex}; path=/; HttpOnly")
    if simulation.recorder is not None:
        simulation.recorder.record(request.method, request.path, body, answer.status, answer.body)
    if fault is not None:
        spoils = fault.kind in SPOIL_ANSWERS
        if spoils:
            simulation.truth.lost(simulation.world.clock.now(), request.path, before)
        spoiled = await _after(request, fault, answer)
        if spoiled is not None:
            return spoiled
    return _sent(answer)


async def _ask_address(simulation: Simulation, request: web.BaseRequest, host: str, body: bytes) -> None:
    """Rules do not wait, so who is to be told is asked before them."""
    account = simulation.world.accounts.get(host)
    if (
        account is not None
        and account.asks_addresses
        and (request.method, request.path) == ("POST", "/api/v4/webhooks")
    ):
        with contextlib.suppress(ValueError, TypeError, KeyError):
            await simulation.journal.posting.ask(str(json.loads(body)["destination"]))


async def _before(request: web.BaseRequest, fault: Fault) -> web.StreamResponse | None:
    """What the fault does before the request has its effect; None lets it go on."""
    match fault.kind:
        case "delay":
            await asyncio.sleep(fault.seconds)
        case "status":
            answer = problem(fault.status, "Error", "A fault that was ordered")
            if fault.body is not None:
                answer = replace(answer, body=fault.body.encode())
            if fault.retry_after is not None:
                answer.headers["Retry-After"] = str(fault.retry_after)
            return _sent(answer)
        case "html":
            return _sent(html("<!doctype html><title>Технические работы</title>", fault.status))
        case "timeout_before":
            await asyncio.sleep(fault.seconds)
            return _broken(request)
        case "reset_before":
            return _broken(request)
    return None


async def _after(request: web.BaseRequest, fault: Fault, answer: Answer) -> web.StreamResponse | None:
    match fault.kind:
        case "timeout_after":
            await asyncio.sleep(fault.seconds)
            return _broken(request)
        case "reset_after":
            return _broken(request)
        case "truncate":
            return await _truncated(request, answer)
    return None


def _broken(request: web.BaseRequest) -> web.StreamResponse:
    """Resets the connection (RST, not a tidy end)."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)  # nobody sees it


async def _truncated(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
    response.content_length = len(answer.body) + 1
    with contextlib.suppress(ConnectionError):  # who asked may have been killed meanwhile
        await response.prepare(request)
        await response.write(answer.body[: len(answer.body) // 2])
    return _broken(request)


def _control(simulation: Simulation, name: str, body: bytes) -> web.StreamResponse:
    try:
        result = control.run(simulation, name, json.loads(body or b"{}"))
    except (UnknownNameError, ValueError, KeyError, TypeError) as error:
        return _sent(problem(400, "Bad Request", f"{type(error).__name__}: {error}"))
    return web.Response(body=as_json(result), content_type="application/json")


def _sent(answer: Answer) -> web.StreamResponse:
    headers = {"X-Request-Id": uuid4().hex, **answer.headers}
    if answer.body:
        headers["Content-Type"] = answer.content_type
    return web.Response(status=answer.status, body=answer.body or None, headers=headers)
