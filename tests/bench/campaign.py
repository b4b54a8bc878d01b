"""Rows: a whole campaign by one worker and by two, each in a database of its own.

The vendor is another process: it takes an autocall queue's orders and sends four hooks a call at once. Every second
call is answered; the others become final too, for the campaign recalls nobody.
"""

import asyncio
import socket
from contextlib import AsyncExitStack
from time import perf_counter

from sqlalchemy import Connection, func, select

from campaigns.models import Customer
from campaigns.rows import WAITING, columns_of
from campaigns.words import Mode
from tests.bench import populating
from tests.bench.ground import HOOK_PATH, Ground
from tests.bench.hooks import HOOKS
from tests.bench.measuring import Figure
from tests.bench.scale import Scale
from tests.bench.serving import serving
from tests.bench.vendor import vendor

CUSTOMER = columns_of(Customer)
LOOK_EVERY = 0.1


async def by_one(ground: Ground, scale: Scale) -> list[Figure]:
    return [await _campaign(ground, scale, 1)]


async def by_two(ground: Ground, scale: Scale) -> list[Figure]:
    """On PostgreSQL: an embedded database is one process's."""
    return [] if ground.embedded else [await _campaign(ground, scale, 2)]


async def _campaign(ground: Ground, scale: Scale, workers: int) -> Figure:
    """Customers made final a second, from the moment at which the last worker listens."""
    campaign = await ground.campaign("WHOLE", Mode.AUTOCALL, max_recall_count="0")
    await populating.debtors(ground, campaign, 1, scale.campaign)
    await populating.settle_down(ground)
    async with AsyncExitStack() as stack:
        await work(stack, ground, workers)
        started, seconds, waiting = perf_counter(), 0.0, scale.campaign
        # Another process works: there is no event of ours to wait for.
        while waiting and seconds < scale.campaign_seconds:
            await asyncio.sleep(LOOK_EVERY)
            waiting, seconds = await ground.database.read(_waiting, campaign.id), perf_counter() - started
    final = scale.campaign - waiting
    if not final:
        raise RuntimeError(f"nobody was called within {scale.campaign_seconds:g} s: this is a fault and no figure")
    many = "s" if workers > 1 else ""
    case = f"{scale.campaign:,} customers, {HOOKS} hooks a call, {workers} worker{many}"
    notes = {"customers": scale.campaign, "final": final, "workers": workers}
    return Figure("campaign", ground.kind, case, "calls/s", final / seconds, notes=notes)


async def work(stack: AsyncExitStack, ground: Ground, workers: int) -> list[int]:
    """A vendor, and workers of which the first is sent its hooks; their process ids."""
    ports = [free_port() for _ in range(workers)]
    url = await stack.enter_async_context(vendor("--hooks", f"http://127.0.0.1:{ports[0]}/hooks/{HOOK_PATH}"))
    await ground.account(url)
    return [await stack.enter_async_context(serving(ground, port)) for port in ports]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _waiting(conn: Connection, campaign_id: int) -> int:
    """Customers that are not final."""
    waits = select(func.count()).where(CUSTOMER.tenant_id == 1, CUSTOMER.campaign_id == campaign_id, WAITING)
    return int(conn.scalar(waits) or 0)
