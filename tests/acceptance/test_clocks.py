"""The database's clock is set in the middle of a campaign: nobody rings twice, nothing storms, and it is said."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from campaigns.words import Mode
from dialer.database import CLOCK, Embedded
from dialer.simulator import Simulator
from tests.acceptance.floor import Floor, calm, phones
from tests.acceptance.telling import listening, metric

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)
A_WHILE = 1.5


class Clock:
    """A clock that may be set."""

    ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead  # noqa: TID251 the world of the simulator is real


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def floor(tmp_path: Path, clock: Clock) -> AsyncIterator[Floor]:
    async with Simulator(calm()) as simulator:
        floor = Floor(tmp_path, simulator)
        await floor.open()
        assert isinstance(floor.database, Embedded)
        for engine in (floor.database._writing, floor.database._reading):
            engine.update_execution_options(**{CLOCK: clock})
        yield floor
        await floor.database.close()


@pytest.mark.parametrize("mode", [Mode.AUTOCALL, pytest.param(Mode.CLICK2CALL, marks=pytest.mark.deep)])
async def test_a_clock_that_jumps_an_hour_ahead_rings_nobody_twice(floor: Floor, clock: Clock, mode: Mode) -> None:
    await floor.campaign("A", mode, phones(30), max_recall_count="1")
    with listening() as lines:
        async with floor.engine() as address:
            await floor.until(lambda: _rung(floor, 8))
            clock.ahead = HOUR
            await floor.finished("A")
            await floor.until(lines.has("clock jumped"))
            assert await metric(address, "dialer_clock_jumps_total") == 1
    assert lines.of("clock jumped")[0]["seconds"] == pytest.approx(HOUR.total_seconds(), abs=5)
    await floor.check(max_recall=1, unknowns=True)


@pytest.mark.parametrize("mode", [Mode.AUTOCALL, pytest.param(Mode.CLICK2CALL, marks=pytest.mark.deep)])
async def test_a_clock_that_jumps_an_hour_back_makes_them_wait_and_rings_nobody_twice(
    floor: Floor, clock: Clock, mode: Mode
) -> None:
    await floor.campaign("A", mode, phones(30), max_recall_count="1")
    async with floor.engine():
        await floor.until(lambda: _rung(floor, 8))
        clock.ahead = -HOUR
        await anyio.sleep(A_WHILE)
        before = floor.simulator.requests.total()
        await anyio.sleep(A_WHILE)
        assert floor.simulator.requests.total() - before < 40 * A_WHILE, "a storm of requests"
        assert floor.simulator.journal.rung_twice_at_once() == []
        clock.ahead = timedelta(0)
        await floor.finished("A")
    await floor.check(max_recall=1, unknowns=True)


async def _rung(floor: Floor, count: int) -> bool:
    return len(floor.simulator.journal.entries) >= count
