"""What everything leans on goes away for a while: the database, the disk, the vendor. Nothing is lost, nobody is rung
twice, and the logs say so without a number or a secret."""

import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import anyio.to_thread
import pytest
from sqlalchemy import Connection, text

from campaigns.words import Mode
from dialer.simulator import Simulator
from tests.acceptance.floor import HOOK_KEY, HOOK_PATH, PATIENCE, Floor, calm, phones
from tests.acceptance.telling import listening, metric
from tests.acceptance.test_crashes import serving

pytestmark = pytest.mark.anyio


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(calm()) as simulator:
        yield simulator


@pytest.fixture
async def floor(tmp_path: Path, simulator: Simulator) -> AsyncIterator[Floor]:
    floor = Floor(tmp_path, simulator, lease_seconds=2)
    await floor.open()
    yield floor
    await floor.database.close()


async def test_a_full_disk_refuses_hooks_and_loses_nothing(floor: Floor) -> None:
    await floor.campaign("A", Mode.AUTOCALL, phones(40), max_recall_count="0")
    with listening() as lines:
        async with floor.engine() as address, aiohttp.ClientSession() as session:
            await floor.until(lambda: _rung(floor, 10))
            await floor.database.write(_fill)
            answers = [await _hook(session, address, number) for number in range(400)]
            assert answers[-1] == 503
            await floor.database.write(_empty)
            assert await _hook(session, address, 1000) == 204
            await floor.finished("A")
            assert await metric(address, "dialer_hooks_total", status="503") >= answers.count(503)
    refused = lines.of("not written", room="intake")
    assert 1 <= len(refused) < answers.count(503)
    assert "full" in refused[0]["error"]
    # Who was told that his hook was stored finds it stored.
    assert await floor.database.read(_stored) == answers.count(204) + 1
    await floor.check(max_recall=0, unknowns=True)


def _fill(conn: Connection) -> None:
    """From here on the file may not grow."""
    pages = conn.scalar(text("PRAGMA page_count"))
    conn.execute(text(f"PRAGMA max_page_count = {pages}"))


def _empty(conn: Connection) -> None:
    conn.execute(text("PRAGMA max_page_count = 1000000"))


async def _hook(session: aiohttp.ClientSession, address: str, number: int) -> int:
    """A hook of a call that nobody knows, large enough to need a page of its own."""
    body = {"call_id": f"stranger-{number}", "state": "ringing", "padding": "x" * 3000}
    headers = {"Authorization": f"Bearer {HOOK_KEY}"}
    async with session.post(f"{address}/hooks/{HOOK_PATH}", json=body, headers=headers) as answer:
        return answer.status


def _stored(conn: Connection) -> int:
    return int(conn.scalar(text("SELECT count(*) FROM receipt WHERE CAST(body AS TEXT) LIKE '%stranger-%'")) or 0)


async def _rung(floor: Floor, count: int) -> bool:
    return len(floor.simulator.journal.entries) >= count


async def test_a_vendor_who_is_out_is_not_stormed_and_called_again_when_he_is_back(floor: Floor) -> None:
    await floor.campaign("A", Mode.AUTOCALL, phones(40), max_recall_count="0")
    async with floor.engine():
        await floor.until(lambda: _rung(floor, 10))
        async with floor.simulator.outage():
            await anyio.sleep(1)
        await floor.finished("A")
    await floor.check(max_recall=0, unknowns=True)


def _import(folder: Path, numbers: list[str]) -> list[Any]:
    """`dialer list import`; what it logged."""
    path = folder / "today.csv"
    path.write_text("\n".join(["Mã KH,Điện thoại", *(f"T{n},{p}" for n, p in enumerate(numbers))]), encoding="utf-8")
    environment = {**os.environ, "DIALER_DATA_DIR": str(folder), "DIALER_LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "dialer", "list", "import", "A", str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert not re.search(r"0900000\d{3}|84900000\d{3}", done.stderr)
    return [json.loads(line) for line in done.stderr.splitlines()]


async def test_the_logs_of_a_whole_campaign_hold_no_number_and_no_secret(floor: Floor, tmp_path: Path) -> None:
    faults = floor.simulator.faults
    faults.place_error_after_rate = 0.1
    faults.error_rate = 0.05
    await floor.campaign("A", Mode.CLICK2CALL, [], max_recall_count="1")
    rows = await anyio.to_thread.run_sync(_import, tmp_path, phones(15))
    with serving(tmp_path, DIALER_LOG_FORMAT="json", DIALER_LOG_LEVEL="DEBUG") as process:
        await floor.finished("A")
        process.terminate()
        await anyio.to_thread.run_sync(process.join, PATIENCE)
    everything = (tmp_path / "serve.log").read_text()
    lines = [json.loads(line) for line in everything.splitlines()]
    assert len(lines) > 30
    assert not re.search(r"0900000\d{3}|84900000\d{3}", everything)
    assert not [secret for secret in (HOOK_KEY, HOOK_PATH, "simulator-api-key", "eyJ") if secret in everything]
    # A customer is followed by one name from his row of the list to the hook that settled his call.
    customer = next(line["customer"] for line in rows if line["row"] == 3)
    his = [line for line in lines if line.get("customer") == customer]
    # In no order: a hook may be heard before the answer to the request is written.
    assert [line for line in his if line["event"] in ("placed", "unsure")]
    assert [line for line in his if line["event"] in ("heard", "concluded") and line["state"] == "settled"]
    settled = {line["customer"] for line in lines if line.get("state") == "settled"}
    assert settled == {line["customer"] for line in rows}
    # A call is followed by one name from the placing to the vendor's record.
    named = {line["reference"] for line in lines if line["event"] in ("placed", "unsure")}
    rung = {ring.customer_id for ring in floor.simulator.journal.entries}
    assert rung
    assert rung <= named
