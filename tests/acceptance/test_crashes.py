"""`kill -9` at random moments, again and again: nobody is rung twice for one attempt, nobody is forgotten."""

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from sqlalchemy import Connection, or_, select

from campaigns.models import Customer
from campaigns.rows import table
from campaigns.words import WAITING_STATUSES, Mode
from dialer.simulator import Simulator
from tests.acceptance import nursery
from tests.acceptance.floor import CUSTOMER, SPEED, Floor, calm, phones

pytestmark = pytest.mark.anyio
KILLS = 6


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[BaseProcess]:
    """`dialer serve` as its own process, which logs to `serve.log`; it is ready when the block begins."""
    environment = {
        "DIALER_DATA_DIR": str(folder),
        "DIALER_SPEED": str(SPEED),
        "DIALER_UNKNOWN_RECALL_DELAY_SECONDS": "60",
        "DIALER_STOP_GRACE": "5",
        "DIALER_LEASE_SECONDS": "2",
        **settings,
    }
    with nursery.serving(folder / "serve.log", environment) as (process, _):
        yield process


@pytest.mark.parametrize("kills", [KILLS, pytest.param(4 * KILLS, marks=pytest.mark.deep)])
async def test_an_engine_killed_again_and_again_rings_nobody_twice_and_forgets_nobody(
    tmp_path: Path, kills: int
) -> None:
    """So many customers that there is somebody to call at every kill."""
    chance = random.Random(kills)
    async with Simulator(calm(hook_retries=2)) as simulator:
        floor = Floor(tmp_path, simulator, lease_seconds=2)
        await floor.open()
        await floor.campaign("A", Mode.AUTOCALL, phones(12 * kills, "090000"), max_recall_count="1")
        await floor.campaign("B", Mode.CLICK2CALL, phones(2 * kills, "093000"), max_recall_count="1")
        for _ in range(kills):
            await anyio.to_thread.run_sync(_serve_and_kill, tmp_path, chance.uniform(0.05, 0.9))
        assert simulator.journal.rung_twice_at_once() == []
        assert await floor.database.read(_forgotten) == []
        async with floor.engine():
            await floor.finished("A", "B")
        await floor.check(max_recall=1, unknowns=True)
        await floor.database.close()


def _serve_and_kill(folder: Path, after: float) -> None:
    with serving(folder) as process:
        process.join(after)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL


def _forgotten(conn: Connection) -> list[int]:
    """Customers that are neither final with a reason nor due nor in a call that will be asked after."""
    waiting = CUSTOMER.status.in_(WAITING_STATUSES)
    without_reason = ~waiting & CUSTOMER.reason.is_(None)
    nowhere = waiting & CUSTOMER.due_at.is_(None) & CUSTOMER.open_call_id.is_(None)
    return list(conn.scalars(select(CUSTOMER.id).select_from(table(Customer)).where(or_(without_reason, nowhere))))
