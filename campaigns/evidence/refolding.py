"""Every call folded again from its facts: a state, an outcome or a charge that they do not come to was not learned.

A call's facts are sealed and its state is not, because it changes honestly. So the facts are what is believed. Where
one of them was of a vendor call id that turned out to be another call's, the ledger folded without it, and what it knew
of the two ids by then is not kept: then each way to fold them is an honest one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, and_, select

from campaigns.evidence.verifying import Fault, Finding, Period
from campaigns.models import Call, Fact
from campaigns.rows import columns_of, table
from campaigns.states import Fact as Told
from campaigns.states import Progress, fold
from campaigns.words import OUR_ORIGINS, CallState, FactKind, Outcome, Reason, Verdict

CALL, FACT = columns_of(Call), columns_of(Fact)
PAGE = 500
SEEN = attrgetter("state", "outcome", "charged")
UNLEARNED = (CallState.SETTLED, Outcome.UNKNOWN, True)
"""A settled call that lost its evidence to another one does not come to life again."""


@dataclass(frozen=True, slots=True)
class Refolded:
    """A page of calls: how many they are, the id of the last, and those that their facts contradict."""

    calls: int
    last: int
    findings: list[Finding]


def refold(conn: Connection, tenant_id: int, period: Period, after: int = 0, page: int = PAGE) -> Refolded | None:
    """The next calls of the period with ids after this one; None when there are no more. Only reads."""
    # One statement, so that calls that move meanwhile are seen at one moment together with their facts.
    rows = conn.execute(_with_facts(tenant_id, period, after, page)).all()
    found = [list(group) for _, group in groupby(rows, attrgetter("id"))]
    if not found:
        return None
    wrong = [Finding("call", told[0].id, Fault.CONTRADICTED, told[0].intended_at) for told in found if not _holds(told)]
    return Refolded(len(found), found[-1][0].id, wrong)


def _with_facts(tenant_id: int, period: Period, after: int, page: int) -> Any:
    begins, ends = period
    names = ("id", "origin", "mode", "vendor_call_id", "state", "outcome", "charged", "reason", "intended_at")
    chosen = select(*(CALL[name] for name in names)).where(CALL.tenant_id == tenant_id, CALL.id > after)
    if begins is not None:
        chosen = chosen.where(CALL.intended_at >= begins)
    if ends is not None:
        chosen = chosen.where(CALL.intended_at < ends)
    calls = chosen.order_by(CALL.id).limit(page).subquery("calls")
    said = (FACT.kind, FACT.verdict, FACT.at, FACT.reason.label("why"), FACT.detail)
    its_own = and_(FACT.tenant_id == tenant_id, FACT.call_id == calls.c.id)
    return select(calls, *said).outerjoin(table(Fact), its_own).order_by(calls.c.id, FACT.id)


def _holds(told: Sequence[Any]) -> bool:
    """Whether a call is what its facts come to; `told` is its row with each of them."""
    facts = [
        Told.retold(row.kind, row.at, row.why, row.detail)
        for row in told
        if row.kind not in (None, FactKind.INTENDED) and row.verdict is not Verdict.REFUSED
    ]
    return SEEN(told[0]) in _outcomes(told[0], facts)


def _outcomes(call: Any, facts: Sequence[Told]) -> Iterator[tuple[Any, ...]]:
    """What the call may honestly be."""
    own = [fact for fact in facts if fact.call_id in (None, call.vendor_call_id)]
    for known in (facts, own) if len(own) < len(facts) else (facts,):
        # The vendor account's setting of that day is not kept.
        yield from (SEEN(fold(_start(call), known, rule)) for rule in (True, False))
    if len(own) < len(facts):
        yield UNLEARNED
    if call.origin not in OUR_ORIGINS and call.reason is Reason.REBOUND:
        yield CallState.RELEASED, None, False


def _start(call: Any) -> Progress:
    """A call of ours as it was intended, or one of others as we heard of it."""
    if call.origin in OUR_ORIGINS:
        return Progress(mode=call.mode)
    named = {"vendor_call_id": call.vendor_call_id, "call_id_confirmed": True}
    return Progress(None, CallState.PLACED, charged=False, **named)
