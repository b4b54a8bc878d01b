"""One customer: everything that happened, in order of time, and one answer to "why was he (not) called?".

The answer is derived when it is asked, by a fixed precedence: how he ended, his open call, the campaign, the vendor,
what forbids him for good, what he waits for, what the gate says now. No sweep writes rows because a clock passed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, or_, select

from campaigns import callbacks, dossiers, shelf
from campaigns.breaker import Breaker, Position
from campaigns.callbacks import Line
from campaigns.compliance import Withheld, permit, review_each
from campaigns.dossiers import Brief, Candidate, Hopeless
from campaigns.models import (
    Call,
    Change,
    Customer,
    Debt,
    Decision,
    Fact,
    ListImport,
    Number,
    Person,
    Suppression,
    VendorAccount,
)
from campaigns.rows import columns_of, table
from campaigns.timing import Timing
from campaigns.words import CallState, FactKind, Reason, Status, Subject, Wanted

About = Literal["customer", "call", "campaign", "vendor", "wait", "gate", "turn"]
CALL = columns_of(Call)
CUSTOMER = columns_of(Customer)


@dataclass(frozen=True, slots=True)
class Answer:
    """Why he is where he is. `about` says what the reason is a reason of; `until` is when that ends at the latest.

    `turn`: nothing stands against him, he is called as soon as there is room.
    """

    about: About
    reason: Reason | None
    until: datetime | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `kind` is `list`, `suppression`, `decision`, `call`, `fact` or `change`."""

    at: datetime
    kind: str
    what: str
    reason: str | None = None
    actor: str | None = None
    detail: str | None = None
    call: int | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    code: str
    name: str
    status: Status
    reason: Reason | None
    attempts: int
    attempts_in_all: int
    due_at: datetime
    numbers: Sequence[str]
    """Each in E.164, with its role."""
    contracts: Sequence[str]
    answer: Answer
    events: Sequence[Event]
    callback: Line | None = None
    """The call that he is promised, while the promise is open."""


def timeline(conn: Connection, now: datetime, timing: Timing, tenant: Any, campaign: Any, customer: Any) -> Timeline:
    """Everything that the ledger knows of a customer."""
    numbers = _numbers(conn, customer)
    # Of things that happened at one moment, the cause is told before what followed.
    events = [
        *_lists(conn, customer),
        *_suppressions(conn, customer, numbers),
        *decisions_of(conn, customer),
        *calls_of(conn, customer),
        *_changes(conn, customer),
    ]
    return Timeline(
        code=customer.code,
        name=customer.name,
        status=customer.status,
        reason=customer.reason,
        attempts=customer.attempts,
        attempts_in_all=customer.attempts_in_all,
        due_at=customer.due_at,
        numbers=[f"{number.phone} ({number.role})" for number in numbers if number.removed_at is None],
        contracts=_contracts(conn, customer),
        answer=why(conn, now, timing, tenant, campaign, customer),
        events=sorted(events, key=lambda event: event.at),
        callback=next(iter(callbacks.lines(conn, now, timing, campaign, customer.id)), None),
    )


def why(conn: Connection, now: datetime, timing: Timing, tenant: Any, campaign: Any, customer: Any) -> Answer:
    """Why this customer is final, or is not called at this moment."""
    if customer.status.final:
        return Answer("customer", customer.reason)
    if customer.open_call_id is not None:
        call = conn.execute(select(table(Call)).where(CALL.id == customer.open_call_id)).one()
        return Answer("call", Reason.IN_CALL if call.state.live else Reason.VERDICT_PENDING, detail=call.state.value)
    of = dossiers.brief(conn, tenant, campaign, shelf.find(conn, tenant.id, campaign.rulebook))
    if hindrance := of_the_campaign(conn, now, of):
        return hindrance
    candidates, hopeless = dossiers.gather(conn, now, timing, of, [customer])
    found: list[Candidate | Hopeless] = [*candidates, *hopeless]
    return of_his_own(found[0], of, now)


def of_the_campaign(conn: Connection, now: datetime, of: Brief) -> Answer | None:
    """What stands against everybody of this campaign: its own state, what it must show for itself, its vendor."""
    campaign = of.campaign
    if campaign.wanted is not Wanted.RUNNING:
        return Answer("campaign", campaign.paused_because, detail=campaign.paused_detail or campaign.wanted.value)
    if hindrance := permit(of.mandate, of.rulebook, now):
        return Answer("campaign", hindrance.reason, detail=campaign.rulebook)
    columns = columns_of(VendorAccount)
    account = conn.execute(select(table(VendorAccount)).where(columns.id == campaign.vendor_account_id)).one()
    if account.trouble is not None:
        return Answer("vendor", account.trouble, detail=account.trouble_detail)
    guard = Breaker.from_json(account.breaker.get(campaign.hotline or ""))
    if guard.position is Position.OPEN:
        return Answer("vendor", guard.reason, guard.until)
    if account.placing_resumes_at is not None and account.placing_resumes_at > now:
        return Answer("vendor", Reason.THROTTLED, account.placing_resumes_at)
    return None


def of_his_own(found: Candidate | Hopeless, of: Brief, now: datetime) -> Answer:
    """What the gate would say if it were his turn is asked of the gate itself."""
    customer = found.customer
    if isinstance(found, Hopeless):
        return Answer("gate", found.reason)
    if customer.due_at > now:
        return Answer("wait", customer.reason or _unsaid(customer), customer.due_at)
    _, verdict = review_each(found.dossiers, of.rulebook, now)
    if isinstance(verdict, Withheld):
        return Answer("gate", verdict.reason, verdict.until, verdict.rule)
    return Answer("turn", None)


def _unsaid(customer: Any) -> Reason:
    """What his row says without a word."""
    return Reason.RECALL if customer.attempts else Reason.NEVER_CALLED


def _numbers(conn: Connection, customer: Any) -> list[Any]:
    number = columns_of(Number)
    his = select(table(Number)).where(number.tenant_id == customer.tenant_id, number.person_id == customer.person_id)
    return list(conn.execute(his.order_by(number.position, number.id)))


def _contracts(conn: Connection, customer: Any) -> list[str]:
    debt = columns_of(Debt)
    his = select(debt.contract_number).where(
        debt.tenant_id == customer.tenant_id, debt.customer_id == customer.id, debt.removed_at.is_(None)
    )
    return [contract for contract in conn.scalars(his.order_by(debt.id)) if contract]


def _lists(conn: Connection, customer: Any) -> Iterator[Event]:
    """The lists that named his contracts last."""
    debt, listed = columns_of(Debt), columns_of(ListImport)
    named = (
        select(listed.imported_at, listed.file_name, listed.imported_by, debt.row_number, debt.contract_number)
        .join_from(table(Debt), table(ListImport), debt.list_import_id == listed.id)
        .where(debt.tenant_id == customer.tenant_id, debt.customer_id == customer.id)
    )
    for row in conn.execute(named.order_by(debt.id)):
        what = f"row {row.row_number} of {row.file_name}"
        yield Event(row.imported_at, "list", what, actor=row.imported_by or None, detail=row.contract_number or None)


def _changes(conn: Connection, customer: Any) -> Iterator[Event]:
    change = columns_of(Change)
    his = select(table(Change)).where(change.tenant_id == customer.tenant_id, change.customer_id == customer.id)
    for row in conn.execute(his.order_by(change.id)):
        what = f"{row.before} -> {row.after}"
        yield Event(row.at, "change", what, row.reason, row.actor, row.detail, row.call_id)


def calls_of(conn: Connection, customer: Any) -> Iterator[Event]:
    """His calls and what was learned of each; calls of others with him, too."""
    his = select(table(Call)).where(CALL.tenant_id == customer.tenant_id, CALL.person_id == customer.person_id)
    calls = {
        row.id: row
        for row in conn.execute(his.order_by(CALL.id))
        if row.customer_id in (None, customer.id) and row.reason is not Reason.REBOUND
    }
    yield from happened(conn, customer.tenant_id, calls)


def happened(conn: Connection, tenant_id: int, calls: Mapping[int, Any]) -> Iterator[Event]:
    """These calls, by id, and then what was learned of each."""
    for call in calls.values():
        # A call of others was not ordered, so it is no attempt.
        what = f"attempt {call.attempt}" if call.customer_id else f"{call.origin} call"
        detail = f"{call.phone} ({call.role})" if call.role else call.phone
        yield Event(call.intended_at, "call", what, call.reason, detail=detail, call=call.id)
    fact = columns_of(Fact)
    told = select(table(Fact)).where(fact.tenant_id == tenant_id, fact.call_id.in_(list(calls)))
    for row in conn.execute(told.order_by(fact.id)):
        if row.kind is not FactKind.INTENDED:
            yield Event(row.at, "fact", _moved(row), row.reason, detail=_told(row), call=row.call_id)


def _moved(fact: Any) -> str:
    moved = fact.after is not None and fact.after is not fact.before
    return f"{fact.kind}: {_state(fact.before)} -> {_state(fact.after)}" if moved else f"{fact.kind} ({fact.verdict})"


def _state(state: CallState | None) -> str:
    return state.value if state else "-"


def _told(fact: Any) -> str | None:
    """What a person wants to know of a fact: how it ended, how long they talked, who."""
    said = [f"{name} {fact.detail[name]}" for name in ("disposition", "billsec", "extension") if name in fact.detail]
    return ", ".join(said) or fact.detail.get("refused")


def decisions_of(conn: Connection, customer: Any) -> Iterator[Event]:
    decision = columns_of(Decision)
    his = select(table(Decision)).where(decision.tenant_id == customer.tenant_id, decision.customer_id == customer.id)
    for row in conn.execute(his.order_by(decision.id)):
        until = f"until {row.until.isoformat(timespec='seconds')}, " if row.until else ""
        rulebook = f"{until}rulebook {row.rulebook} {row.rulebook_version}".rstrip()
        yield Event(row.at, "decision", "cleared" if row.cleared else "withheld", row.reason, "engine", rulebook)


def _suppressions(conn: Connection, customer: Any, numbers: Sequence[Any]) -> Iterator[Event]:
    """What was said of his numbers and of himself on the do-not-call list, in force here or not any more."""
    person, entry = columns_of(Person), columns_of(Suppression)
    key = select(person.key).where(person.id == customer.person_id, person.key_kind == Subject.PERSON)
    subjects = [*(number.phone for number in numbers), *conn.scalars(key)]
    his = select(table(Suppression)).where(
        entry.tenant_id == customer.tenant_id,
        entry.subject.in_(subjects),
        or_(entry.campaign_id.is_(None), entry.campaign_id == customer.campaign_id),
    )
    for row in conn.execute(his.order_by(entry.id)):
        said = {"reason": row.reason or None, "detail": row.source or None}
        yield Event(row.since, "suppression", f"{row.subject} put on the do-not-call list", actor=row.actor, **said)
        if row.until is not None:
            what = f"{row.subject} taken off the do-not-call list"
            yield Event(row.until, "suppression", what, actor=row.lifted_by)
