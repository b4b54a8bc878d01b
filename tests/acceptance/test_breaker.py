"""A carrier that is dead: placing slows down and stops, a probe reopens it, and nobody pays for what never rang."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import Connection, func, select

from campaigns.breaker import OPEN_AT, PROBES
from campaigns.words import CallState, Mode, Reason
from dialer.simulator import Simulator
from tests.acceptance.floor import CALL, CUSTOMER, Floor, calm, phones
from tests.acceptance.telling import Lines, listening, metric

pytestmark = pytest.mark.anyio
AT_ONCE = 8
A_WHILE = 1.5
PLACING = ("POST", "/v2/autocall/queue")


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(calm()) as simulator:
        yield simulator


async def opened(folder: Path, simulator: Simulator, count: int, **terms: Any) -> Floor:
    floor = Floor(folder, simulator)
    await floor.open()
    await floor.campaign("A", Mode.AUTOCALL, phones(count), max_recall_count="0", **terms)
    return floor


def moves(lines: Lines) -> list[str]:
    return [line["after"] for line in lines.of("breaker", vendor="sim")]


async def test_a_vendor_who_cannot_be_reached_is_probed_and_what_never_rang_is_given_back(
    tmp_path: Path, simulator: Simulator
) -> None:
    floor = await opened(tmp_path, simulator, 30)
    away = AsyncExitStack()
    await away.enter_async_context(simulator.outage())
    with listening() as lines:
        async with away, floor.engine() as address:
            await floor.until(lines.has("breaker", after="open", reason="requests-fail"))
            await floor.until(lambda: _shown(address, "open", "probing"))
            before = await floor.database.read(_released)
            assert before >= OPEN_AT[Reason.REQUESTS_FAIL]
            await anyio.sleep(A_WHILE)
            # Nobody was rung, so nobody stays charged; a probe that is under way just now is.
            await floor.until(lambda: _nobody_charged(floor))
            # What was under way when it opened, and then one call a probe, ever more seldom.
            tried = await floor.database.read(_released) - before
            assert tried <= AT_ONCE + moves(lines).count("probing") + 1
            await away.aclose()
            await floor.finished("A")
            await floor.until(lambda: _closed(address, lines))
    assert lines.of("not placed", reason="unreachable")
    await floor.check(max_recall=0)
    await floor.database.close()


async def test_a_vendor_who_answers_every_placing_with_500_is_not_stormed(tmp_path: Path, simulator: Simulator) -> None:
    floor = await opened(tmp_path, simulator, 60)
    simulator.faults.place_error_rate = 1
    with listening() as lines:
        async with floor.engine() as address:
            await floor.until(lines.has("breaker", after="open", reason="requests-fail"))
            await floor.until(lambda: _nothing_under_way(floor))
            before = simulator.requests[PLACING]
            await anyio.sleep(A_WHILE)
            assert simulator.requests[PLACING] - before <= moves(lines).count("probing") + 1
            assert simulator.journal.entries == []
            simulator.faults.place_error_rate = 0
            await floor.finished("A")
            await floor.until(lambda: _closed(address, lines))
    await floor.check(max_recall=0, unknowns=True)
    await floor.database.close()


@pytest.mark.parametrize(
    ("reason", "script", "bad", "at_once"),
    [
        (Reason.CALLS_FAIL_FAST, "not-available", 25, AT_ONCE),
        pytest.param(Reason.NO_ANSWERS, "no-answered", 120, 60, marks=pytest.mark.deep),
    ],
)
async def test_a_carrier_on_which_nobody_is_reached_is_not_called_on(
    tmp_path: Path, reason: Reason, script: str, bad: int, at_once: int
) -> None:
    everybody = phones(bad + 10)
    # Their turns come in the order of the list's ids, which is that of words: K1, K10, K100, K11, …
    turns = sorted(everybody, key=lambda phone: f"K{everybody.index(phone)}")
    scripts = {phone: (script if turn < bad else "answered:5",) for turn, phone in enumerate(turns)}
    async with Simulator(calm(outcomes=scripts, failed_seconds=(1, 1))) as simulator:
        floor = await opened(tmp_path, simulator, len(everybody), concurrent_call=str(at_once))
        with listening() as lines:
            async with floor.engine() as address:
                await floor.until(lines.has("breaker", after="open", reason=reason.value))
                rung = len(simulator.journal.entries)
                await floor.finished("A")
                await floor.until(lambda: _closed(address, lines))
        assert OPEN_AT[reason] <= rung <= OPEN_AT[reason] + at_once
        told = moves(lines)
        # Each time that it opens again, as many probes as it takes to be sure failed.
        assert told.count("open") >= (bad - rung) // (PROBES[reason] + 1)
        assert told[-2:] == ["probing", "closed"]
        await floor.check(max_recall=0)
        await floor.database.close()


async def _shown(address: str, *positions: str) -> bool:
    return any([await metric(address, "dialer_breaker_position", vendor="sim", position=one) for one in positions])


async def _closed(address: str, lines: Lines) -> bool:
    """On the page, and as the last word of the log."""
    return await _shown(address, "closed") and moves(lines)[-1] == "closed"


async def _nobody_charged(floor: Floor) -> bool:
    return await floor.database.read(_attempts) == 0


async def _nothing_under_way(floor: Floor) -> bool:
    """What was handed over before the breaker opened has its answer."""
    return await floor.database.read(_intended) == 0


def _intended(conn: Connection) -> int:
    return int(conn.scalar(select(func.count()).where(CALL.state == CallState.INTENDED)) or 0)


def _attempts(conn: Connection) -> int:
    return int(conn.scalar(select(func.sum(CUSTOMER.attempts))) or 0)


def _released(conn: Connection) -> int:
    return int(conn.scalar(select(func.count()).where(CALL.state == CallState.RELEASED)) or 0)
