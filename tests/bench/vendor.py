"""A vendor in a process of its own that answers at once, and whoever posts to us: plain sockets, so that neither costs
more than the wire itself.

`python -m tests.bench.vendor` prints its port. It takes log-ins, click-to-call and autocall queues. With `--hooks` it
posts the four hooks of every order to that address, over a few connections.
"""

import argparse
import asyncio
import itertools
import json
import sys
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.bench.hooks import hooks_of

CONNECTIONS = 16
TOKEN = {"data": {"token": "t", "expired_in": 86400}, "code": 200, "status": "success"}


class Poster:
    """Posts bodies over a few connections that are kept, one request at a time on each."""

    def __init__(self, url: str, connections: int) -> None:
        self._address = urlsplit(url)
        self._connections = connections
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()
        self.seconds: list[float] = []

    def post(self, body: bytes) -> None:
        self._waiting.put_nowait(body)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._connections):
                group.create_task(self._keep_posting())

    async def _keep_posting(self) -> None:
        body = await self._waiting.get()
        # Not before there is something to post: by then somebody listens there.
        reader, writer = await asyncio.open_connection(self._address.hostname, self._address.port)
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            writer.write(_request(self._address.path, self._address.netloc, body))
            await _answer(reader)
            self.seconds.append(loop.time() - started)
            self._waiting.task_done()
            body = await self._waiting.get()

    async def done(self) -> None:
        await self._waiting.join()


def _request(path: str, host: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> int:
    """The status of an answer, which is read to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    if b"content-length:" in lowered:
        length = int(lowered.split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])


class Vendor(asyncio.Protocol):
    """One connection of ours. Requests come one after the other."""

    ordinals = itertools.count(1)
    poster: Poster | None = None

    def __init__(self) -> None:
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        while (end := self._got.find(b"\r\n\r\n")) >= 0:
            head, lowered = self._got[:end], self._got[:end].lower()
            length = int(lowered.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in lowered else 0
            if len(self._got) < end + 4 + length:
                return
            body, self._got = self._got[end + 4 : end + 4 + length], self._got[end + 4 + length :]
            self._say(self._answer(head.split(b" ", 2)[1].decode().split("?")[0], body))

    def _answer(self, path: str, body: bytes) -> Any:
        if path == "/v2/auth/token":
            return TOKEN
        if path == "/v2/click2call":
            call_id = f"p{next(self.ordinals)}"
            self._ring(call_id, f"+84{json.loads(body)['mobile'][1:]}")
            return {"status": "success", "call_id": call_id}
        if path == "/v2/autocall/queue":
            customers = json.loads(body)["customers"]
            for customer in customers:
                self._ring(f"p{next(self.ordinals)}", f"+84{customer['mobiles'][0][1:]}")
            taken = [{"id": customer["id"]} for customer in customers]
            return {"status": "success", "data": {"success": taken, "fail": []}}
        return {"status": "success", "code": 200, "message": "successfully", "data": []}

    def _ring(self, call_id: str, phone: str) -> None:
        if self.poster is not None:
            for body in hooks_of(call_id, phone, int(call_id[1:])):
                self.poster.post(body)

    def _say(self, answer: Any) -> None:
        body = json.dumps(answer).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def serve(hooks: str | None) -> None:
    """Until the standard input ends: whoever started us is gone then."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Vendor, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    posting = None
    if hooks:
        Vendor.poster = Poster(hooks, CONNECTIONS)
        posting = asyncio.create_task(Vendor.poster.run())
    await loop.run_in_executor(None, sys.stdin.read)
    if posting is not None:
        posting.cancel()
    server.close()


async def post_all(url: str, count: int, connections: int) -> None:
    """Post so many hooks as fast as they are taken; print how many a second, and the slowest but one in a hundred."""
    poster = Poster(url, connections)
    told = deque(body for n in range(1, count // 4 + 1) for body in hooks_of(f"h{n}-{count}", f"+849{n:08}", n))
    unique = sys.stdin.readline().strip().encode()
    for body in told:
        poster.post(body[:-1] + b', "round": "' + unique + b'"}')
    started = asyncio.get_running_loop().time()
    posting = asyncio.create_task(poster.run())
    await poster.done()
    seconds = asyncio.get_running_loop().time() - started
    posting.cancel()
    slow = sorted(poster.seconds)[max(int(len(poster.seconds) * 0.99) - 1, 0)]
    print(json.dumps({"rate": len(poster.seconds) / seconds, "p99": slow}), flush=True)


@asynccontextmanager
async def vendor(*words: str) -> AsyncIterator[str]:
    """The vendor's process; its address."""
    process = await started(*words)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def started(*words: str) -> asyncio.subprocess.Process:
    command: Sequence[str] = (sys.executable, "-m", "tests.bench.vendor", *words)
    return await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.vendor", description=__doc__)
    parser.add_argument("--hooks", metavar="URL", help="where the hooks of the calls go")
    parser.add_argument("--post", metavar="URL", help="be no vendor, only post hooks there")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    options = parser.parse_args()
    if options.post:
        asyncio.run(post_all(options.post, options.count, options.connections))
    else:
        asyncio.run(serve(options.hooks))


if __name__ == "__main__":
    main()
