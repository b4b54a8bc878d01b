"""Several processes over one PostgreSQL: any worker may serve any campaign, and the death of one loses nothing."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from anyio.from_thread import start_blocking_portal
from sqlalchemy import Connection, text

from campaigns import directory, ledger
from campaigns.words import Mode
from dialer.database import clock
from dialer.simulator import Simulator
from tests.acceptance import nursery
from tests.acceptance.floor import PATIENCE, SPEED, Floor, calm, live_calls, phones
from tests.databases import Clones
from tests.postgres import Server, Unavailable, serving

pytestmark = pytest.mark.anyio
LEASE = 2
KEY = "a-key-of-the-tests"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    try:
        with serving() as server:
            yield server
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    with start_blocking_portal() as portal:
        clones = Clones(portal, server)
        yield clones.migrated()
        clones.drop_all()


@pytest.fixture
async def floor(tmp_path: Path, url: str) -> AsyncIterator[Floor]:
    async with Simulator(calm()) as simulator:
        floor = Floor(tmp_path, simulator, database_url=url, secret_key=KEY, lease_seconds=LEASE)
        await floor.open()
        yield floor
        await floor.database.close()


@contextmanager
def worker(floor: Floor, role: str, address: str = "") -> Iterator[tuple[BaseProcess, str]]:
    """One `dialer serve` of a role; the process and its address. It is ended with the block, and its log is kept."""
    environment = {
        "DIALER_DATABASE_URL": floor.settings.database_url or "",
        "DIALER_SECRET_KEY": KEY,
        "DIALER_SPEED": str(SPEED),
        "DIALER_UNKNOWN_RECALL_DELAY_SECONDS": "60",
        "DIALER_LEASE_SECONDS": str(LEASE),
        "DIALER_STOP_GRACE": "60",
        "DIALER_PUBLIC_URL": address,
    }
    with nursery.serving(_log(floor, role), environment, "--role", role) as born:
        yield born


def _log(floor: Floor, role: str) -> Path:
    return floor.settings.data_dir / f"{role}.log"


def signalled(process: BaseProcess, sent: signal.Signals) -> None:
    assert process.pid is not None
    os.kill(process.pid, sent)


async def test_two_engines_and_a_web_worker_share_campaigns_and_keep_every_ceiling(floor: Floor) -> None:
    await floor.campaign("A", Mode.AUTOCALL, phones(40, "090000"), concurrent_call="5", max_recall_count="1")
    await floor.campaign("B", Mode.CLICK2CALL, phones(9, "093000"), max_recall_count="1")
    with ExitStack() as stack:
        _, address = stack.enter_context(worker(floor, "web"))
        for _ in range(2):
            stack.enter_context(worker(floor, "engine", address))
        await floor.finished("A", "B")
    await floor.check(max_recall=1)
    journal = floor.simulator.journal
    assert journal.most_at_once(lambda ring: ring.queue_code == "Q1") <= 5
    assert journal.most_at_once(lambda ring: ring.queue_code is None) <= 3


async def test_a_worker_that_is_killed_leaves_nobody_behind_and_the_other_goes_on(floor: Floor) -> None:
    await floor.campaign("A", Mode.AUTOCALL, phones(60), concurrent_call="8", max_recall_count="1")
    with ExitStack() as stack:
        _, address = stack.enter_context(worker(floor, "web"))
        first, _ = stack.enter_context(worker(floor, "engine", address))
        stack.enter_context(worker(floor, "engine", address))
        await floor.until(lambda: _rung(floor, 20))
        first.kill()
        await floor.finished("A")
    await floor.check(max_recall=1, unknowns=True)
    assert floor.simulator.journal.most_at_once() <= 8


async def test_a_worker_that_slept_through_its_lease_does_nothing_more_with_it(floor: Floor) -> None:
    await floor.campaign("A", Mode.AUTOCALL, phones(60), concurrent_call="8", max_recall_count="1")
    with ExitStack() as stack:
        _, address = stack.enter_context(worker(floor, "web"))
        slow, _ = stack.enter_context(worker(floor, "engine", address))
        stack.enter_context(worker(floor, "engine", address))
        await floor.until(lambda: _rung(floor, 10))
        signalled(slow, signal.SIGSTOP)
        await anyio.sleep(LEASE + 1)
        signalled(slow, signal.SIGCONT)
        await floor.finished("A")
    await floor.check(max_recall=1, unknowns=True)
    assert floor.simulator.journal.most_at_once() <= 8


async def test_a_program_of_another_schema_is_refused_in_one_line(floor: Floor) -> None:
    await floor.database.write(_upgrade_further)
    with worker(floor, "engine") as (process, _):
        assert await ended(process) == 2
    said = _log(floor, "engine").read_text()
    assert len(said.strip().splitlines()) == 1
    assert "db upgrade" in said


async def ended(process: BaseProcess) -> int | None:
    """With which code the process ends by itself."""
    await anyio.to_thread.run_sync(process.join, PATIENCE)
    return process.exitcode


async def test_a_worker_drains_and_ends_when_another_upgraded_the_schema(floor: Floor) -> None:
    """In the middle of a campaign: what it had on the wire is settled, and the new version goes on. Two at a time, so
    that the campaign lasts longer than the engine takes to notice."""
    listed = phones(160)
    await floor.campaign("A", Mode.AUTOCALL, listed, concurrent_call="2", max_recall_count="0")
    ours = await floor.database.read(_schema)
    with worker(floor, "engine") as (process, _):
        await floor.until(lambda: _rung(floor, 10))
        await floor.database.write(_upgrade_further)
        assert await ended(process) == 2
    said = _log(floor, "engine").read_text().splitlines()
    assert [line for line in said if "schema changed: draining" in line]
    assert "db upgrade" in said[-1]
    assert await live_calls(floor.database) == 0
    assert len(floor.simulator.journal.entries) < len(listed)
    await floor.database.write(_upgrade_further, ours)
    await floor.database.write(_widen)
    async with floor.engine():
        await floor.finished("A")
    await floor.check(max_recall=0)


def _schema(conn: Connection) -> str:
    return str(conn.scalar(text("SELECT version_num FROM alembic_version")))


def _widen(conn: Connection) -> None:
    """The rest of the campaign need not take long."""
    ledger.amend(conn, clock(conn), directory.find_campaign(conn, 1, "A"), {"concurrent_call": 20}, "test")


def _upgrade_further(conn: Connection, version: str = "9999") -> None:
    conn.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


async def _rung(floor: Floor, count: int) -> bool:
    return len(floor.simulator.journal.entries) >= count
