"""PostgreSQL falls in the middle of a campaign and stays away for a while: nobody is lost, nobody rung twice."""

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import anyio
import pytest
from anyio.from_thread import start_blocking_portal

from campaigns.words import Mode
from dialer.simulator import Simulator
from tests.acceptance.floor import HOOK_KEY, HOOK_PATH, Floor, calm, phones
from tests.acceptance.telling import listening, metric
from tests.acceptance.test_workers import KEY, LEASE, worker
from tests.databases import Clones
from tests.postgres import Fallible, Unavailable, falling

pytestmark = pytest.mark.anyio
A_WHILE = 1.5
"""Seconds; at the tests' speed five minutes of the vendor's."""


@pytest.fixture
def machine() -> Iterator[Fallible]:
    try:
        with falling() as machine:
            yield machine
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("retries", [0, pytest.param(200, marks=pytest.mark.deep)])
async def test_postgresql_falls_in_mid_campaign_and_nobody_is_lost_or_rung_twice(
    machine: Fallible, tmp_path: Path, retries: int
) -> None:
    """Whether the vendor repeats the hooks that nobody took, or not."""
    with start_blocking_portal() as portal:
        url = Clones(portal, machine.server).empty()
    async with Simulator(calm(hook_retries=retries)) as simulator:
        floor = Floor(tmp_path, simulator, database_url=url, secret_key=KEY, lease_seconds=LEASE)
        await floor.open()
        await floor.campaign("A", Mode.AUTOCALL, phones(40, "090000"), max_recall_count="1")
        await floor.campaign("B", Mode.CLICK2CALL, phones(9, "093000"), max_recall_count="1")
        with worker(floor, "web") as (_, web), listening() as lines:
            floor.settings.public_url = web
            async with floor.engine("engine") as address:
                await floor.until(lambda: _rung(floor, 12))
                machine.fall()
                assert await _hook(web) == (503, "1")
                assert await metric(address, "dialer_database_up") == 0
                await anyio.sleep(A_WHILE)
                await floor.until(lambda: metric(address, "dialer_step_failures_total"))
                # Here and not in a thread: a server dies with the thread that started it.
                machine.start()
                await floor.finished("A", "B")
                assert await metric(address, "dialer_database_up") == 1
                await _both_roles_tell(address, web)
        assert lines.of("step failed", log_level="error")
        assert not [line for line in lines.of("step failed") if "exc_info" in line], "a plain line, no traceback"
        await floor.check(max_recall=1, unknowns=True)
        await floor.database.close()


async def _both_roles_tell(engine: str, web: str) -> None:
    """What the database knows is the same on every page; what a process did stands on its own."""
    for page in (engine, web):
        assert await metric(page, "dialer_customers", campaign="A") == 40
        assert await metric(page, "dialer_calls", state="settled") >= 49
    assert await metric(web, "dialer_hooks_total", status="204") >= 1
    assert await metric(web, "dialer_intake_seconds_count") >= 1
    assert await metric(engine, "dialer_receipts_total", outcome="applied") >= 1


async def _rung(floor: Floor, count: int) -> bool:
    return len(floor.simulator.journal.entries) >= count


async def _hook(address: str) -> tuple[int, str | None]:
    """How a hook is answered, and when to come again."""
    headers = {"Authorization": f"Bearer {HOOK_KEY}"}
    body = {"call_id": "stranger", "state": "ringing"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{address}/hooks/{HOOK_PATH}", json=body, headers=headers) as answer,
    ):
        return answer.status, answer.headers.get("Retry-After")
