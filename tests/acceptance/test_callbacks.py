"""A promised call over real HTTP: before everybody who is due, by the agent who promised it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from campaigns import directory, ledger
from campaigns.ledger import Appointment
from campaigns.models import Agent, Call, Callback, Customer
from campaigns.rows import columns_of, table
from campaigns.words import Mode, Origin, Promise
from dialer.database import clock
from dialer.metrics import Asked
from dialer.simulator import Simulator
from tests.acceptance.floor import Floor, calm, phones

pytestmark = pytest.mark.anyio
AGENTS = "101=test.user01,102=test.user02"


async def test_a_promised_call_comes_before_twenty_who_are_due_and_goes_to_the_named_agent(tmp_path: Path) -> None:
    async with Simulator(calm()) as simulator:
        floor = Floor(tmp_path, simulator)
        await floor.open()
        await floor.campaign("A", Mode.CLICK2CALL, phones(21), agents=AGENTS, max_recall_count="0")
        await floor.database.write(_promise, "A", "K20", "102")
        assert (await floor.database.read(Asked, floor.settings.timing)).missed == {"A": 1}
        async with floor.engine():
            await floor.finished("A")
        await floor.check(max_recall=0)
        promised = await floor.database.read(_kept)
        rings = [ring for ring in simulator.journal.entries if ring.extension == "102"]
        assert (promised.promise, promised.origin) == (Promise.KEPT, Origin.CALLBACK)
        assert rings[0].customer_id == promised.reference
        assert len(rings) > 1
        assert (await floor.database.read(Asked, floor.settings.timing)).missed == {}
        await floor.database.close()


def _promise(conn: Connection, code: str, customer: str, extension: str) -> None:
    now, columns, agent = clock(conn), columns_of(Customer), columns_of(Agent)
    campaign = directory.find_campaign(conn, 1, code)
    row = conn.execute(select(table(Customer)).where(columns.code == customer)).one()
    agent_id = conn.scalars(select(agent.id).where(agent.extension == extension)).one()
    # In the past already, as if the engine had been away when the time came.
    wish = Appointment(now - timedelta(minutes=1), "Asia/Ho_Chi_Minh", agent_id)
    ledger.promise(conn, now, campaign, row.id, wish, "test")


def _kept(conn: Connection) -> Any:
    """The only promise, with the call by which it was kept."""
    call, callback = columns_of(Call), columns_of(Callback)
    chosen = select(callback.promise, call.origin, call.reference)
    return conn.execute(chosen.join_from(table(Callback), table(Call), callback.call_id == call.id)).one()
