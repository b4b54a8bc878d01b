"""What `/metrics` tells of a campaign, and what is forgotten after it."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select
from sqlmodel import SQLModel

from campaigns import receipts, retention
from campaigns.models import Receipt
from campaigns.receipts import Delivery
from campaigns.rows import columns_of, table
from campaigns.words import Mode
from dialer.database import clock
from dialer.metrics import Metrics
from dialer.pruning import PruningLoop
from dialer.simulator import Simulator
from tests.acceptance.floor import CALL, Floor, calm, phones
from tests.acceptance.telling import metric

pytestmark = pytest.mark.anyio
MOVED = (
    "dialer_placings_total",
    "dialer_hooks_total",
    "dialer_receipts_total",
    "dialer_claim_seconds_count",
    "dialer_place_seconds_count",
    "dialer_intake_seconds_count",
    "dialer_calls",
    "dialer_customers",
    "dialer_database_up",
)
BATCH = 20
A_DAY = timedelta(days=1)


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    async with Simulator(calm()) as simulator:
        floor = Floor(tmp_path, simulator)
        await floor.open()
        yield floor
        await floor.database.close()


async def test_the_metrics_move_with_a_campaign(floor: Floor) -> None:
    await floor.campaign("A", Mode.AUTOCALL, phones(20), max_recall_count="0", concurrent_call="4")
    async with floor.engine() as address:
        await floor.until(lambda: metric(address, "dialer_due_customers", campaign="A"))
        await floor.finished("A")
        moved = {name: await metric(address, name) for name in MOVED}
        assert all(moved.values()), moved
        assert moved["dialer_placings_total"] == moved["dialer_customers"] == moved["dialer_calls"] == 20
        assert await metric(address, "dialer_settle_lag_seconds") < 5
        # The loops go on reading; a scrape between two of them finds nobody at it.
        await floor.until(lambda: metric(address, "dialer_database_connections", use="reading"))
        why = await floor.database.read(_reasons)
        assert {word: await metric(address, "dialer_calls", reason=word) for word in why} == why


def _reasons(conn: Connection) -> dict[str, int]:
    return dict(Counter(reason.value if reason else "" for reason in conn.scalars(select(CALL.reason))))


async def test_old_hooks_are_forgotten_in_small_batches_and_nothing_else_ever(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", BATCH)
    await floor.campaign("A", Mode.AUTOCALL, phones(20), max_recall_count="1", recall_delay="0s")
    async with floor.engine():
        await floor.finished("A")
        # A call is over before the last of its hooks has come.
        await floor.until(lambda: _all_settled(floor))
    await floor.database.write(_one_more, b'{"call_id": "not yet settled"}')
    evidence, hooks = await floor.database.read(_everything_but_hooks), await floor.database.read(_hooks)
    metrics = Metrics()
    now = await floor.database.read(clock)
    assert not await PruningLoop(floor.database, A_DAY, floor.vault, metrics).step(now)
    assert await floor.database.read(_hooks) == hooks
    steps = [hooks]
    while await PruningLoop(floor.database, A_DAY, floor.vault, metrics).step(now + A_DAY):
        steps.append(await floor.database.read(_hooks))
    assert len(steps) > 3
    assert all(0 < before - after <= BATCH for before, after in pairwise(steps))
    assert steps[-1] == 1, "what is not settled is not forgotten"
    assert metrics.registry.get_sample_value("dialer_receipts_pruned_total") == hooks - 1
    assert await floor.database.read(_everything_but_hooks) == evidence
    await floor.check(max_recall=1)


async def _all_settled(floor: Floor) -> bool:
    unsettled = select(func.count()).where(columns_of(Receipt).settled_at.is_(None))
    return floor.simulator.pbx.hooks.pending == 0 and not await floor.database.read(lambda conn: conn.scalar(unsettled))


def _one_more(conn: Connection, body: bytes) -> None:
    receipts.store(conn, [Delivery(1, 1, body, clock(conn) - A_DAY)])


def _hooks(conn: Connection) -> int:
    return len(conn.execute(select(columns_of(Receipt).id)).all())


def _everything_but_hooks(conn: Connection) -> dict[str, list[Any]]:
    """Every row of every other table: calls, facts, decisions, changes, suppressions, and what caps are counted on."""
    others = [one for one in SQLModel.metadata.sorted_tables if one is not table(Receipt)]
    return {one.name: sorted(map(str, conn.execute(select(one)))) for one in others}
