"""Row: calls placed through claim, gate, intent, HTTP and ledger, held against an aiohttp client that only posts.

The vendor is another process and answers at once. Click-to-call, so one request a call; each agent has one call at a
time. When all agents have one, all calls are ended at a stroke, and that is not counted.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

import aiohttp
import anyio
from sqlalchemy import Connection, text

from campaigns.words import Mode
from dialer.database import clock
from dialer.loops import Loop
from dialer.metrics import Metrics
from dialer.placing import PlacingLoop
from dialer.vendors import Vendors, own_clock
from tests.bench import populating
from tests.bench.ground import TIMING, Ground
from tests.bench.measuring import Figure, by_turns, compared
from tests.bench.scale import Scale
from tests.bench.vendor import vendor

NAME = "placing"
AIM = 0.3
AGENTS = 60
EVERY = 0.2
"""Seconds between two looks of the loop when nobody rings, as a worker has it."""
LOOK_EVERY, SEEN_EVERY = 0.005, 1.0
AT_ONCE = 20
"""Requests on the wire at the same time, as many as the engine allows itself."""
OVER = """UPDATE call SET state = 'settled', outcome = 'busy', check_at = NULL
    WHERE tenant_id = 1 AND state IN ('intended', 'placed', 'unsure', 'ringing', 'answered')"""
FREE = """UPDATE customer SET status = 'busy', open_call_id = NULL, finished_at = :now
    WHERE tenant_id = 1 AND open_call_id IS NOT NULL"""
THERE = "UPDATE agent SET logged_in = :yes, logged_in_seen_at = :now WHERE tenant_id = 1"


@asynccontextmanager
async def working(ground: Ground, vendors: Vendors) -> AsyncIterator[tuple[Loop, Metrics]]:
    """The placing loop as a worker runs it, and what it counts."""
    metrics = Metrics()
    async with anyio.create_task_group() as wire:
        placing = PlacingLoop(ground.database, vendors, TIMING, wire, metrics, lambda: loop.bell.ring())
        loop = Loop("placing", placing.step, ground.database, EVERY, now=own_clock)
        wire.start_soon(placing.answering.run)
        wire.start_soon(loop.run)
        yield loop, metrics
        wire.cancel_scope.cancel()


async def measure(ground: Ground, scale: Scale) -> list[Figure]:
    async with vendor() as url, Vendors(ground.database, ground.vault) as vendors, aiohttp.ClientSession() as client:
        await ground.account(url)
        users = ",".join(f"{100 + n}=user{n}" for n in range(AGENTS))
        campaign = await ground.campaign("PLACING", Mode.CLICK2CALL, agents=users)
        await populating.debtors(ground, campaign, 1, (scale.rounds + 3) * (scale.calls_placed + AGENTS))
        await populating.settle_down(ground)
        async with working(ground, vendors) as (loop, metrics):
            ours = _ours(ground, scale, loop, metrics)
            # What PostgreSQL planned for tables that were empty it does until it has looked at them, which it does by
            # itself within a minute.
            await ours()
            await populating.settle_down(ground)
            pairs = await by_turns(scale.rounds, ours, _reference(client, url, scale.calls_placed))
    case = f"click-to-call, {AGENTS} agents, {AT_ONCE} on the wire"
    return [compared(NAME, ground.kind, case, "calls/s", pairs, at_least=AIM)]


def _ours(ground: Ground, scale: Scale, loop: Loop, metrics: Metrics) -> Callable[[], Awaitable[float]]:
    async def once() -> float:
        """From all agents free to all of them in a call, again and again."""
        seconds, placed, many = 0.0, 0, min(AGENTS, scale.calls_placed)
        while placed < scale.calls_placed:
            await ground.database.write(_all_over)
            started, before = perf_counter(), _placed(metrics)
            seen = started
            loop.bell.ring()
            while (done := _placed(metrics) - before) < many:
                await asyncio.sleep(LOOK_EVERY)
                if perf_counter() - seen > SEEN_EVERY:
                    # On a slow machine the agents were seen too long ago by now.
                    await ground.database.write(_all_there)
                    seen = perf_counter()
            seconds, placed = seconds + perf_counter() - started, placed + done
        return placed / seconds

    return once


def _placed(metrics: Metrics) -> int:
    """Of this one counter: to collect all of them every few milliseconds would cost what is to be measured."""
    (counter,) = metrics.placed.collect()
    told = {sample.labels["result"]: sample.value for sample in counter.samples if sample.name.endswith("_total")}
    return int(told.get("placed", 0))


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
