"""Row: calls placed through claim, gate, intent, HTTP and ledger, held against an aiohttp client that only posts.

The vendor is another process and answers at once. Click-to-call, so one request a call; each agent has one call at a
time. When all agents have one, all calls are ended at a stroke, and that is not counted.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import aiohttp
from sqlalchemy import Connection, text

from campaigns.words import Mode
from dialer.database import clock
from dialer.metrics import Metrics
from dialer.placing import PlacingLoop
from dialer.vendors import Vendors
from tests.bench import populating
from tests.bench.ground import TIMING, Ground
from tests.bench.measuring import Figure, by_turns, compared
from tests.bench.scale import Scale
from tests.bench.vendor import vendor

NAME = "placing"
AIM = 0.3
AGENTS = 60
AT_ONCE = 20
"""Requests on the wire at the same time, as many as the engine allows itself."""
OVER = """UPDATE call SET state = 'settled', outcome = 'busy', check_at = NULL
    WHERE tenant_id = 1 AND state IN ('intended', 'placed', 'unsure', 'ringing', 'answered')"""
FREE = """UPDATE customer SET status = 'busy', open_call_id = NULL, finished_at = :now
    WHERE tenant_id = 1 AND open_call_id IS NOT NULL"""
THERE = "UPDATE agent SET logged_in = :yes, logged_in_seen_at = :now WHERE tenant_id = 1"


class Wire:
    """What a loop starts its hand-overs with; `quiet` when all of them are done."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start_soon(self, work: Callable[..., Any], /, *args: Any) -> None:
        task = asyncio.create_task(work(*args))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def quiet(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)


async def measure(ground: Ground, scale: Scale) -> list[Figure]:
    async with vendor() as url, Vendors(ground.database, ground.vault) as vendors, aiohttp.ClientSession() as client:
        await ground.account(url)
        users = ",".join(f"{100 + n}=user{n}" for n in range(AGENTS))
        campaign = await ground.campaign("PLACING", Mode.CLICK2CALL, agents=users)
        await populating.debtors(ground, campaign, 1, (scale.rounds + 2) * (scale.calls_placed + AGENTS))
        await populating.settle_down(ground)
        ours = _ours(ground, scale, vendors)
        pairs = await by_turns(scale.rounds, ours, _reference(client, url, scale.calls_placed))
    case = f"click-to-call, {AGENTS} agents, {AT_ONCE} on the wire"
    return [compared(NAME, ground.kind, case, "calls/s", pairs, at_least=AIM)]


def _ours(ground: Ground, scale: Scale, vendors: Vendors) -> Callable[[], Awaitable[float]]:
    wire, metrics = Wire(), Metrics()
    loop = PlacingLoop(ground.database, vendors, TIMING, wire, metrics)

    async def once() -> float:
        """From all agents free to all of them in a call, again and again."""
        seconds, placed = 0.0, 0
        while placed < scale.calls_placed:
            await ground.database.write(_all_over)
            started, before = perf_counter(), _placed(metrics)
            while _placed(metrics) - before < min(AGENTS, scale.calls_placed):
                if not await loop.step(await ground.database.read(clock)):
                    # On a slow machine the agents were seen too long ago by now.
                    await ground.database.write(_all_there)
            await wire.quiet()
            seconds, placed = seconds + perf_counter() - started, placed + _placed(metrics) - before
        return placed / seconds

    return once


def _placed(metrics: Metrics) -> int:
    return int(metrics.registry.get_sample_value("dialer_placings_total", {"result": "placed"}) or 0)


def _all_over(conn: Connection) -> None:
    conn.execute(text(OVER))
    conn.execute(text(FREE), {"now": _shown(conn)})
    _all_there(conn)


def _all_there(conn: Connection) -> None:
    conn.execute(text(THERE), {"now": _shown(conn), "yes": True})


def _shown(conn: Connection) -> Any:
    """The database's time, as it keeps it."""
    now = clock(conn)
    return now.replace(tzinfo=None).isoformat(" ", "microseconds") if conn.dialect.name == "sqlite" else now


def _reference(client: aiohttp.ClientSession, url: str, count: int) -> Callable[[], Awaitable[float]]:
    ordinals = itertools.count()

    async def post(n: int) -> None:
        body = {"id": f"d{n:020}", "mobile": f"09{n:08}", "agent": "101"}
        headers = {"Authorization": "Bearer t"}
        async with client.post(f"{url}/v2/click2call", json=body, headers=headers) as answer:
            assert (await answer.json())["status"] == "success"

    async def keep_posting(left: list[int]) -> None:
        while left:
            left.pop()
            await post(next(ordinals))

    async def once() -> float:
        left, started = [0] * count, perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(keep_posting(left))
        return count / (perf_counter() - started)

    return once
