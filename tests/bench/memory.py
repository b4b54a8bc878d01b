"""Rows: how much memory one worker takes after a short list, and the same worker beside a long one that it calls."""

import asyncio
from contextlib import AsyncExitStack
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, func, select

from campaigns.models import Call
from campaigns.rows import columns_of
from campaigns.words import Mode
from tests.bench import populating
from tests.bench.campaign import LOOK_EVERY, work
from tests.bench.ground import Ground
from tests.bench.measuring import Figure
from tests.bench.scale import Scale
from tests.bench.serving import memory

CALL = columns_of(Call)
LARGEST, FLAT = 200, 1.1


async def measure(ground: Ground, scale: Scale) -> list[Figure]:
    few, many = max(scale.campaign // 10, 10), scale.customers[1]
    short = await ground.campaign("SHORT", Mode.AUTOCALL, max_recall_count="0")
    await populating.debtors(ground, short, 1, few)
    async with AsyncExitStack() as stack:
        (pid,) = await work(stack, ground, 1)
        before = await _after(ground, short, few, pid, scale.campaign_seconds)
        long = await ground.campaign("LONG", Mode.AUTOCALL, max_recall_count="0")
        await populating.debtors(ground, long, few + 1, few + many)
        await populating.settle_down(ground)
        beside = await _after(ground, long, few, pid, scale.campaign_seconds)
    case, times = f"a worker that calls {many:,} customers", f"over that of the same worker after {few:,}"
    return [
        Figure("memory", ground.kind, case, "MB", beside, at_most=LARGEST),
        Figure("memory", ground.kind, times, "times", beside / before, at_most=FLAT),
    ]


async def _after(ground: Ground, campaign: Any, calls: int, pid: int, at_most: float) -> float:
    """Memory of the worker when it has made so many calls of this campaign."""
    over = perf_counter() + at_most
    while (made := await ground.database.read(_made, campaign.id)) < calls:
        if perf_counter() > over:
            raise RuntimeError(f"{made} calls of {calls} in {at_most:g} s: this is a fault and no figure")
        await asyncio.sleep(LOOK_EVERY)
    return memory(pid)


def _made(conn: Connection, campaign_id: int) -> int:
    calls = select(func.count()).where(CALL.tenant_id == 1, CALL.campaign_id == campaign_id)
    return int(conn.scalar(calls) or 0)
