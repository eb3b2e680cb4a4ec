"""Webhooks on their way: several news in a body, failing ones again later while newer ones pass, and then lost."""

import asyncio
import contextlib
import random
from collections import deque
from dataclasses import dataclass, field

import aiohttp

from simulator import hook_bodies
from simulator.hook_bodies import News
from simulator.state import Account, Entity, World

# vendor: webhooks.form (page) A webhook is a form with nested keys, not signed, that must be answered within 2 seconds.
# source: amoCRM's documentation, "Webhooks"
TIMEOUT_SECONDS = 2.0
# vendor: webhooks.repeat (production) A hook that is not answered with 2xx in time comes again 5 and 15 minutes and an
# hour later, with what it said then, while newer ones pass; then it is lost.
# source: amoCRM's documentation, "Webhooks", as integrations in production quote it
_AGAIN_AFTER = (300, 900, 3600)
# vendor: webhooks.switched_off (guess) A subscription is switched off by a hundred failures within two hours, also
# where others were taken in between.
# source: the documentation says that hooks which keep failing are switched off; number and span are ours
MOST_FAILURES = 100
_SPAN_SECONDS = 7200
# vendor: webhooks.several (production) One body may tell of many entities, and of several kinds of news.
# source: bodies in the tests of integrations in production; how many is ours
_MOST_IN_A_BODY = 250
_LOOK_SECONDS = 0.25  # after those that failed


@dataclass
class Failed:
    """A body that comes again. `times`: how often it was sent."""

    body: str
    times: int
    due_at: float


@dataclass
class Hook:
    """A subscription, and what is yet to be sent to it."""

    entry: Entity
    waiting: deque[News] = field(default_factory=deque)
    failed: list[Failed] = field(default_factory=list)
    failures: deque[float] = field(default_factory=deque)  # when
    under_way: int = 0

    @property
    def unsent(self) -> int:
        return len(self.waiting) + self.under_way

    def fails(self, now: float) -> None:
        self.failures.append(now)
        while self.failures[0] <= now - _SPAN_SECONDS:
            self.failures.popleft()
        if len(self.failures) >= MOST_FAILURES:
            self.entry["disabled"] = True
            self.waiting.clear()
            self.failed.clear()


@dataclass
class Weather:
    """How hooks fare on their way: the share of them that is lost, comes twice, or before an earlier one."""

    lost: float = 0.0
    doubled: float = 0.0
    overtaking: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def bring(self, waiting: deque[News], one: News) -> None:
        if self._random.random() < self.lost:
            return
        for _ in range(2 if self._random.random() < self.doubled else 1):
            if waiting and self._random.random() < self.overtaking:
                waiting.insert(self._random.randrange(len(waiting) + 1), one)
            else:
                waiting.append(one)


class Posting:
    def __init__(self, world: World) -> None:
        self._world = world
        self._arrived = asyncio.Event()
        self.weather = Weather()
        self.sent = 0
        self.answering: set[str] = set()  # addresses that have answered when they were asked
        self.once: deque[tuple[str, int | None, str]] = deque(maxlen=500)  # what was sent once, and the answers

    def bring(self, hook: Hook, one: News) -> None:
        self.weather.bring(hook.waiting, one)
        self._arrived.set()

    def hasten(self, account: Account) -> None:
        """What an account sends once is to be sent now."""
        if account.outbox:
            self._arrived.set()

    async def ask(self, destination: str) -> None:
        """Whether somebody is at an address that is to be saved."""
        self.answering.discard(destination)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError):
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(destination) as answer:
                if answer.status == 200:
                    self.answering.add(destination)

    async def send_all(self) -> None:
        """Sends what is waiting, until it is cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)) as session:
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._arrived.wait(), _LOOK_SECONDS)
                self._arrived.clear()
                accounts = list(self._world.accounts.values())
                hooks = [(account, hook) for account in accounts for hook in account.hooks.values()]
                await asyncio.gather(
                    *(self._send_once(session, one) for one in accounts if one.outbox),
                    *(self._send(session, *one) for one in hooks if one[1].waiting or one[1].failed),
                )

    async def _send_once(self, session: aiohttp.ClientSession, account: Account) -> None:
        """Whatever becomes of it, it is not repeated."""
        while account.outbox:
            url, kind, body = account.outbox.popleft()
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.post(url, data=body, headers={"Content-Type": kind}) as answer:
                    self.once.append((url, answer.status, body))
                    continue
            self.once.append((url, None, body))

    async def _send(self, session: aiohttp.ClientSession, account: Account, hook: Hook) -> None:
        """Everything that waits for this address, in order, and what has failed before and is due."""
        now = self._world.clock.now()
        for due in [one for one in hook.failed if one.due_at <= now]:
            if due in hook.failed:  # else the hook was switched off meanwhile
                hook.failed.remove(due)
                await self._try(session, hook, due.body, due.times)
        while hook.waiting:
            told = [hook.waiting.popleft() for _ in range(min(len(hook.waiting), _MOST_IN_A_BODY))]
            hook.under_way = len(told)
            await self._try(session, hook, hook_bodies.form(account, told), 0)
            hook.under_way = 0

    async def _try(self, session: aiohttp.ClientSession, hook: Hook, body: str, times: int) -> None:
        if hook.entry["disabled"]:
            return
        is_taken = False
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            async with session.post(hook.entry["destination"], data=body, headers=headers) as answer:
                is_taken = 200 <= answer.status < 300
        if is_taken:
            self.sent += 1
            return
        now = self._world.clock.now()
        if times < len(_AGAIN_AFTER):
            hook.failed.append(Failed(body, times + 1, now + _AGAIN_AFTER[times]))
        hook.fails(now)
