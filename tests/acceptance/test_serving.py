"""`dialer serve` as a process: starting, stopping, health, and a second one in the same folder."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import anyio.to_thread
import pytest
from sqlalchemy import Connection, func, select

from campaigns.words import Mode
from dialer.simulator import Simulator
from tests.acceptance.floor import CUSTOMER, PATIENCE, Floor, calm, live_calls, phones
from tests.acceptance.test_crashes import serving

pytestmark = pytest.mark.anyio


def get(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.status, answer.read().decode()


async def test_sigterm_stops_cleanly_and_leaves_no_claim_and_no_call_in_flight(tmp_path: Path) -> None:
    async with Simulator(calm()) as simulator:
        floor = Floor(tmp_path, simulator)
        await floor.open()
        await floor.campaign("A", Mode.AUTOCALL, phones(300))

        # Time enough for what is in flight, also where others want the machine.
        with serving(tmp_path, DIALER_STOP_GRACE="60") as process:
            await floor.until(lambda: _rung(floor, 10))
            process.terminate()
            await anyio.to_thread.run_sync(process.join, PATIENCE)
            assert process.exitcode == 0
        assert await live_calls(floor.database) == 0
        assert await floor.database.read(_leases) == 0
        await floor.check()
        await floor.database.close()


async def _rung(floor: Floor, count: int) -> bool:
    return len(floor.simulator.journal.entries) >= count


def _leases(conn: Connection) -> int:
    return int(conn.scalar(select(func.count()).where(CUSTOMER.lease_token.is_not(None))) or 0)


def test_health_readiness_and_metrics_answer_while_it_serves(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dialer", "serve", "--port", "0"]
    environment = {"DIALER_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        address = next(word for word in server.stdout.readline().split() if word.startswith("http"))
        try:
            assert get(f"{address}/healthz")[0] == 200
            status, body = get(f"{address}/readyz")
            assert (status, json.loads(body)["status"]) == (200, "ready")
            assert "dialer_hooks_total" in get(f"{address}/metrics")[1]
        finally:
            server.terminate()
            assert server.wait(PATIENCE) == 0
            server.communicate()


def test_a_second_serve_in_the_same_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    with serving(tmp_path):
        second = subprocess.run(
            [sys.executable, "-m", "dialer", "serve", "--port", "0"],
            env={"DIALER_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert second.returncode == 2
    assert len(second.stderr.strip().splitlines()) == 1
    assert "serve" in second.stderr
