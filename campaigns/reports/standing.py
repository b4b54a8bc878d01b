"""A campaign in numbers: how many customers stand where and why, and what its calls came to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from campaigns import callbacks
from campaigns.models import Call, Customer
from campaigns.reports.reasons import CALL, CUSTOMER, his_open_call, reason_at
from campaigns.reports.roster import roster
from campaigns.rows import table
from campaigns.timing import Timing
from campaigns.words import (
    LIVE_STATES,
    OUR_ORIGINS,
    WAITING_STATUSES,
    CallState,
    Outcome,
    QueueState,
    Reason,
    Status,
    Wanted,
)

FINISHED = "finished"
HANDED_OVER = (CallState.INTENDED, CallState.PLACED, CallState.UNSURE)


@dataclass(frozen=True, slots=True)
class Standing:
    """`state` is the wanted state, or `finished`: running, and nobody is left to be called.

    `calls` may have rung; `answered` of them were answered or abandoned; `answer_rate` is a share of those whose
    outcome is known, None where there are none. `attempts` counts what was charged to customers, over all runs.
    """

    code: str
    state: str
    mode: str
    purpose: str
    rulebook: str
    customers: int
    by_status: Mapping[str, int]
    by_reason: Mapping[str, int]
    waiting: int
    final: int
    next_due_at: datetime | None
    live_calls: int
    handed_over: int
    ringing: int
    talking: int
    verdicts_pending: int
    calls: int
    attempts: int
    answered: int
    abandoned: int
    answer_rate: float | None
    talk_seconds: int
    by_outcome: Mapping[str, int] = field(default_factory=dict)
    agents: Mapping[str, int] = field(default_factory=dict)
    queue: QueueState = QueueState.ABSENT
    paused_because: Reason | None = None
    paused_detail: str | None = None
    callbacks: int = 0
    """Promised calls that are open; `missed_callbacks` of them are late."""
    missed_callbacks: int = 0


def standing(conn: Connection, now: datetime, timing: Timing, campaign: Any) -> Standing:
    """The campaign's numbers at this moment, in a handful of aggregates whatever its size."""
    listed = _listed(conn, now, campaign)
    counted = _counted(conn, campaign)
    outcomes = _outcomes(conn, campaign)
    waiting = sum(n for (status, _), n in listed.items() if not status.final)
    customers = listed.total()
    over = sum(outcomes.values())
    answered = outcomes[Outcome.ANSWERED] + outcomes[Outcome.ABANDONED]
    done = customers > 0 and not (waiting or counted.live or counted.ended)
    agents = roster(conn, now, timing, campaign.tenant_id, campaign.id) if campaign.mode.uses_agents else []
    promised = callbacks.times(conn, campaign)
    return Standing(
        code=campaign.code,
        state=FINISHED if campaign.wanted is Wanted.RUNNING and done else campaign.wanted.value,
        mode=campaign.mode.value,
        purpose=campaign.purpose.value,
        rulebook=campaign.rulebook,
        customers=customers,
        by_status=_sums((status.value, n) for (status, _), n in listed.items()),
        by_reason=_sums((reason, n) for (_, reason), n in listed.items()),
        waiting=waiting,
        final=customers - waiting,
        next_due_at=_next_due(conn, campaign),
        live_calls=counted.live,
        handed_over=counted.handed_over,
        ringing=counted.ringing,
        talking=counted.talking,
        verdicts_pending=counted.ended,
        calls=counted.calls,
        attempts=_attempts(conn, campaign),
        answered=answered,
        abandoned=outcomes[Outcome.ABANDONED],
        answer_rate=round(answered / over, 4) if over else None,
        talk_seconds=int(counted.talk_seconds or 0),
        by_outcome={outcome.value: n for outcome, n in sorted(outcomes.items())},
        agents=dict(Counter(line.state.value for line in agents)),
        queue=campaign.queue_state,
        paused_because=campaign.paused_because,
        paused_detail=campaign.paused_detail,
        callbacks=len(promised),
        missed_callbacks=sum(callbacks.missed(now, timing, at) for at in promised),
    )


def _sums(pairs: Any) -> dict[str, int]:
    """Counts by word, in the words' order."""
    sums: Counter[str] = Counter()
    for key, n in pairs:
        sums[key] += n
    return dict(sorted(sums.items()))


def _mine(campaign: Any) -> Any:
    return and_(CUSTOMER.tenant_id == campaign.tenant_id, CUSTOMER.campaign_id == campaign.id)


def _listed(conn: Connection, now: datetime, campaign: Any) -> Counter[tuple[Status, str]]:
    joined = table(Customer).outerjoin(table(Call), his_open_call())
    # Grouped outside, because a bound parameter is not the same expression twice on PostgreSQL.
    each = select(CUSTOMER.status, reason_at(now).label("why")).select_from(joined).where(_mine(campaign)).subquery()
    counted = select(each.c.status, each.c.why, func.count()).group_by(each.c.status, each.c.why)
    return Counter({(status, why): n for status, why, n in conn.execute(counted)})


def _attempts(conn: Connection, campaign: Any) -> int:
    return int(conn.scalar(select(func.sum(CUSTOMER.attempts_in_all)).where(_mine(campaign))) or 0)


def _next_due(conn: Connection, campaign: Any) -> datetime | None:
    waits = and_(CUSTOMER.status.in_(WAITING_STATUSES), CUSTOMER.open_call_id.is_(None))
    due: datetime | None = conn.scalar(select(func.min(CUSTOMER.due_at)).where(_mine(campaign), waits))
    return due


def _ours(campaign: Any) -> Any:
    return and_(CALL.tenant_id == campaign.tenant_id, CALL.campaign_id == campaign.id, CALL.origin.in_(OUR_ORIGINS))


def may_have_rung(call: Any = CALL) -> Any:
    """The condition: this hand-over is an attempt, or will be one unless it is proven not to have rung."""
    return and_(call.charged.is_(True), call.state != CallState.RELEASED)


def _counted(conn: Connection, campaign: Any) -> Any:
    def how_many(condition: Any) -> Any:
        return func.count().filter(condition)

    counted = select(
        how_many(CALL.state.in_(LIVE_STATES)).label("live"),
        how_many(CALL.state.in_(HANDED_OVER)).label("handed_over"),
        how_many(CALL.state == CallState.RINGING).label("ringing"),
        how_many(CALL.state == CallState.ANSWERED).label("talking"),
        how_many(CALL.state == CallState.ENDED).label("ended"),
        how_many(may_have_rung()).label("calls"),
        func.sum(CALL.billsec).filter(CALL.outcome == Outcome.ANSWERED).label("talk_seconds"),
    )
    return conn.execute(counted.where(_ours(campaign))).one()


def _outcomes(conn: Connection, campaign: Any) -> Counter[Outcome]:
    """Attempts whose outcome is known, by outcome."""
    known = and_(may_have_rung(), CALL.outcome.is_not(None))
    counted = select(CALL.outcome, func.count()).where(_ours(campaign), known).group_by(CALL.outcome)
    return Counter(dict(conn.execute(counted).all()))
