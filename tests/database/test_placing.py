"""Between the claim and the wire: what became true in between is seen by the gate that stands before the intent."""

from collections.abc import Callable
from typing import Any

import pytest
from databases import Desk
from founding import START, calls, campaign, company, customers, debtors
from sqlalchemy import Connection, update

from campaigns import dnc, ledger
from campaigns.dnc import Entry
from campaigns.ledger import Closing
from campaigns.models import Campaign
from campaigns.rows import columns_of, table
from campaigns.timing import Timing
from campaigns.words import Mode, Reason, Status, Subject, Wanted
from dialer import handovers

TIMING = Timing()


def claimed(conn: Connection) -> tuple[Any, Any, list[Any], list[int]]:
    of = company(conn)
    one = campaign(conn, of, Mode.AUTOCALL, concurrent_call=5)
    listed = debtors(conn, of, one, 3)
    chosen, because = handovers.choose(conn, TIMING, one, 20, "token")
    assert because is Reason.AT_CAMPAIGN_LIMIT
    return of, one, listed, chosen


def committed(conn: Connection, one: Any, chosen: list[int]) -> set[int]:
    handover = handovers.commit(conn, TIMING, one, chosen, "token")
    return {order.cleared.customer_id for order in handover.orders.values()}


def test_a_number_suppressed_after_the_claim_is_not_dialed(database: Desk) -> None:
    of, one, listed, chosen = database.run(claimed)
    entry = Entry(Subject.NUMBER, listed[1].phones[0])
    database.run(lambda conn: dnc.suppress(conn, START, of.tenant_id, [entry], "test"))
    assert database.run(committed, one, chosen) == {listed[0].customer_id, listed[2].customer_id}
    assert database.run(customers, of.tenant_id)[listed[1].customer_id].status is Status.DNC


def test_a_customer_withdrawn_after_the_claim_is_not_dialed(database: Desk) -> None:
    of, one, listed, chosen = database.run(claimed)
    closing = [Closing(listed[0].customer_id, Status.WITHDRAWN, Reason.WITHDRAWN)]
    database.run(lambda conn: ledger.close(conn, START, of.tenant_id, closing, "test"))
    assert database.run(committed, one, chosen) == {listed[1].customer_id, listed[2].customer_id}


def test_a_campaign_paused_after_the_claim_dials_nobody_and_gives_everybody_back(database: Desk) -> None:
    of, one, _, chosen = database.run(claimed)

    def pause(conn: Connection) -> None:
        paused = update(table(Campaign)).where(columns_of(Campaign).id == one.id)
        conn.execute(paused.values(wanted=Wanted.PAUSED))

    database.run(pause)
    assert database.run(committed, one, chosen) == set()
    assert database.run(calls, of.tenant_id) == {}
    assert all(row.lease_token is None for row in database.run(customers, of.tenant_id).values())


@pytest.mark.parametrize("token", ["another", ""])
def test_a_worker_whose_lease_is_gone_dials_nobody(database: Desk, token: str) -> None:
    of, one, _, chosen = database.run(claimed)

    def late(conn: Connection) -> int:
        return len(handovers.commit(conn, TIMING, one, chosen, token).orders)

    assert database.run(late) == 0
    assert database.run(calls, of.tenant_id) == {}


def test_what_was_handed_over_is_in_the_ledger_before_it_is_sent(database: Desk) -> None:
    of, one, _, chosen = database.run(claimed)
    handover: Callable[[Connection], Any] = lambda conn: handovers.commit(conn, TIMING, one, chosen, "token")  # noqa: E731
    orders = database.run(handover).orders
    known = {call.reference for call in database.run(calls, of.tenant_id).values()}
    assert {order.reference for order in orders.values()} == known
    assert len(known) == 3
