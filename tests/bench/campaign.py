"""Rows: a whole campaign by one worker and by two, and how much memory a worker takes beside a long list.

The vendor is another process: it takes an autocall queue's orders and sends four hooks a call at once. Every second
call is answered; the others become final too, for the campaign recalls nobody.
"""

import asyncio
import socket
from contextlib import AsyncExitStack
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, func, select, update

from campaigns.models import Call, Campaign, Customer
from campaigns.rows import WAITING, columns_of, table
from campaigns.words import Mode, Wanted
from tests.bench import populating
from tests.bench.ground import HOOK_PATH, Ground
from tests.bench.hooks import HOOKS
from tests.bench.measuring import Figure
from tests.bench.scale import Scale
from tests.bench.serving import memory, serving
from tests.bench.vendor import vendor

NAME = "campaign"
CALL, CAMPAIGN, CUSTOMER = columns_of(Call), columns_of(Campaign), columns_of(Customer)
LARGEST, FLAT = 200, 1.1
LOOK_EVERY = 0.1


async def measure(ground: Ground, scale: Scale) -> list[Figure]:
    figures, known = [], 0
    for workers in (1,) if ground.embedded else (1, 2):
        code = f"W{workers}"
        rate, taken = await _campaign(ground, code, known, scale, workers)
        known += scale.campaign
        case = f"{scale.campaign:,} customers, {HOOKS} hooks a call, {workers} worker{'s'[: workers - 1]}"
        notes = {"customers": scale.campaign, "workers": workers}
        figures.append(Figure(NAME, ground.kind, case, "calls/s", rate, notes=notes))
    return [*figures, *await _beside_a_long_list(ground, scale, known, taken)]


async def _beside_a_long_list(ground: Ground, scale: Scale, known: int, taken: float) -> list[Figure]:
    """The same again with the long list in the database: of another campaign, which does not run, and of this one."""
    waiting = await ground.campaign("LONG", Mode.AUTOCALL)
    await populating.debtors(ground, waiting, known + 1, known + scale.customers[1])
    await populating.settle_down(ground)
    few = max(scale.campaign // 10, 10)
    grown = await _worker_beside(ground, waiting, few, scale.campaign_seconds)
    size = scale.customers[1]
    return [
        Figure(
            "memory", ground.kind, f"a worker that places, {size:,} customers waiting", "MB", grown, at_most=LARGEST
        ),
        Figure("memory", ground.kind, f"over that after {scale.campaign:,}", "times", grown / taken, at_most=FLAT),
    ]


async def _worker_beside(ground: Ground, campaign: Any, calls: int, at_most: float) -> float:
    """Memory of a worker after so many calls of this campaign, or after so many seconds."""
    async with AsyncExitStack() as stack:
        (pid,) = await _work(stack, ground, 1)
        over = perf_counter() + at_most
        while await ground.database.read(_called, campaign.id) < calls and perf_counter() < over:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY)
        return memory(pid)


async def _campaign(ground: Ground, code: str, known: int, scale: Scale, workers: int) -> tuple[float, float]:
    """Customers made final a second from the first worker's start, and the memory of the largest worker."""
    campaign = await ground.campaign(code, Mode.AUTOCALL, max_recall_count="0")
    await populating.debtors(ground, campaign, known + 1, known + scale.campaign)
    await populating.settle_down(ground)
    async with AsyncExitStack() as stack:
        pids = await _work(stack, ground, workers)
        started, seconds, waiting = perf_counter(), 0.0, scale.campaign
        # Another process works: there is no event of ours to wait for.
        while waiting and seconds < scale.campaign_seconds:
            await asyncio.sleep(LOOK_EVERY)
            waiting, seconds = await ground.database.read(_waiting, campaign.id), perf_counter() - started
        largest = max(memory(pid) for pid in pids)
    await ground.database.write(_stop, campaign.id)
    return (scale.campaign - waiting) / seconds, largest


async def _work(stack: AsyncExitStack, ground: Ground, workers: int) -> list[int]:
    """A vendor, and workers to whom it sends its hooks; their process ids."""
    ports = [_free() for _ in range(workers)]
    url = await stack.enter_async_context(vendor("--hooks", f"http://127.0.0.1:{ports[0]}/hooks/{HOOK_PATH}"))
    await ground.account(url)
    return [await stack.enter_async_context(serving(ground, port)) for port in ports]


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _waiting(conn: Connection, campaign_id: int) -> int:
    """Customers that are not final."""
    waits = select(func.count()).where(CUSTOMER.tenant_id == 1, CUSTOMER.campaign_id == campaign_id, WAITING)
    return int(conn.scalar(waits) or 0)


def _called(conn: Connection, campaign_id: int) -> int:
    calls = select(func.count()).where(CALL.tenant_id == 1, CALL.campaign_id == campaign_id)
    return int(conn.scalar(calls) or 0)


def _stop(conn: Connection, campaign_id: int) -> None:
    """What was not called in time shall not be called beside the next measurement."""
    conn.execute(update(table(Campaign)).where(CAMPAIGN.id == campaign_id).values(wanted=Wanted.STOPPED))
