"""Ten times as many hooks as usual in the middle of a campaign: none that was acknowledged is lost or counted twice."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import anyio
import pytest
from sqlalchemy import Connection, func, select

from campaigns.models import Receipt
from campaigns.rows import columns_of
from campaigns.words import Mode, ReceiptOutcome
from dialer import intake
from dialer.simulator import Simulator
from tests.acceptance.floor import HOOK_KEY, HOOK_PATH, Floor, calm, phones
from tests.acceptance.telling import listening, metric, shows

pytestmark = pytest.mark.anyio
CALLS = 15
HOOKS_OF_A_CALL = 4
FLOOD = 10 * CALLS * HOOKS_OF_A_CALL
AT_ONCE = 50
RECEIPT = columns_of(Receipt)


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    async with Simulator(calm(hook_retries=100)) as simulator:
        floor = Floor(tmp_path, simulator)
        await floor.open()
        yield floor
        await floor.database.close()


@pytest.mark.parametrize("room", [intake.WAITING_ROOM, AT_ONCE // 5])
async def test_ten_times_the_usual_hooks_are_all_taken_in_once_or_asked_to_come_again(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """A small waiting room is soon full: who is turned away is told when to come again, and does."""
    monkeypatch.setattr(intake, "WAITING_ROOM", room)
    crowded = room < AT_ONCE
    await floor.campaign("A", Mode.AUTOCALL, phones(CALLS), max_recall_count="0")
    with listening() as lines:
        async with floor.engine() as address:
            await floor.until(lambda: _rung(floor, 5))
            answers = await _flood(address)
            await floor.finished("A")
            await floor.until(lambda: _settled(floor))
            turned_away = await metric(address, "dialer_hooks_total", status="503")
            await floor.until(shows(address, "dialer_intake_waiting", 0))
            await floor.until(shows(address, "dialer_receipts_total", FLOOD, outcome=ReceiptOutcome.FOREIGN))
    assert answers[204] == FLOOD
    assert (turned_away > 0) is crowded
    assert turned_away >= answers[503]
    assert bool(lines.of("not written", error="the waiting room is full")) is crowded
    assert await floor.database.read(_stored) == FLOOD
    await floor.check(max_recall=0)


async def _flood(address: str) -> Counter[int]:
    """Everybody at once; each comes again until he is acknowledged. The answers that were given, by status."""
    answers: Counter[int] = Counter()
    limit = anyio.CapacityLimiter(AT_ONCE)
    connector = aiohttp.TCPConnector(limit=AT_ONCE)

    async def deliver(number: int) -> None:
        body = {"call_id": f"stranger-{number}", "state": "ringing", "from_number": "101", "to_number": "0911222333"}
        async with limit:
            while True:
                async with session.post(f"{address}/hooks/{HOOK_PATH}", json=body) as answer:
                    answers[answer.status] += 1
                    if answer.status == 204:
                        return
                    assert answer.headers["Retry-After"]
                await anyio.sleep(0.05)

    headers = {"Authorization": f"Bearer {HOOK_KEY}"}
    async with (
        aiohttp.ClientSession(headers=headers, connector=connector) as session,
        anyio.create_task_group() as tasks,
    ):
        for number in range(FLOOD):
            tasks.start_soon(deliver, number)
    return answers


def _stored(conn: Connection) -> int:
    """How many of the strangers' hooks stand there, each settled."""
    bodies = conn.scalars(select(RECEIPT.body).where(RECEIPT.settled_at.is_not(None)))
    return sum(str(json.loads(body).get("call_id", "")).startswith("stranger-") for body in bodies)


async def _settled(floor: Floor) -> bool:
    unsettled = select(func.count()).select_from(RECEIPT.id.table).where(RECEIPT.settled_at.is_(None))
    return not await floor.database.read(lambda conn: conn.scalar(unsettled))


async def _rung(floor: Floor, count: int) -> bool:
    return len(floor.simulator.journal.entries) >= count
