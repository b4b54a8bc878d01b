"""A number put on the list of those not to call while its campaign runs: what rings after that is a broken promise."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from sqlalchemy import Connection, func, select

from campaigns import dnc, optouts
from campaigns.words import CallState, Mode, Subject, Wanted
from dialer.database import clock
from dialer.simulator import Simulator
from tests.acceptance.floor import CALL, Floor, calm, journal_form, live_calls, phones

pytestmark = pytest.mark.anyio
TRIES = 100


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    async with Simulator(calm()) as simulator:
        floor = Floor(tmp_path, simulator)
        await floor.open()
        yield floor
        await floor.database.close()


def suppress_and_name(conn: Connection, phone: str) -> list[str]:
    """What `dialer dnc add` does: the entry, and the states of the calls that it may come too late for."""
    entry = dnc.Entry(Subject.NUMBER, phone, reason="asked not to be called")
    dnc.suppress(conn, clock(conn), 1, [entry], "test")
    return [call.state.value for call in dnc.live_calls(conn, 1, [entry])]


@pytest.mark.parametrize("mode", [Mode.AUTOCALL, Mode.CLICK2CALL])
async def test_none_of_a_hundred_numbers_rings_after_it_was_suppressed(floor: Floor, mode: Mode) -> None:
    everybody = phones(2 * TRIES)
    journal = floor.simulator.journal
    await floor.campaign("MORNING", mode, everybody, recall_delay="1s", max_recall_count="5")
    before: dict[str, int] = {}
    named: set[str] = set()
    async with floor.engine():
        for phone in everybody[::2]:
            if await floor.database.write(suppress_and_name, journal_form(phone)):
                named.add(phone)
            before[phone] = len(journal.rings(phone))
            await anyio.sleep(0.02)
        await floor.command("MORNING", Wanted.PAUSED)
        # Whoever is rung in spite of it is rung by now.
        await floor.until(lambda: _nobody_live(floor))
    rang_after = {phone for phone, rings in before.items() if len(journal.rings(phone)) > rings}
    assert rang_after - named == set()
    assert len(before) == TRIES
    await floor.check(max_recall=5)


async def _nobody_live(floor: Floor) -> bool:
    return await live_calls(floor.database) == 0


async def test_a_customer_already_fed_is_taken_back_from_the_vendor_s_queue(floor: Floor) -> None:
    await floor.campaign("MORNING", Mode.AUTOCALL, phones(6), concurrent_call="4", max_recall_count="0")
    queues = floor.simulator.pbx.queues
    queues.out_of_lines = True
    async with floor.engine():
        await floor.until(lambda: _fed(floor, 4))
        suppressed = next(iter(queues.all.values())).waiting[0].phone
        assert await floor.database.write(suppress_and_name, journal_form(suppressed)) == ["placed"]
        await floor.until(lambda: _not_held(floor, suppressed))
        queues.out_of_lines = False
        queues.pump_all()
        await floor.finished("MORNING")
    assert floor.simulator.journal.rings(suppressed) == []
    assert (await floor.standing("MORNING")).by_status["dnc"] == 1
    await floor.check(max_recall=0)


async def _fed(floor: Floor, count: int) -> bool:
    """The vendor holds them and the ledger knows: its answer is written a moment after the vendor has them."""
    held = sum(len(queue.waiting) for queue in floor.simulator.pbx.queues.all.values())
    return held >= count and await floor.database.read(_placed) >= count


def _placed(conn: Connection) -> int:
    return int(conn.scalar(select(func.count()).where(CALL.state == CallState.PLACED)) or 0)


async def _not_held(floor: Floor, phone: str) -> bool:
    queues = floor.simulator.pbx.queues.all.values()
    return all(order.phone != phone for queue in queues for order in queue.waiting)


async def test_an_opt_out_takes_back_a_customer_whom_another_campaign_fed_by_another_number(floor: Floor) -> None:
    """He calls from his number on one list, and the vendor holds him for another list under his other number."""
    numbers, others = phones(6), phones(6, "090009")
    await floor.campaign("EVENING", Mode.AUTOCALL, others, queue_code="Q2")
    await floor.command("EVENING", Wanted.PAUSED)
    await floor.campaign("MORNING", Mode.AUTOCALL, numbers, concurrent_call="4", max_recall_count="0")
    pairs = list(zip(numbers, others, strict=True))
    queues = floor.simulator.pbx.queues
    queues.out_of_lines = True
    async with floor.engine():
        await floor.until(lambda: _fed(floor, 4))
        held = next(queue.waiting[0].phone for queue in queues.all.values() if queue.waiting)
        own = next(pair for pair in pairs if held in pair)
        called_from = next(phone for phone in own if phone != held)
        assert await floor.database.write(opt_out, journal_form(called_from)) == ["placed"]
        await floor.until(lambda: _not_held(floor, held))
        queues.out_of_lines = False
        queues.pump_all()
        await floor.finished("MORNING")
    assert [floor.simulator.journal.rings(phone) for phone in own] == [[], []]
    assert (await floor.standing("MORNING")).by_status["dnc"] == 1
    await floor.check(max_recall=0)


def opt_out(conn: Connection, phone: str) -> list[str]:
    """What `dialer optout` does; the states of the calls that it may come too late for."""
    refusal, whom = optouts.Refusal(), optouts.Whom(phones=[phone])
    return [call.state.value for call in optouts.opt_out(conn, clock(conn), 1, whom, refusal, "test").late]
