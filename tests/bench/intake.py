"""Row: hooks taken in, each durable before it is acknowledged, held against a server that only looks at them.

The hooks come from a process of its own over 64 connections, four a call. The reference is an aiohttp handler that
reads the body, checks that it is a hook, and drops it.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from statistics import median
from typing import Any

from aiohttp import web

from dialer.metrics import Metrics
from dialer.registering import doors_of
from dialer.webhooks import Webhooks
from tests.bench.ground import HOOK_PATH, Ground
from tests.bench.hooks import HOOKS
from tests.bench.measuring import Figure, by_turns, compared
from tests.bench.scale import Scale
from tests.bench.vendor import started

NAME = "intake"
AIM, PATIENCE = 0.3, 100
CONNECTIONS = 64


async def measure(ground: Ground, scale: Scale) -> list[Figure]:
    webhooks = Webhooks(
        ground.database, ground.settings, doors_of(ground.database, ground.vault), lambda: None, Metrics()
    )
    slow: list[float] = []

    async def ready() -> list[str]:
        return []

    async with served(webhooks.application(ready)) as ours, served(_dropping()) as theirs:
        writing = asyncio.create_task(webhooks.intake.run())
        try:
            pairs = await by_turns(scale.rounds, posted(ours, scale, slow), posted(theirs, scale, []))
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
    case = f"{HOOKS} hooks a call, {CONNECTIONS} connections"
    waited = Figure(NAME, ground.kind, "slowest but one in a hundred", "ms", median(slow) * 1000, at_most=PATIENCE)
    return [compared(NAME, ground.kind, case, "hooks/s", pairs, at_least=AIM), waited]


def posted(url: str, scale: Scale, slow: list[float]) -> Callable[[], Awaitable[float]]:
    address = f"{url}/hooks/{HOOK_PATH}"

    async def once() -> float:
        words = ("--post", address, "--count", str(scale.hooks), "--connections", str(CONNECTIONS))
        process = await started(*words)
        said, _ = await process.communicate(f"{secrets.token_hex(4)}\n".encode())
        told = json.loads(said)
        slow.append(told["p99"])
        return float(told["rate"])

    return once


def _dropping() -> web.Application:
    """The reference: valid, so acknowledged, and forgotten."""

    async def take(request: web.Request) -> web.Response:
        said: dict[str, Any] = json.loads(await request.read())
        known = "call_id" in said and said.get("state") in ("ringing", "answered", "hangup", "cdr")
        return web.Response(status=204 if known else 400)

    app = web.Application()
    app.router.add_post("/hooks/{segment}", take)
    return app


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
