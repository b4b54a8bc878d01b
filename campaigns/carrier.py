"""The newest dials of each vendor account and hotline, as the breaker wants to see them, and its position kept."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from campaigns import breaker
from campaigns.breaker import LOOK_BACK, Breaker, Dial
from campaigns.models import Call, Campaign, VendorAccount
from campaigns.rows import columns_of, table
from campaigns.timing import Timing
from campaigns.words import OUR_ORIGINS, CallState, Outcome, Reason

CALL = columns_of(Call)
ACCOUNT = columns_of(VendorAccount)
FAILURES = (Outcome.INVALID, Outcome.NOT_AVAILABLE)
NOT_ASKED = (Reason.CRASHED, Reason.CLEARANCE_EXPIRED)
REQUEST_FAILURES = (Reason.UNREACHABLE, Reason.TIMED_OUT, Reason.CONNECTION_LOST)


def watch(conn: Connection, now: datetime, timing: Timing, account_id: int) -> list[tuple[str, Breaker, Breaker]]:
    """Judge an account's breakers by its newest dials and keep what changed: hotline, before, after."""
    account = conn.execute(
        select(table(VendorAccount)).where(ACCOUNT.id == account_id).with_for_update(key_share=True)
    ).one()
    kept = dict(account.breaker)
    changes = []
    for hotline, dials in _newest(conn, account).items():
        before = Breaker.from_json(kept.get(hotline))
        after = breaker.judge(before, dials, now, timing)
        if after != before:
            kept[hotline] = after.as_json()
            changes.append((hotline, before, after))
    if changes:
        conn.execute(update(table(VendorAccount)).where(ACCOUNT.id == account_id).values(breaker=kept))
    return changes


def _newest(conn: Connection, account: Any) -> dict[str, Sequence[Dial]]:
    chosen = (
        # By the hotline that the campaign asked for: hooks tell a trunk even where none was asked for.
        select(
            columns_of(Campaign).hotline,
            CALL.intended_at,
            CALL.state,
            CALL.outcome,
            CALL.reason,
            CALL.duration,
            CALL.charged,
        )
        .join_from(table(Call), table(Campaign), CALL.campaign_id == columns_of(Campaign).id)
        .where(CALL.tenant_id == account.tenant_id, CALL.vendor_account_id == account.id, CALL.origin.in_(OUR_ORIGINS))
        .order_by(CALL.id.desc())
        .limit(2 * LOOK_BACK)
    )
    by_hotline: dict[str, list[Dial]] = defaultdict(list, {hotline: [] for hotline in account.breaker})
    for row in conn.execute(chosen):
        by_hotline[row.hotline or ""].append(_dial(row))
    return dict(by_hotline)


def _dial(row: Any) -> Dial:
    settled = row.state is CallState.SETTLED and row.charged and row.outcome is not Outcome.UNKNOWN
    short = row.duration is not None and row.duration <= breaker.FAST
    return Dial(
        at=row.intended_at,
        request_failed=None if _tells_nothing(row) else row.state is CallState.UNSURE or row.reason in REQUEST_FAILURES,
        failed_fast=(row.outcome in FAILURES and short) if settled else None,
        answered=row.outcome in (Outcome.ANSWERED, Outcome.ABANDONED) if settled else None,
    )


def _tells_nothing(row: Any) -> bool:
    """Whether nobody can say of its request how it went: it is under way, was never made, or the process that was to
    make it ended. A probe that is under way is no sign that the vendor is back, and a crash of ours none of his."""
    return row.state is CallState.INTENDED or row.reason in NOT_ASKED
