"""A triggered call: what was ordered, where it is, and everything that happened for it. Nothing of this is stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, literal_column, select

from campaigns import dnc, dossiers, ledger, pages, shelf
from campaigns.compliance import Withheld, review_each
from campaigns.models import Agent, Call, Callback, Campaign, Customer, TriggeredCall
from campaigns.pages import Cut, Listing, Part, Sort
from campaigns.reports.timeline import Event, decisions_of, happened
from campaigns.rows import columns_of, spelled, table
from campaigns.statements import ONE
from campaigns.timing import Timing
from campaigns.words import CallState, Outcome, Promise, Purpose, Reason, TriggerState, Wanted

AGENT = columns_of(Agent)
CALL = columns_of(Call)
CALLBACK = columns_of(Callback)
CAMPAIGN = columns_of(Campaign)
CUSTOMER = columns_of(Customer)
TRIGGERED = columns_of(TriggeredCall)
NONE: Any = literal_column("0")
TRIGGERED_SORTS: pages.Sorts = {"id": Sort((TRIGGERED.id,))}
Gate = tuple[TriggerState, Reason | None, datetime | None]
"""Where an order is that waits: its state, why, and until when at the latest."""
PROMISED = (
    "campaign_id",
    "customer_id",
    "promise",
    "reason",
    "phones",
    "waits",
    "not_after",
    "created_at",
    "closed_at",
    "actor",
)
"""What is told of an order's promise."""
STATES = {
    CallState.RINGING: TriggerState.RINGING,
    CallState.ANSWERED: TriggerState.ANSWERED,
    CallState.ENDED: TriggerState.ENDED,
    CallState.SETTLED: TriggerState.ENDED,
    CallState.RELEASED: TriggerState.ENDED,
}


@dataclass(frozen=True, slots=True)
class Triggered:
    """An order as it stands. `reason` says why it waits, is withheld or ended without a call, `until` when that is over
    at the latest; `call` is the reference of the call that was made for it, and what follows is that call's."""

    id: str
    campaign: str
    customer: str
    name: str
    purpose: Purpose
    agent: str | None
    phones: list[str]
    wait: bool
    state: TriggerState
    reason: Reason | None
    until: datetime | None
    not_after: datetime
    callback_url: str | None
    created_at: datetime
    closed_at: datetime | None
    actor: str
    call: str | None
    phone: str | None
    outcome: Outcome | None
    billsec: int | None


def find_triggered(conn: Connection, now: datetime, timing: Timing, tenant: Any, reference: str) -> Triggered | None:
    """The order of this name; None where there is none."""
    row = conn.execute(_chosen(tenant.id, reference)).first()
    if row is None:
        return None
    return _told(now, row, _gates(conn, now, timing, tenant, [row]))


@dataclass(frozen=True, slots=True)
class SoughtOrders:
    """Which orders; None narrows nothing. `waiting`: whether they wait for their call; `customer` is the list's own id
    of a person, or a number."""

    waiting: bool | None = None
    campaign_id: int | None = None
    customer: str | None = None


def read_orders(conn: Connection, now: datetime, timing: Timing, tenant: Any, sought: SoughtOrders, cut: Cut) -> Part:
    """Orders, each as `find_triggered` tells it."""
    scope, few, filters = [TRIGGERED.tenant_id == tenant.id], [], pages.matching()
    if sought.customer is not None:
        few.append(_ordered(tenant.id, CALLBACK.customer_id.in_(dnc.listed_with(conn, tenant.id, [sought.customer]))))
    if sought.waiting is True:
        few.append(_ordered(tenant.id, _waits(now, CALLBACK)))
    if sought.waiting is False:
        filters.append(lambda of: _of_promise(of, lambda his: case((_waits(now, his), ONE), else_=NONE)) == NONE)
    if sought.campaign_id is not None:
        filters.append(lambda of: _of_promise(of, lambda his: his.campaign_id) == sought.campaign_id)
    part = pages.read(conn, Listing(TriggeredCall, TRIGGERED_SORTS, scope, few, filters, _orders), cut)
    gates = _gates(conn, now, timing, tenant, part.rows)
    return Part([_told(now, row, gates) for row in part.rows], part.after)


def _waits(now: datetime, of: Any) -> ColumnElement[bool]:
    return and_(spelled(of.promise, [Promise.OPEN]), of.not_after > now)


def _of_promise(of: Any, told: Callable[[Any], ColumnElement[Any]]) -> ColumnElement[Any]:
    """What an order's promise says; asked row by row, because a plan that joins would read all promises."""
    his = table(Callback).alias("his")
    return select(told(his.c)).where(his.c.id == of.callback_id).scalar_subquery()


def _ordered(tenant_id: int, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition that an order's promise is such a one."""
    told: ColumnElement[bool] = TRIGGERED.callback_id.in_(
        select(CALLBACK.id).where(CALLBACK.tenant_id == tenant_id, condition)
    )
    return told


def _told(now: datetime, row: Any, gates: Mapping[int, Gate]) -> Triggered:
    state, reason, until = _standing(now, row, gates)
    made = row.promise is Promise.KEPT
    return Triggered(
        id=row.reference,
        campaign=row.campaign,
        customer=row.customer,
        name=row.customer_name,
        purpose=row.purpose,
        agent=row.agent,
        phones=row.phones,
        wait=bool(row.waits),
        state=state,
        reason=reason,
        until=until,
        not_after=row.not_after,
        callback_url=row.callback_url,
        created_at=row.created_at,
        closed_at=row.closed_at,
        actor=row.actor,
        call=row.call if made else None,
        phone=row.phone if made else None,
        outcome=row.outcome if made else None,
        billsec=row.billsec if made else None,
    )


def state_of(
    promise: Promise, reason: Reason | None, call: CallState | None, not_after: datetime, now: datetime
) -> TriggerState:
    """Where an order is, as far as its own rows tell."""
    match promise:
        case Promise.KEPT:
            return STATES.get(call, TriggerState.PLACED) if call else TriggerState.PLACED
        case Promise.OPEN:
            return TriggerState.EXPIRED if not_after <= now else TriggerState.WAITING
    return ledger.ended(reason)


def events(conn: Connection, tenant: Any, reference: str) -> list[Event]:
    """Everything that happened for an order, in order of time."""
    row = conn.execute(_chosen(tenant.id, reference)).one()
    customer = conn.execute(select(table(Customer)).where(CUSTOMER.id == row.customer_id)).one()
    mine = (CALL.tenant_id == tenant.id, CALL.customer_id == customer.id, CALL.callback_id == row.callback_id)
    calls = {call.id: call for call in conn.execute(select(table(Call)).where(*mine).order_by(CALL.id))}
    over = row.closed_at
    found = [Event(row.created_at, "trigger", "triggered", actor=row.actor)]
    found += happened(conn, tenant.id, calls)
    found += [
        one
        for one in decisions_of(conn, customer)
        if one.what == "withheld" and one.at >= row.created_at and (over is None or one.at <= over)
    ]
    if over is not None and row.promise is Promise.WITHDRAWN:
        ended = state_of(row.promise, row.reason, None, row.not_after, over)
        found.append(Event(over, "trigger", ended.value, row.reason))
    return sorted(found, key=lambda event: event.at)


def events_of_call(conn: Connection, call: Any) -> list[Event]:
    """Everything that was learned of one call, in order of time."""
    return sorted(happened(conn, call.tenant_id, {call.id: call}), key=lambda event: event.at)


def _chosen(tenant_id: int, reference: str) -> Select[Any]:
    return _orders(table(TriggeredCall)).where(TRIGGERED.tenant_id == tenant_id, TRIGGERED.reference == reference)


def _orders(source: Any) -> Select[Any]:
    joined = (
        # They are always there; but a plan may begin with a table that is joined, and not with one beside.
        source.outerjoin(table(Callback), source.c.callback_id == CALLBACK.id)
        .outerjoin(table(Campaign), CALLBACK.campaign_id == CAMPAIGN.id)
        .outerjoin(table(Customer), CALLBACK.customer_id == CUSTOMER.id)
        .outerjoin(table(Agent), CALLBACK.agent_id == AGENT.id)
        .outerjoin(table(Call), CALLBACK.call_id == CALL.id)
    )
    return select(
        source,
        *(CALLBACK[name] for name in PROMISED),
        CAMPAIGN.code.label("campaign"),
        CAMPAIGN.purpose,
        CUSTOMER.code.label("customer"),
        CUSTOMER.name.label("customer_name"),
        AGENT.extension.label("agent"),
        CALL.reference.label("call"),
        CALL.state.label("call_state"),
        CALL.phone,
        CALL.outcome,
        CALL.billsec,
    ).select_from(joined)


def _standing(
    now: datetime, row: Any, gates: Mapping[int, Gate]
) -> tuple[TriggerState, Reason | None, datetime | None]:
    """State, reason, and until when. Of one that waits the gate was asked now."""
    state = state_of(row.promise, row.reason, row.call_state, row.not_after, now)
    if state is not TriggerState.WAITING:
        return state, row.reason or (Reason.EXPIRED if state is TriggerState.EXPIRED else None), row.until
    return gates[row.id]


def _gates(conn: Connection, now: datetime, timing: Timing, tenant: Any, rows: Sequence[Any]) -> Mapping[int, Gate]:
    """Where those of these orders are that wait for their turn: each campaign's gate is asked once."""
    waiting: dict[int, list[Any]] = {}
    for row in rows:
        if state_of(row.promise, row.reason, row.call_state, row.not_after, now) is TriggerState.WAITING:
            waiting.setdefault(row.campaign_id, []).append(row)
    told: dict[int, Gate] = {}
    for campaign_id, orders in waiting.items():
        campaign = conn.execute(select(table(Campaign)).where(CAMPAIGN.id == campaign_id)).one()
        ids = [row.customer_id for row in orders]
        found = conn.execute(select(table(Customer)).where(CUSTOMER.id.in_(ids))).all()
        standing = _of_campaign(conn, now, timing, tenant, campaign, found)
        told |= {row.id: standing[row.customer_id] for row in orders}
    return told


def _of_campaign(
    conn: Connection, now: datetime, timing: Timing, tenant: Any, campaign: Any, customers: Sequence[Any]
) -> Mapping[int, Gate]:
    """By customer."""
    if campaign.wanted is not Wanted.RUNNING:
        idle = (TriggerState.WAITING, campaign.paused_because or Reason.NOT_RUNNING, None)
        return {customer.id: idle for customer in customers}
    of = dossiers.brief(conn, tenant, campaign, shelf.find(conn, tenant.id, campaign.rulebook))
    candidates, hopeless = dossiers.gather(conn, now, timing, of, customers)
    told: dict[int, Gate] = {
        one.id: (TriggerState.WAITING, one.reason, one.due_at if one.due_at > now else None) for one in customers
    }
    told |= {one.customer.id: (TriggerState.WITHHELD, one.reason, None) for one in hopeless}
    for one in candidates:
        _, verdict = review_each(one.dossiers, of.rulebook, now)
        if isinstance(verdict, Withheld):
            told[one.customer.id] = (TriggerState.WITHHELD, verdict.reason, verdict.until)
    return told
