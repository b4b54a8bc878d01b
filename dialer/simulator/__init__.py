"""A PBX that speaks the TEL4VN HTTP contract: real HTTP, real hooks, made-up customers.

    async with Simulator(SimulatorSettings(speed=60, answer_rate=0.5)) as simulator:
        ...                             # an integration talks to simulator.url
        simulator.faults.error_rate = 0.1
        assert not simulator.journal.rung_twice_at_once()

It was written from the contract alone, apart from the gateway, so that a misreading shows on one side.
`GET /simulator/state` and `/simulator/journal` show people what goes on; see `control`.
"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Self

import aiohttp
import anyio
from aiohttp import web
from anyio.abc import TaskStatus

from dialer.simulator.application import application
from dialer.simulator.calls import Call, HookState, Mode, OrderedBy, Result
from dialer.simulator.chance import dice
from dialer.simulator.faults import Faults
from dialer.simulator.floor import Declined
from dialer.simulator.journal import Journal, Ring, read_journal
from dialer.simulator.pbx import Pbx
from dialer.simulator.settings import DEFAULT_PORT, SimulatorSettings
from dialer.simulator.tel4vn.misfortune import Misfortune

__all__ = [
    "DEFAULT_PORT",
    "Call",
    "Declined",
    "Faults",
    "HookState",
    "Journal",
    "Mode",
    "OrderedBy",
    "Pbx",
    "Result",
    "Ring",
    "Simulator",
    "SimulatorSettings",
    "read_journal",
    "serve",
]

GRACE = 0.05
"""Seconds that a request under way has to end when the port closes: some faults never end by themselves."""


class Simulator:
    """Runs inside `async with`, and may be entered again: on the same port, with its queues, hooks and records.

    `wall` gives real seconds since 1970; `tell` gets a line for people about every ring and its end.
    """

    def __init__(
        self,
        settings: SimulatorSettings | None = None,
        *,
        wall: Callable[[], float] = time.time,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.settings = settings or SimulatorSettings()
        self.faults = self.settings.faults.model_copy()
        self.journal = Journal(self.settings.journal_path, tell and (lambda ring: tell(in_words(ring))))
        self.pbx = Pbx(self.settings, self.faults, self.journal, wall)
        self.port = self.settings.port or 0
        self._misfortune = Misfortune(self.faults, dice(self.settings.seed, "requests"))
        self._runner: web.AppRunner
        self._stack: AsyncExitStack

    @property
    def url(self) -> str:
        return f"http://{self.settings.host}:{self.port}"

    @property
    def requests(self) -> Counter[tuple[str, str]]:
        """How often each operation was asked for, by method and path, whatever came of it."""
        return self._misfortune.requests

    def expire_tokens(self) -> None:
        """From now on every token given out so far is answered 401."""
        self.pbx.tokens.expire()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(self._hook_session())
            stack.callback(self.pbx.power_off)
            tasks = await stack.enter_async_context(anyio.create_task_group())
            stack.callback(tasks.cancel_scope.cancel)
            self.pbx.power_on(tasks, session)
            await self._open_port()
            stack.push_async_callback(self._close_port)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """An error of the body passes through as it is, not wrapped into a group with ours."""
        if isinstance(error, Exception):
            await self._stack.aclose()
            return None
        return await self._stack.__aexit__(kind, error, trace)

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """The port is closed meanwhile, and its connections are cut, but calls and hooks go on."""
        await self._close_port()
        try:
            yield
        finally:
            await self._open_port()

    async def _open_port(self) -> None:
        self._runner = web.AppRunner(application(self.pbx, self._misfortune), access_log=None, shutdown_timeout=GRACE)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.settings.host, self.port).start()
        self.port = self._runner.addresses[0][1]

    async def _close_port(self) -> None:
        with anyio.CancelScope(shield=True):
            await self._runner.cleanup()
            self._misfortune.end()

    def _hook_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.settings.hook_timeout))


async def serve(
    settings: SimulatorSettings,
    *,
    tell: Callable[[str], None] | None = None,
    task_status: TaskStatus[Simulator] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Run alone until cancelled, on port 8790 unless the settings name one. Raises OSError when it is taken."""
    alone = settings if settings.port is not None else settings.model_copy(update={"port": DEFAULT_PORT})
    async with Simulator(alone, tell=tell) as simulator:
        task_status.started(simulator)
        await anyio.sleep_forever()


def in_words(ring: Ring) -> str:
    """A line about a ring, without the whole number."""
    phone = f"{ring.phone[:3]}{'•' * max(0, len(ring.phone) - 6)}{ring.phone[6:][-3:]}"
    what = "rings" if ring.ended_at is None else f"{ring.status}, talked {ring.billsec} s"
    return f"{phone} {what} ({ring.mode}, ordered by {ring.ordered_by})"
