"""The ceilings of a placing, counted from the rows: what one step may start, and the name of what says no."""

from typing import Any

import pytest
from databases import Desk
from founding import START, Company, account, agent, calls, campaign, company, debtors
from sqlalchemy import Connection, update

from campaigns import ledger, queue
from campaigns.ledger import Heard
from campaigns.models import CampaignAgent, Tenant, VendorAccount
from campaigns.rows import columns_of, table
from campaigns.timing import Timing
from campaigns.words import Mode, Reason, Wanted
from dialer import handovers
from dialer.database import CLOCK

TIMING = Timing()


def step(conn: Connection, one: Any, wish: int = 20, token: str = "token") -> tuple[int, Reason]:
    """One step of placing: how many it starts, and why not more."""
    conn.execution_options(**{CLOCK: lambda: START})
    chosen, because = handovers.choose(conn, TIMING, one, wish, token)
    return len(handovers.commit(conn, TIMING, one, chosen, token).orders), because


def founded(conn: Connection, mode: Mode = Mode.AUTOCALL, people: int = 30, **columns: Any) -> tuple[Company, Any]:
    of = company(conn)
    one = campaign(conn, of, mode, **columns)
    debtors(conn, of, one, people)
    return of, one


def test_concurrent_calls_hold_over_steps(database: Desk) -> None:
    _, one = database.run(lambda conn: founded(conn, concurrent_call=7))
    assert database.run(step, one, 5) == (5, Reason.ROOM)
    assert database.run(step, one, 5) == (2, Reason.AT_CAMPAIGN_LIMIT)
    assert database.run(step, one, 5) == (0, Reason.AT_CAMPAIGN_LIMIT)


def test_who_is_leased_counts_as_a_call(database: Desk) -> None:
    _, one = database.run(lambda conn: founded(conn, concurrent_call=7))
    database.run(queue.claim, START, TIMING, one, 6, "another worker")
    assert database.run(step, one) == (1, Reason.AT_CAMPAIGN_LIMIT)


def test_channels_are_the_accounts_less_its_reserve_and_the_calls_of_others(database: Desk) -> None:
    of, one = database.run(founded)
    columns = columns_of(VendorAccount)
    limit = update(table(VendorAccount)).where(columns.id == of.account_id).values(channels=10, reserve=3)
    database.run(lambda conn: conn.execute(limit) and None)
    (stranger,) = database.run(debtors, of, one, 1)
    heard = Heard(of.tenant_id, of.account_id, "IN", stranger.phones[0], inbound=True)
    database.run(ledger.hear, START, TIMING, [heard])
    assert database.run(step, one) == (6, Reason.AT_VENDOR_LIMIT)


def test_the_channels_of_one_account_are_not_those_of_another(database: Desk) -> None:
    of, one = database.run(founded)
    elsewhere = database.run(lambda conn: account(conn, of, channels=2))
    other = database.run(campaign, elsewhere)
    database.run(debtors, of, other, 5)
    assert database.run(step, one)[0] == 20
    assert database.run(step, other) == (2, Reason.AT_VENDOR_LIMIT)


def test_a_tenants_calls_are_counted_over_all_its_campaigns(database: Desk) -> None:
    of, one = database.run(founded)
    other = database.run(campaign, of)
    database.run(debtors, of, other, 10)
    limit = update(table(Tenant)).where(columns_of(Tenant).id == of.tenant_id).values(max_live_calls=8)
    database.run(lambda conn: conn.execute(limit) and None)
    assert database.run(step, one, 6) == (6, Reason.ROOM)
    assert database.run(step, other, 6) == (2, Reason.AT_TENANT_LIMIT)


def test_one_call_an_agent_over_all_his_campaigns(database: Desk) -> None:
    of, one = database.run(founded, Mode.CLICK2CALL)
    other = database.run(campaign, of, Mode.CLICK2CALL)
    database.run(debtors, of, other, 5)
    for extension in ("101", "102"):
        agent_id = database.run(agent, of, one, extension)
        database.run(works_for, other, agent_id)
    assert database.run(step, one, 1) == (1, Reason.ROOM)
    assert database.run(step, other) == (1, Reason.NO_AGENT)
    assert database.run(step, one) == (0, Reason.NO_AGENT)
    taken = [call.agent_id for call in database.run(calls, of.tenant_id).values()]
    assert len(taken) == len(set(taken)) == 2


def works_for(conn: Connection, other: Any, agent_id: int) -> None:
    row = {"tenant_id": other.tenant_id, "campaign_id": other.id, "agent_id": agent_id}
    conn.execute(table(CampaignAgent).insert(), row)


@pytest.mark.parametrize(("ratio", "allowed"), [(100, 2), (150, 3), (200, 4)])
def test_the_autodialer_rings_ahead_of_its_agents_by_its_ratio(database: Desk, ratio: int, allowed: int) -> None:
    of, one = database.run(lambda conn: founded(conn, Mode.AUTODIALER, precall_ratio=ratio))
    for extension in ("101", "102"):
        database.run(agent, of, one, extension)
    assert database.run(step, one) == (allowed, Reason.NO_AGENT)
    assert database.run(step, one) == (0, Reason.NO_AGENT)


@pytest.mark.parametrize("wanted", [Wanted.PAUSED, Wanted.STOPPED])
def test_what_was_claimed_before_a_pause_is_not_placed_after_it(database: Desk, wanted: Wanted) -> None:
    of, one = database.run(founded)
    chosen, _ = database.run(handovers.choose, TIMING, one, 5, "token")
    database.run(ledger.command, START, one, wanted, "test")
    assert database.run(handovers.commit, TIMING, one, chosen, "token").orders == {}
    assert database.run(step, one) == (0, Reason.NOT_RUNNING)
    assert database.run(calls, of.tenant_id) == {}


def test_a_lease_that_ran_out_between_claim_and_intent_places_nothing(database: Desk) -> None:
    """A worker that was only slow finds its lease gone, and does nothing more."""
    of, one = database.run(founded)
    late = START + TIMING.lease

    def slow(conn: Connection) -> int:
        conn.execution_options(**{CLOCK: lambda: START})
        chosen, _ = handovers.choose(conn, TIMING, one, 5, "token")
        conn.execution_options(**{CLOCK: lambda: late})
        return len(handovers.commit(conn, TIMING, one, chosen, "token").orders)

    assert database.run(slow) == 0
    assert database.run(calls, of.tenant_id) == {}
