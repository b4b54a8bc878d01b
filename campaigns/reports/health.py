"""How a company's vendors do, by what the ledger knows of the newest calls: are they quick, do they err, do they tell?

No sound passes through us, so nothing is said of its quality. Times between the vendor's clock and ours are as true as
the vendor's clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any

from sqlalchemy import Connection, func, select, text

from campaigns.accounts import list_accounts, trouble
from campaigns.breaker import Breaker, Position
from campaigns.models import Call, Fact, Job, Receipt
from campaigns.models.work import OPEN as OPEN_JOBS
from campaigns.rows import LIVE, columns_of, in_chunks
from campaigns.timing import Timing
from campaigns.words import OUR_ORIGINS, CallState, Outcome, Reason

CALL, FACT, RECEIPT = columns_of(Call), columns_of(Fact), columns_of(Receipt)
WINDOW = timedelta(hours=1)
NEWEST = 1000
"""So many calls of an account are looked at."""
ERRORS = (
    Reason.UNREACHABLE,
    Reason.TIMED_OUT,
    Reason.CONNECTION_LOST,
    Reason.THROTTLED,
    Reason.MISCONFIGURED,
    Reason.DECLINED,
)


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds: of the middle one, and of the twentieth slowest in a hundred."""

    median: float
    p95: float


@dataclass(frozen=True, slots=True)
class Health:
    """One account in the last hour. Ratios are of `calls`, which we handed over; None: there was none.

    `request`: from our intent to the vendor's answer; `hooks`: from what happened to when we knew it by a hook.
    `records_missing`: calls that are over, and of which no verdict came in time; `no_evidence`: those of which the
    vendor never knew anything.
    """

    vendor: str
    trouble: str | None
    breakers: Mapping[str, Position]
    calls: int
    live: int
    answer_ratio: float | None
    error_rate: float | None
    request: Spread | None
    hooks: Spread | None
    records_missing: int
    no_evidence: int


@dataclass(frozen=True, slots=True)
class Monitor:
    """All accounts, and what waits with us: hooks that are not settled, for how long, and jobs that are not over."""

    at: datetime
    vendors: Sequence[Health]
    unsettled_hooks: int
    settle_lag: float
    open_jobs: int


def monitor(conn: Connection, now: datetime, timing: Timing, tenant_id: int) -> Monitor:
    """As of now."""
    waiting = select(func.count(), func.min(RECEIPT.received_at)).where(
        RECEIPT.settled_at.is_(None), RECEIPT.tenant_id == tenant_id
    )
    unsettled, since = conn.execute(waiting).one()
    job = columns_of(Job)
    open_jobs = conn.scalar(select(func.count()).where(job.tenant_id == tenant_id, text(OPEN_JOBS)))
    return Monitor(
        at=now,
        vendors=[_health(conn, now, timing, account) for account in list_accounts(conn, tenant_id)],
        unsettled_hooks=int(unsettled),
        settle_lag=max((now - since).total_seconds(), 0.0) if since else 0.0,
        open_jobs=int(open_jobs or 0),
    )


def _health(conn: Connection, now: datetime, timing: Timing, account: Any) -> Health:
    rows = [row for row in _newest(conn, account) if row.intended_at > now - WINDOW]
    answered = sum(row.outcome is Outcome.ANSWERED for row in rows)
    failed = sum(row.reason in ERRORS or row.state is CallState.UNSURE for row in rows)
    overdue = now - timing.first_check
    live = select(func.count()).where(CALL.tenant_id == account.tenant_id, CALL.vendor_account_id == account.id, LIVE)
    return Health(
        vendor=account.name,
        trouble=trouble(account),
        breakers={hotline: Breaker.from_json(kept).position for hotline, kept in sorted(account.breaker.items())},
        calls=len(rows),
        live=int(conn.scalar(live) or 0),
        answer_ratio=answered / len(rows) if rows else None,
        error_rate=failed / len(rows) if rows else None,
        request=_spread([(row.placed_at - row.intended_at).total_seconds() for row in rows if row.placed_at]),
        hooks=_spread(_delays(conn, account.tenant_id, [row.id for row in rows])),
        records_missing=sum(row.state is CallState.ENDED and (row.ended_at or now) < overdue for row in rows),
        no_evidence=sum(row.reason is Reason.NO_EVIDENCE for row in rows),
    )


def _newest(conn: Connection, account: Any) -> Sequence[Any]:
    told = (CALL.id, CALL.state, CALL.outcome, CALL.reason, CALL.intended_at, CALL.placed_at, CALL.ended_at)
    mine = (CALL.tenant_id == account.tenant_id, CALL.vendor_account_id == account.id)
    chosen = select(*told).where(*mine, CALL.origin.in_(OUR_ORIGINS))
    return conn.execute(chosen.order_by(CALL.id.desc()).limit(NEWEST)).all()


def _delays(conn: Connection, tenant_id: int, calls: Sequence[int]) -> list[float]:
    """How late each hook about these calls was, in seconds."""
    found: list[float] = []
    for chunk in in_chunks(calls, 500):
        chosen = select(FACT.at, FACT.recorded_at).where(
            FACT.tenant_id == tenant_id, FACT.call_id.in_(chunk), FACT.receipt_id.is_not(None)
        )
        found += [max((row.recorded_at - row.at).total_seconds(), 0.0) for row in conn.execute(chosen)]
    return found


def _spread(seconds: Sequence[float]) -> Spread | None:
    if not seconds:
        return None
    p95 = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    return Spread(round(median(seconds), 3), round(p95, 3))
