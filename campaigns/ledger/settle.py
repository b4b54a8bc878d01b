"""Facts meet calls here: lock, read again, fold, write once; then what follows for the customer and the agent."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, select, update

from campaigns import states
from campaigns.ledger import consequences
from campaigns.ledger.history import write_facts
from campaigns.models import Call, Fact
from campaigns.rows import columns_of, table
from campaigns.statements import Find, Update, own
from campaigns.states import Kept, Moved, Progress, Refused
from campaigns.timing import Timing
from campaigns.words import CallState, FactKind, Reason, Verdict

CALL = columns_of(Call)
EVIDENCE = attrgetter(*Progress._fields)
# The mode is the campaign's and does not change with what is learned.
LEARNED = [name for name in Progress._fields if name != "mode"]
VERDICTS = {Moved: Verdict.MOVED, Kept: Verdict.KEPT, Refused: Verdict.REFUSED}
find_locked = Find(select(table(Call)).order_by(CALL.id).with_for_update(key_share=True), key=CALL.id)
write_calls = Update(Call, own(*LEARNED, "settled_at", "check_at"), where="call.id = :id")


@dataclass(frozen=True, slots=True)
class Told:
    """A fact about one of our calls, and the receipt it came by."""

    call_id: int
    fact: states.Fact
    receipt_id: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a call was and has become by a batch of facts."""

    call: Any
    before: Progress
    after: Progress
    refused: tuple[str, ...] = ()

    @property
    def settled_now(self) -> bool:
        return self.after.outcome != self.before.outcome

    @property
    def moved(self) -> bool:
        return self.settled_now or self.after.state is not self.before.state

    def told(self) -> dict[str, Any]:
        """Where the call is now, for a log: our names for it and for its customer, and no number."""
        outcome = self.after.outcome.value if self.after.outcome is not None else None
        names = {"call": self.call.id, "reference": self.call.reference, "customer": self.call.customer_id}
        return names | {"state": self.after.state.value if self.after.state else None, "outcome": outcome}


def apply(
    conn: Connection,
    now: datetime,
    timing: Timing,
    told: Sequence[Told],
    abandoned_without_extension: Mapping[int, bool] | None = None,
    calls: Sequence[Any] | None = None,
) -> list[Step]:
    """Apply facts to calls of one tenant in one transaction: the only way a call's state ever changes.

    `abandoned_without_extension` holds a vendor account's setting by account id; absent means true. `calls` are these
    calls' rows where they are locked already.
    """
    by_call: dict[int, list[Told]] = defaultdict(list)
    for one in told:
        by_call[one.call_id].append(one)
    rule = abandoned_without_extension or {}
    steps: list[Step] = []
    history: list[dict[str, Any]] = []
    for call in locked(conn, list(by_call)) if calls is None else calls:
        steps.append(_fold(call, by_call[call.id], rule.get(call.vendor_account_id, True), history))
    write(conn, now, timing, steps)
    if history:
        write_facts(conn, history, tenant_id=steps[0].call.tenant_id, recorded_at=now)
    consequences.follow(conn, now, timing, steps)
    return steps


def locked(conn: Connection, call_ids: Sequence[int]) -> list[Any]:
    """These calls' rows, locked in id order and read after the lock."""
    return list(find_locked(conn, call_ids))


def progress_of(call: Any) -> Progress:
    """A call's evidence, from its row."""
    return Progress._make(EVIDENCE(call))


def _fold(call: Any, told: Sequence[Told], rule: bool, history: list[dict[str, Any]]) -> Step:
    before = current = progress_of(call)
    refused: list[str] = []
    for one in told:
        result = states.advance(current, one.fact, rule)
        if isinstance(result, Refused):
            refused.append(result.why)
        elif isinstance(result, Kept) and result.after == current:
            continue
        history.append(_history(call, one, current, result))
        current = current if isinstance(result, Refused) else result.after
    return Step(call, before, current, tuple(refused))


def _history(call: Any, one: Told, before: Progress, result: states.Advance) -> dict[str, Any]:
    detail = one.fact.told()
    if isinstance(result, Refused):
        detail["refused"] = result.why
    return {
        "call_id": call.id,
        "kind": one.fact.kind,
        "verdict": VERDICTS[type(result)],
        "before": before.state,
        "after": before.state if isinstance(result, Refused) else result.after.state,
        "reason": one.fact.reason,
        "detail": detail,
        "receipt_id": one.receipt_id,
        "at": one.fact.at,
    }


def write(conn: Connection, now: datetime, timing: Timing, steps: Sequence[Step]) -> None:
    """Write the changed calls, one row each, in id order."""
    write_calls(conn, [_written(now, timing, step) for step in steps if step.before != step.after])


def _written(now: datetime, timing: Timing, step: Step) -> dict[str, Any]:
    settled = step.call.settled_at or now if step.after.state.final else None
    due = {"id": step.call.id, "settled_at": settled, "check_at": next_check(step, now, timing)}
    return step.after._asdict() | due


def next_check(step: Step, now: datetime, timing: Timing) -> datetime | None:
    """When to ask the vendor about this call if nothing more is heard of it by itself."""
    after = step.after
    if after.state is CallState.RELEASED or (after.state is CallState.SETTLED and not _unconfirmed(after)):
        return None
    if after.state is CallState.SETTLED:
        return step.call.check_at if step.before.state is CallState.SETTLED else now + timing.check_again
    if after.state is step.before.state:
        return step.call.check_at or now + timing.check_again
    wait = {CallState.ENDED: timing.verdict_wait, CallState.ANSWERED: timing.conversation_check}
    return now + wait.get(after.state, timing.first_check)


def _unconfirmed(after: Progress) -> bool:
    """A call of ours whose id we only inferred from the number: its record must still say whose it was."""
    return after.mode is not None and not after.call_id_confirmed and after.reason is not Reason.NO_EVIDENCE


def refold(conn: Connection, call: Any, without_call_id: str, rule: bool) -> Progress:
    """A call's evidence folded again from its facts, leaving out what was said of another vendor call id, and of ids
    that turned out earlier to be of other calls."""
    columns = columns_of(Fact)
    chosen = select(table(Fact)).where(columns.tenant_id == call.tenant_id, columns.call_id == call.id)
    facts = [
        states.Fact.retold(row.kind, row.at, row.reason, row.detail)
        for row in conn.execute(chosen.order_by(columns.id))
        if row.kind is not FactKind.INTENDED and row.verdict is not Verdict.REFUSED
    ]
    start = Progress(mode=call.mode)
    others = {without_call_id, *_of_others(conn, call, {f.call_id for f in facts if f.call_id})}
    return states.fold(start, [f for f in facts if f.call_id not in others], rule)


def _of_others(conn: Connection, call: Any, vendor_call_ids: set[str]) -> set[str]:
    columns = columns_of(Call)
    chosen = select(columns.vendor_call_id).where(
        columns.tenant_id == call.tenant_id,
        columns.vendor_account_id == call.vendor_account_id,
        columns.vendor_call_id.in_(sorted(vendor_call_ids)),
        columns.id != call.id,
    )
    return set(conn.scalars(chosen))


def facts_of(conn: Connection, call: Any, call_id: str) -> list[states.Fact]:
    """What was said of one vendor call id and stands under this call."""
    columns = columns_of(Fact)
    chosen = select(table(Fact)).where(columns.tenant_id == call.tenant_id, columns.call_id == call.id)
    found = [
        states.Fact.retold(row.kind, row.at, row.reason, row.detail)
        for row in conn.execute(chosen.order_by(columns.id))
        if row.detail.get("call_id") == call_id
    ]
    return [replace(fact, confirms=False) for fact in found]


def ask_now(conn: Connection, now: datetime, tenant_id: int, campaign_id: int | None) -> int:
    """Make every call that waits to be asked about due at once, of the tenant or of one campaign; how many."""
    waiting = [CALL.tenant_id == tenant_id, CALL.check_at > now]
    if campaign_id is not None:
        waiting.append(CALL.campaign_id == campaign_id)
    return conn.execute(update(table(Call)).where(*waiting).values(check_at=now)).rowcount
