"""The monitor counts what the ledger knows of the last hour, of one company."""

from datetime import timedelta
from typing import Any

import founding
from databases import Desk
from founding import START
from sqlalchemy import Connection

from campaigns import reports
from campaigns.rows import table
from campaigns.timing import Timing
from campaigns.words import CallState, Outcome, Reason


def call(conn: Connection, of: Any, ordinal: int, **columns: Any) -> None:
    row = {"tenant_id": of.tenant_id, "vendor_account_id": of.account_id, "phone": f"+8491{ordinal:07}"}
    row |= {"reference": f"r{of.tenant_id}-{ordinal}", "contracts": [], "intended_at": START, "charged": True}
    conn.execute(table(founding.Call).insert(), row | columns)


def test_a_vendor_s_hour_is_told_in_numbers(database: Desk) -> None:
    now = START + timedelta(minutes=30)

    def work(conn: Connection) -> reports.Monitor:
        of, other = founding.company(conn), founding.company(conn)
        placed = {"placed_at": START + timedelta(seconds=2), "ended_at": START + timedelta(seconds=9)}
        call(conn, of, 1, state=CallState.SETTLED, outcome=Outcome.ANSWERED, **placed)
        call(conn, of, 2, state=CallState.ENDED, **placed)
        call(conn, of, 3, state=CallState.RELEASED, reason=Reason.UNREACHABLE)
        call(conn, of, 4, state=CallState.SETTLED, outcome=Outcome.UNKNOWN, reason=Reason.NO_EVIDENCE)
        call(conn, of, 5, state=CallState.SETTLED, intended_at=START - timedelta(hours=2))
        call(conn, other, 6, state=CallState.UNSURE)
        return reports.monitor(conn, now, Timing(), of.tenant_id)

    seen = database.run(work)
    [health] = seen.vendors
    assert (health.calls, health.answer_ratio, health.error_rate) == (4, 0.25, 0.25)
    assert (health.records_missing, health.no_evidence, health.live) == (1, 1, 0)
    assert health.request == reports.Spread(2.0, 2.0)
    assert health.hooks is None
    assert (seen.unsettled_hooks, seen.settle_lag, seen.open_jobs) == (0, 0.0, 0)
