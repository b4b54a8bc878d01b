"""Whole campaigns over real HTTP, checked against the simulator's journal of what it really rang."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from campaigns.words import Mode
from dialer.simulator import Simulator
from tests.acceptance.floor import Floor, calm, journal_form, phones

pytestmark = pytest.mark.anyio


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(calm()) as simulator:
        yield simulator


@pytest.fixture
async def floor(tmp_path: Path, simulator: Simulator) -> AsyncIterator[Floor]:
    floor = Floor(tmp_path, simulator)
    await floor.open()
    yield floor
    await floor.database.close()


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_campaign_comes_to_its_end_and_counts_what_rang(floor: Floor, mode: Mode) -> None:
    await floor.campaign("MORNING", mode, phones(20))
    async with floor.engine():
        await floor.finished("MORNING")
    await floor.check()
    standing = await floor.standing("MORNING")
    answered = [ring for ring in floor.simulator.journal.entries if ring.answered_at is not None]
    assert standing.answered == len(answered)
    assert standing.calls == len(floor.simulator.journal.entries)


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_vendor_that_misbehaves_in_every_way_rings_nobody_twice(floor: Floor, mode: Mode) -> None:
    faults = floor.simulator.faults
    faults.close_after_reading_rate = 0.2
    faults.place_error_after_rate = 0.1
    faults.error_rate = 0.05
    faults.drop_hook_rate = 0.2
    faults.double_hook_rate = 0.3
    faults.shuffle_hooks = True
    faults.cdr_delay = 20
    await floor.campaign("MORNING", mode, phones(30), recall_delay="0s")
    async with floor.engine():
        await floor.finished("MORNING")
    await floor.check(unknowns=True)


@pytest.mark.parametrize("mode", [Mode.AUTOCALL, Mode.CLICK2CALL])
async def test_with_every_hook_lost_the_campaign_still_finishes(floor: Floor, mode: Mode) -> None:
    floor.simulator.faults.drop_hook_rate = 1
    await floor.campaign("MORNING", mode, phones(12), max_recall_count="1")
    async with floor.engine():
        await floor.finished("MORNING")
    await floor.check(max_recall=1)


async def test_hooks_that_come_a_recall_too_late_move_no_later_call(floor: Floor) -> None:
    faults = floor.simulator.faults
    faults.delay_hook_rate = 0.5
    faults.delay_hook_seconds = 300
    await floor.campaign("MORNING", Mode.AUTOCALL, phones(20), recall_delay="0s")
    async with floor.engine():
        await floor.finished("MORNING")
        await floor.until(lambda: _delivered(floor))
    await floor.check()


async def _delivered(floor: Floor) -> bool:
    return floor.simulator.pbx.hooks.pending == 0


async def test_no_limit_is_passed_at_any_moment(floor: Floor) -> None:
    await floor.campaign("A", Mode.AUTOCALL, phones(20, "090000"), concurrent_call="5")
    await floor.campaign("B", Mode.AUTOCALL, phones(30, "093000"), concurrent_call="9", queue_code="Q2")
    async with floor.engine():
        await floor.finished("A", "B")
    await floor.check()
    journal = floor.simulator.journal
    assert journal.most_at_once(lambda ring: ring.queue_code == "Q1") <= 5
    assert journal.most_at_once(lambda ring: ring.queue_code == "Q2") <= 9


async def test_the_account_s_channels_bind_all_its_campaigns_and_none_starves(
    tmp_path: Path, simulator: Simulator
) -> None:
    floor = Floor(tmp_path, simulator)
    await floor.open(channels=6)
    await floor.campaign("A", Mode.AUTOCALL, phones(20, "090000"), concurrent_call="10")
    await floor.campaign("B", Mode.AUTOCALL, phones(20, "093000"), concurrent_call="10", queue_code="Q2")
    async with floor.engine():
        await floor.finished("A", "B")
    await floor.check()
    assert simulator.journal.most_at_once() <= 6
    halfway = simulator.journal.entries[: len(simulator.journal.entries) // 2]
    assert {ring.queue_code for ring in halfway} == {"Q1", "Q2"}
    await floor.database.close()


async def test_one_number_in_two_campaigns_rings_once_at_a_time(floor: Floor) -> None:
    same = phones(15)
    await floor.campaign("A", Mode.AUTOCALL, same, concurrent_call="10")
    await floor.campaign("B", Mode.AUTOCALL, same, concurrent_call="10", queue_code="Q2")
    async with floor.engine():
        await floor.finished("A", "B")
    assert floor.simulator.journal.rung_twice_at_once() == []
    await floor.check()


async def test_numbers_on_the_list_of_those_not_to_call_never_ring(floor: Floor) -> None:
    all_of_them = phones(30)
    barred = {journal_form(phone) for phone in all_of_them[::3]}
    await floor.suppress(*barred)
    await floor.campaign("MORNING", Mode.AUTOCALL, all_of_them)
    async with floor.engine():
        await floor.finished("MORNING")
    await floor.check()
    assert {journal_form(ring.phone) for ring in floor.simulator.journal.entries}.isdisjoint(barred)
    assert (await floor.standing("MORNING")).by_status["dnc"] == len(barred)
