"""A test bench: a running simulator, a client that speaks plain HTTP to it, and a receiver of its hooks."""

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import anyio
from aiohttp import web

from dialer.simulator import Simulator, SimulatorSettings

EVENTS = ("ringing", "answered", "hangup", "cdr")
FAST = 2000
"""A speed at which an ordinary call takes less than a tenth of a second."""
LONG = ("answered:1000",)
"""The script of a call that surely goes on while a test sends its next requests: half a second when `FAST`."""


@dataclass
class Answer:
    status: int
    body: Any
    headers: Any = field(default_factory=dict)


@dataclass
class Hook:
    headers: Any
    body: dict[str, Any]


class Receiver:
    """Collects hooks. `statuses` are answered first, then 200; hooks about a number in `held` wait for its event."""

    def __init__(self) -> None:
        self.hooks: list[Hook] = []
        self.statuses: deque[int] = deque()
        self.arrived = 0
        self.held: dict[str, anyio.Event] = {}
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.arrived += 1
        body = await request.json()
        if body["to_number"] in self.held:
            await self.held[body["to_number"]].wait()
        self.hooks.append(Hook(request.headers.copy(), body))
        return web.Response(status=self.statuses.popleft() if self.statuses else 200)

    def states(self, call_id: str) -> list[str]:
        return [hook.body["state"] for hook in self.hooks if hook.body["call_id"] == call_id]

    def one(self, state: str) -> dict[str, Any]:
        (body,) = [hook.body for hook in self.hooks if hook.body["state"] == state]
        return body


class Bench:
    def __init__(self, simulator: Simulator, session: aiohttp.ClientSession, receiver: Receiver) -> None:
        self.simulator = simulator
        self.session = session
        self.receiver = receiver
        self.token = ""

    async def log_in(self) -> None:
        got = await self.post("/v2/auth/token", {"api_key": self.simulator.settings.api_key})
        self.token = got.body["data"]["token"]

    async def register(self, *events: str, key: str = "secret") -> None:
        for event in events or EVENTS:
            body = {"event": event, "callback_url": self.receiver.url, "callback_apikey": key}
            assert (await self.post("/v1/event", body)).body == {"created": True}

    async def get(self, path: str, **query: Any) -> Answer:
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: Any) -> Answer:
        return await self._ask("POST", path, json=body)

    async def delete(self, path: str) -> Answer:
        return await self._ask("DELETE", path)

    async def _ask(self, method: str, path: str, **more: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.session.request(method, self.simulator.url + path, headers=headers, **more) as answer:
            readable = answer.content_type == "application/json"
            return Answer(answer.status, await (answer.json() if readable else answer.text()), answer.headers)

    async def click2call(self, phone: str = "0912000001", agent: str = "101", reference: str = "KH1") -> str:
        got = await self.post("/v2/click2call", {"id": reference, "mobile": phone, "agent": agent})
        assert got.body["status"] == "success", got.body
        return str(got.body["call_id"])

    async def feed_autocall(self, *phones: str, code: str = "Q1", **terms: Any) -> Answer:
        return await self.post(
            "/v2/autocall/queue", {"queue_code": code, "template": "IVR-1", "customers": customers(*phones)} | terms
        )

    async def feed_autodialer(self, *phones: str, code: str = "Q1", ratio: str = "100", **terms: Any) -> Answer:
        fixed = {"campaign_id": "C1", "queue_code": code, "precall_ratio": ratio, "max_recall_count": "0"}
        return await self.post("/v2/autodialer/queue", fixed | {"customers": customers(*phones)} | terms)

    async def command(self, verb: str, code: str = "Q1", family: str = "autocall") -> Answer:
        return await self.post(f"/v2/{family}/queue/{verb}", {"queue_code": code})

    async def record(self, call_id: str) -> dict[str, Any]:
        await self.quiet()
        got = await self.get(f"/v2/cdr/{call_id}")
        assert got.status == 200, got
        return dict(got.body)

    async def quiet(self) -> None:
        await until(lambda: self.simulator.pbx.quiet)

    async def done(self, rings: int) -> None:
        """So many telephones rang, and all is over."""
        await until(lambda: len(self.simulator.journal.entries) >= rings and self.simulator.pbx.quiet)


def customers(*phones: str) -> list[dict[str, Any]]:
    return [{"id": f"id-{phone}", "mobiles": [phone]} for phone in phones]


def numbers(count: int) -> list[str]:
    return [f"09120{number:05d}" for number in range(count)]


async def until(condition: Callable[[], bool], within: float = 8) -> None:
    with anyio.fail_after(within):
        while not condition():  # noqa: ASYNC110 the condition is of another's making, and has no event
            await anyio.sleep(0.002)


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[Receiver]:
    app = web.Application()
    app.router.add_post("/hooks", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
        yield receiver
    finally:
        await runner.cleanup()


@asynccontextmanager
async def bench(*, speed: float = FAST, **settings: Any) -> AsyncIterator[Bench]:
    """A simulator whose customers all answer, unless told otherwise; logged in."""
    if not any(name.endswith("_rate") for name in settings):
        settings["answer_rate"] = 1.0
    async with (
        listening(Receiver()) as receiver,
        Simulator(SimulatorSettings(speed=speed, **settings)) as simulator,
        aiohttp.ClientSession() as session,
    ):
        one = Bench(simulator, session, receiver)
        await one.log_in()
        yield one
