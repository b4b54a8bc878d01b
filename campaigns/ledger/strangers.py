"""Calls that are not ours, and hooks that were first taken for another call's.

An inbound or hand-dialled call with a number of somebody on a list belongs to that person: it keeps him from being
rung at the same time, and a conversation is a conversation. A hook of a queue's call names no customer, so its call
id is bound by the number at first; the record, which names our reference, confirms that or moves it.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from campaigns.ledger import consequences
from campaigns.ledger.settle import Step, Told, apply, facts_of, locked, next_check, progress_of, refold
from campaigns.models import Call, Number
from campaigns.rows import columns_of, table
from campaigns.statements import Find
from campaigns.states import Progress
from campaigns.timing import Timing
from campaigns.words import CallState, Origin, Outcome, Reason

CALL = columns_of(Call)
NUMBER = columns_of(Number)
# With the role and in no order, because SQLite likes an index that holds all of an answer, or has it in order, better
# than one that finds it.
find_owners = select(NUMBER.person_id, NUMBER.role).where(
    NUMBER.tenant_id == bindparam("tenant_id"), NUMBER.phone == bindparam("phone")
)
find_holders = Find(
    select(CALL.id, CALL.vendor_call_id).where(
        CALL.tenant_id == bindparam("tenant_id"), CALL.vendor_account_id == bindparam("vendor_account_id")
    ),
    key=CALL.vendor_call_id,
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A call of others that a hook or a record told us of."""

    tenant_id: int
    vendor_account_id: int
    call_id: str
    phone: str
    inbound: bool
    extension: str | None = None


def hear(conn: Connection, now: datetime, timing: Timing, heard: Sequence[Heard]) -> dict[str, int]:
    """Make a row for each call of others whose number stands on a list; vendor call id -> our call id."""
    made: dict[str, int] = {}
    for one in heard:
        people = _owners(conn, one.tenant_id, one.phone)
        if people:
            made[one.call_id] = _insert(conn, now, timing, one, people)
    return made


def _owners(conn: Connection, tenant_id: int, phone: str) -> list[int]:
    return sorted(set(conn.scalars(find_owners, {"tenant_id": tenant_id, "phone": phone})))


def _insert(conn: Connection, now: datetime, timing: Timing, heard: Heard, people: Sequence[int]) -> int:
    row = {
        "tenant_id": heard.tenant_id,
        "vendor_account_id": heard.vendor_account_id,
        # A number of several people tells nobody's conversation; it still keeps the number busy.
        "person_id": people[0] if len(people) == 1 else None,
        "origin": Origin.INBOUND if heard.inbound else Origin.HAND,
        "phone": heard.phone,
        "reference": f"x{secrets.token_hex(10)}",
        "attempt": 0,
        "extension": heard.extension,
        "vendor_call_id": heard.call_id,
        "state": CallState.PLACED,
        "charged": False,
        "call_id_confirmed": True,
        "recorded": False,
        "checks": 0,
        "intended_at": now,
        "check_at": now + timing.first_check,
    }
    return int(conn.execute(insert(table(Call)).returning(CALL.id), row).scalar_one())


def latest_inbound(conn: Connection, tenant_id: int, account_id: int, phone: str) -> int | None:
    """The newest inbound call of a number: its `cdr` hook may come under another id (contract section 4.6)."""
    chosen = select(func.max(CALL.id)).where(
        CALL.tenant_id == tenant_id,
        CALL.vendor_account_id == account_id,
        CALL.phone == phone,
        CALL.origin == Origin.INBOUND,
    )
    found: int | None = conn.scalar(chosen)
    return found


def rebind(conn: Connection, now: datetime, timing: Timing, from_id: int, to_id: int, call_id: str, rule: bool) -> None:
    """What was said of `call_id` under one call was about another: move it. Both are folded again from their facts."""
    rows = {row.id: row for row in locked(conn, [from_id, to_id])}
    wrong, right = rows[from_id], rows[to_id]
    facts = facts_of(conn, wrong, call_id)
    _take_away(conn, now, timing, wrong, call_id, rule)
    told = [Told(right.id, replace(fact, confirms=True)) for fact in facts]
    apply(conn, now, timing, told, {right.vendor_account_id: rule})


def unbind(conn: Connection, now: datetime, timing: Timing, call_id: int, vendor_call_id: str, rule: bool) -> None:
    """A call id that was bound to this call by its number turned out not to be its own: it is a stranger's."""
    for call in locked(conn, [call_id]):
        facts = facts_of(conn, call, vendor_call_id)
        _take_away(conn, now, timing, call, vendor_call_id, rule)
        heard = Heard(call.tenant_id, call.vendor_account_id, vendor_call_id, call.phone, inbound=False)
        made = hear(conn, now, timing, [heard])
        told = [Told(made[vendor_call_id], fact) for fact in facts if vendor_call_id in made]
        apply(conn, now, timing, told, {call.vendor_account_id: rule})


def own(
    conn: Connection,
    now: datetime,
    timing: Timing,
    call_ids: Sequence[int],
    named: Mapping[int, str],
    rule: bool = True,
) -> list[Any]:
    """Lock these calls of one tenant; their rows. Of some the vendor itself said which id is theirs: `named` gives it
    by our call id, and what was bound otherwise by a number is put right."""
    calls = locked(conn, call_ids)
    mistaken = [call for call in calls if call.id in named and _by_number(call, named[call.id])]
    for call in mistaken:
        unbind(conn, now, timing, call.id, call.vendor_call_id, rule)
    taken = _held_by_others(conn, [call for call in calls if call.id in named], named)
    for call_id, holder_id in taken:
        rebind(conn, now, timing, holder_id, call_id, named[call_id], rule)
    return locked(conn, call_ids) if mistaken or taken else calls


def _by_number(call: Any, call_id: str) -> bool:
    """Whether a call was bound by its number, to another id than its own."""
    return call.vendor_call_id not in (None, call_id) and not call.call_id_confirmed


def _held_by_others(conn: Connection, calls: Sequence[Any], named: Mapping[int, str]) -> list[tuple[int, int]]:
    """Which of these calls' ids stand under another call of the same account, and under which."""
    found: list[tuple[int, int]] = []
    for tenant, account in sorted({(call.tenant_id, call.vendor_account_id) for call in calls}):
        ours = {named[call.id]: call.id for call in calls if call.vendor_account_id == account}
        holders = find_holders(conn, ours, tenant_id=tenant, vendor_account_id=account)
        found += [(ours[row.vendor_call_id], row.id) for row in holders if row.id != ours[row.vendor_call_id]]
    return found


def _take_away(conn: Connection, now: datetime, timing: Timing, call: Any, call_id: str, rule: bool) -> None:
    before = progress_of(call)
    stranger = call.origin in (Origin.HAND, Origin.INBOUND)
    after = Progress(None, CallState.RELEASED, reason=Reason.REBOUND, charged=False) if stranger else None
    after = after or _without(conn, call, call_id, rule)
    step = Step(call, before, after)
    values = {name: getattr(after, name) for name in _EVIDENCE}
    check = now + timing.check_again if not after.state.final else next_check(step, now, timing)
    conn.execute(update(table(Call)).where(CALL.id == call.id).values(**values, check_at=check))
    consequences.follow(conn, now, timing, [step])


def _without(conn: Connection, call: Any, call_id: str, rule: bool) -> Progress:
    """The call's evidence without that of another id. What was settled does not come to life again, for the number
    may be in another call by now: it is unknown what became of it."""
    left = refold(conn, call, call_id, rule)
    if call.state is CallState.SETTLED and not left.state.final:
        left = left._replace(state=CallState.SETTLED, outcome=Outcome.UNKNOWN, reason=Reason.NO_EVIDENCE)
    return left


_EVIDENCE = (
    "state",
    "outcome",
    "reason",
    "charged",
    "vendor_call_id",
    "call_id_confirmed",
    "sip_call_id",
    "disposition",
    "recorded",
    "duration",
    "billsec",
    "extension",
    "recording_url",
    "ringing_at",
    "answered_at",
    "ended_at",
)
