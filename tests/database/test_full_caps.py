"""Who waits for a cap waits no longer than it is full."""

from datetime import timedelta
from typing import Any

import pytest
from databases import Desk
from founding import START, Someone, campaign, customers, enlist
from sqlalchemy import Connection, update

from campaigns import ledger
from campaigns.ledger import Told
from campaigns.models import Customer
from campaigns.rows import columns_of, table
from campaigns.states import Fact
from campaigns.timing import Timing
from campaigns.words import FactKind, Mode, Reason

from .test_settling import scene

TIMING = Timing()


@pytest.mark.parametrize(("end", "looked_at"), [(FactKind.NOT_PLACED, True), (FactKind.UNSURE, False)])
def test_a_hand_over_that_rang_nobody_frees_who_waits_for_a_cap_over_the_same_person(
    database: Desk, end: FactKind, looked_at: bool
) -> None:
    of = database.run(scene, Mode.AUTOCALL)
    tomorrow, now = START + timedelta(days=1), START + timedelta(minutes=1)

    def wait(conn: Connection) -> int:
        """The same person on another campaign's list, whom the gate keeps until tomorrow."""
        other: Any = campaign(conn, of.of, Mode.AUTOCALL, code="other")
        (listed,) = enlist(conn, START, other, [(of.listed[0].person_id, Someone("K", of.listed[0].phones))])
        kept = update(table(Customer)).where(columns_of(Customer).id == listed.customer_id)
        conn.execute(kept.values(reason=Reason.CAP_REACHED, due_at=tomorrow))
        return listed.customer_id

    waiting = database.run(wait)
    told = [Told(of.call_ids[0], Fact(end, now, reason=Reason.DECLINED))]
    database.run(lambda conn: ledger.apply(conn, now, TIMING, told))
    assert database.run(customers, of.of.tenant_id)[waiting].due_at == (now if looked_at else tomorrow)
