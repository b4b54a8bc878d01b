"""Vendors to talk to: a scripted one that answers what a test wants, and a raw one that breaks connections."""

import asyncio
import json
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from campaigns.compliance import Cleared
from campaigns.words import Mode
from dialer.gateways import Order, Terms
from dialer.gateways.tel4vn import ApiKey, Credentials, Tel4vn, Tel4vnSettings

KEY = "key-of-the-test-account"
QUICK = {"retry_pause": 0.001, "request_timeout": 2, "place_timeout": 2, "connect_timeout": 1}


class Clock:
    """A clock that a test turns by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass(frozen=True)
class Heard:
    """A request as the scripted vendor heard it."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    token: str | None
    request_id: str = ""


@dataclass
class Reply:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None

    def response(self) -> web.Response:
        told = self.text if self.text is not None else json.dumps(self.body)
        return web.Response(status=self.status, headers=self.headers, text=told, content_type="application/json")


Scripted = Reply | Callable[[Heard], Reply | Awaitable[Reply]]


class ScriptedVendor:
    """Gives each path its answers in turn, the last one again and again. Logging in works and numbers its tokens."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: list[Heard] = []
        self._scripts: dict[tuple[str, str], Iterator[Scripted]] = {}
        self._last: dict[tuple[str, str], Scripted] = {}
        self.tokens = 0
        self.on("POST", "/v2/auth/token", lambda heard: self.new_token())

    def new_token(self, expired_in: int = 14763877) -> Reply:
        self.tokens += 1
        return Reply(
            {"code": 200, "content": "successfully", "data": {"token": f"t{self.tokens}", "expired_in": expired_in}}
        )

    @staticmethod
    def reply(body: Any = None, status: int = 200, text: str | None = None, **headers: str) -> Reply:
        return Reply(body, status, {name.replace("_", "-"): value for name, value in headers.items()}, text)

    def on(self, method: str, path: str, *answers: Scripted | dict[str, Any]) -> None:
        """What a path answers; a plain dict is the body of a 200."""
        self._scripts[method, path] = iter(
            [Reply(answer) if isinstance(answer, dict) else answer for answer in answers]
        )

    def count(self, path: str) -> int:
        return sum(heard.path == path for heard in self.heard)

    def last(self, path: str) -> Heard:
        return [heard for heard in self.heard if heard.path == path][-1]

    async def handle(self, request: web.Request) -> web.Response:
        raw = await request.read()
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or None
        heard = Heard(
            request.method, request.rel_url.raw_path, dict(request.query), json.loads(raw) if raw else None, token
        )
        heard = replace(heard, request_id=request.headers.get("X-Request-ID", ""))
        self.heard.append(heard)
        key = heard.method, heard.path
        answer = next(self._scripts.get(key, iter(())), self._last.get(key, Reply(status=404, text="404: Not Found")))
        self._last[key] = answer
        reply = answer if isinstance(answer, Reply) else answer(heard)
        return (reply if isinstance(reply, Reply) else await reply).response()


@pytest.fixture
async def vendor() -> AsyncIterator[ScriptedVendor]:
    scripted = ScriptedVendor()
    application = web.Application()
    application.router.add_route("*", "/{anything:.*}", scripted.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    scripted.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield scripted
    await runner.cleanup()


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class RawVendor:
    """A socket that reads whole requests and then does what a test wants, with nothing of HTTP's good manners.

    `behaviour` gets the path and how many requests with it have been read, and says `answer`, `close`, `cut`, `hang`,
    `answer-and-close`, or the bytes to answer with. The log-in always succeeds.
    """

    TOKEN = json.dumps({"code": 200, "content": "successfully", "data": {"token": "t1", "expired_in": 3600}})
    SUCCESS = json.dumps({"code": "0", "status": "success", "call_id": "c-1"})

    def __init__(self) -> None:
        self.port = 0
        self.behaviour: Callable[[str, int], str] = lambda path, nth: "answer"
        self.read: defaultdict[str, int] = defaultdict(int)
        self.connections = 0
        self.closed = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while path := await self._request(reader):
                self.read[path] += 1
                if not await self._answer(path, writer):
                    break
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._writers.discard(writer)
            self.closed.set()

    async def _request(self, reader: asyncio.StreamReader) -> str | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return None
        lengths = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
        await reader.readexactly(int(lengths[0].partition(":")[2]) if lengths else 0)
        return head.split(" ")[1].partition("?")[0]

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> bool:
        login = path == "/v2/auth/token"
        what = "answer" if login else self.behaviour(path, self.read[path])
        if what == "close":
            return False
        if what == "hang":
            await asyncio.Event().wait()
        body = self.TOKEN if login else self.SUCCESS
        length = len(body) + (100 if what == "cut" else 0)
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}".encode())
        await writer.drain()
        return what == "answer"

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()


@pytest.fixture
async def raw_vendor() -> AsyncIterator[RawVendor]:
    raw = RawVendor()
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(raw.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    raw.port = server.sockets[0].getsockname()[1]
    yield raw
    server.close()
    for task in tuple(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await server.wait_closed()


Opener = Callable[..., Tel4vn]


@pytest.fixture
async def open_gateway(clock: Clock) -> AsyncIterator[Opener]:
    """Opens gateways with quick settings; each keeps the seconds that it would have slept in `slept`."""
    opened: list[Tel4vn] = []

    def opener(
        url: str,
        *,
        credentials: Credentials | None = None,
        connector: Callable[[], aiohttp.BaseConnector] | None = None,
        slept: list[float] | None = None,
        **settings: Any,
    ) -> Tel4vn:
        async def sleep(seconds: float) -> None:
            if slept is not None:
                slept.append(seconds)

        gateway = Tel4vn(
            url,
            credentials or ApiKey(KEY),
            Tel4vnSettings(**(QUICK | settings)),
            clock,
            connector=connector,
            sleep=sleep,
            chance=lambda: 0.5,
        )
        opened.append(gateway)
        return gateway

    yield opener
    for gateway in opened:
        await gateway.aclose()


@pytest.fixture
def order(clock: Clock) -> Callable[..., Order]:
    """An order for a call, cleared for ten seconds unless told otherwise."""

    def make(reference: str = "r-1", phone: str = "+84912345678", seconds: float = 10, **fields: Any) -> Order:
        cleared = Cleared(
            customer_id=1,
            person_id=1,
            phone=phone,
            rulebook="none",
            version="1",
            expires_at=clock() + timedelta(seconds=seconds),
        )
        return Order(cleared, reference, **({"extension": "101", "name": "Sample Name"} | fields))

    return make


@pytest.fixture
def click2call() -> Terms:
    return Terms(mode=Mode.CLICK2CALL)


@pytest.fixture
def click2call_v1() -> Terms:
    return Terms(mode=Mode.CLICK2CALL, hotline="19001919")


@pytest.fixture
def autocall() -> Terms:
    return Terms(mode=Mode.AUTOCALL, queue_code="Q1", template="IVR-1", concurrent_call=5)


@pytest.fixture
def autodialer() -> Terms:
    return Terms(mode=Mode.AUTODIALER, queue_code="Q2", vendor_campaign_id="C1", precall_ratio=150, queue_agents="5001")
