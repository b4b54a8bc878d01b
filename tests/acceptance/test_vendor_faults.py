"""What a vendor can do to us: each fault is survived without a second ring, and said by a log line and a metric."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from sqlalchemy import Connection, select

from campaigns.models import VendorAccount
from campaigns.rows import columns_of
from campaigns.words import Mode, Reason, Wanted
from dialer.simulator import Simulator
from tests.acceptance.floor import Floor, calm, phones
from tests.acceptance.telling import listening, metric

pytestmark = pytest.mark.anyio
PATIENCE = 0.4
LOG_IN = ("POST", "/v2/auth/token")


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    async with Simulator(calm()) as simulator:
        floor = Floor(tmp_path, simulator)
        await floor.open(place_timeout=PATIENCE)
        yield floor
        await floor.database.close()


async def trouble(floor: Floor) -> tuple[Reason | None, str | None]:
    def ask(conn: Connection) -> tuple[Reason | None, str | None]:
        columns = columns_of(VendorAccount)
        found = conn.execute(select(columns.trouble, columns.trouble_detail)).one()
        return found.trouble, found.trouble_detail

    return await floor.database.read(ask)


@pytest.mark.parametrize(
    "mode", [Mode.AUTOCALL, Mode.CLICK2CALL, pytest.param(Mode.AUTODIALER, marks=pytest.mark.deep)]
)
async def test_wrong_credentials_pause_the_campaign_and_say_so_until_they_work_again(floor: Floor, mode: Mode) -> None:
    faults, simulator = floor.simulator.faults, floor.simulator
    faults.refuse_credentials = True
    await floor.campaign("A", mode, phones(5), max_recall_count="0")

    async def paused() -> bool:
        return (await floor.standing("A")).state == "paused"

    async def cured() -> bool:
        return await trouble(floor) == (None, None)

    with listening() as lines:
        async with floor.engine() as address:
            await floor.until(paused)
            reason, detail = await trouble(floor)
            assert reason is Reason.MISCONFIGURED
            standing = await floor.standing("A")
            assert standing.paused_because == "misconfigured"
            assert standing.paused_detail == detail
            assert detail
            assert await metric(address, "dialer_vendor_trouble", vendor="sim", reason="misconfigured") == 1
            assert await metric(address, "dialer_vendor_faults_total", fault="log-in-refused") >= 1
            asked = simulator.requests[LOG_IN]
            await anyio.sleep(1)
            assert simulator.requests[LOG_IN] <= asked + 1, "a vendor who is asked too often locks the account"
            assert simulator.journal.entries == []
            faults.refuse_credentials = False
            await floor.command("A", Wanted.RUNNING)
            await floor.finished("A")
            await floor.until(cured)
            await floor.until(lines.has("log-in works again", vendor="sim"))
            assert await metric(address, "dialer_vendor_trouble") == 0
    assert len(lines.of("log-in refused: campaigns paused", vendor="sim")) == 1
    await floor.check(max_recall=0)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param("place_error_rate", Reason.CONNECTION_LOST, marks=pytest.mark.deep),
        ("place_error_after_rate", Reason.CONNECTION_LOST),
        ("close_after_reading_rate", Reason.CONNECTION_LOST),
        ("hang_rate", Reason.TIMED_OUT),
    ],
)
async def test_a_placing_that_is_answered_badly_is_never_made_again(floor: Floor, fault: str, reason: Reason) -> None:
    setattr(floor.simulator.faults, fault, 0.4)
    await floor.campaign("A", Mode.CLICK2CALL, phones(9), max_recall_count="0")
    with listening() as lines:
        async with floor.engine() as address:
            await floor.finished("A")
            assert await metric(address, "dialer_placings_total", result=reason.value) >= 1
    assert lines.of("unsure", reason=reason.value)
    await floor.check(max_recall=0, unknowns=True)


async def test_expired_tokens_are_renewed_and_nobody_is_rung_twice_for_it(floor: Floor) -> None:
    floor.simulator.faults.token_life = 0.3
    await floor.campaign("A", Mode.CLICK2CALL, phones(12), max_recall_count="0")
    with listening() as lines:
        async with floor.engine() as address:
            await floor.finished("A")
            assert await metric(address, "dialer_vendor_faults_total", fault="token-expired") >= 1
    assert lines.of("vendor fault", fault="token-expired", vendor="sim")
    await floor.check(max_recall=0)


async def test_a_slow_vendor_is_waited_for_and_said_to_be_slow(tmp_path: Path) -> None:
    async with Simulator(calm()) as simulator:
        floor = Floor(tmp_path, simulator)
        await floor.open()
        simulator.faults.slow_seconds = 1.2
        await floor.campaign("A", Mode.AUTOCALL, phones(6), max_recall_count="0")
        with listening() as lines:
            async with floor.engine() as address:
                await floor.finished("A")
                slow = await metric(address, "dialer_place_seconds_count") - await metric(
                    address, "dialer_place_seconds_bucket", le="1.0"
                )
                assert slow >= 1
        assert lines.of("slow answer", campaign="A")
        await floor.check(max_recall=0)
        await floor.database.close()


@pytest.mark.parametrize("fault", ["error_rate", "throttle_rate"])
async def test_requests_that_ring_nobody_are_asked_again_and_it_is_counted(floor: Floor, fault: str) -> None:
    await floor.campaign("A", Mode.AUTOCALL, phones(12), max_recall_count="0")
    setattr(floor.simulator.faults, fault, 0.3)
    word = {"error_rate": "no-answer", "throttle_rate": "throttled"}[fault]
    with listening() as lines:
        async with floor.engine() as address:
            await floor.finished("A")
            assert await metric(address, "dialer_vendor_faults_total", fault=word) >= 1
    assert lines.of("vendor fault", fault=word)
    await floor.check(max_recall=0, unknowns=True)
