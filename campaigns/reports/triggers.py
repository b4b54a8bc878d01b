"""A triggered call: what was ordered, where it is, and everything that happened for it. Nothing of this is stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from campaigns import dossiers, ledger, shelf
from campaigns.compliance import Withheld, review_each
from campaigns.models import Agent, Call, Callback, Campaign, Customer, TriggeredCall
from campaigns.reports.timeline import Event, decisions_of, happened
from campaigns.rows import columns_of, table
from campaigns.timing import Timing
from campaigns.words import CallState, Outcome, Promise, Purpose, Reason, TriggerState, Wanted

AGENT = columns_of(Agent)
CALL = columns_of(Call)
CALLBACK = columns_of(Callback)
CAMPAIGN = columns_of(Campaign)
CUSTOMER = columns_of(Customer)
TRIGGERED = columns_of(TriggeredCall)
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
    state, reason, until = _standing(conn, now, timing, tenant, row)
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
    mine = (CALL.tenant_id == tenant.id, CALL.customer_id == customer.id, CALL.callback_id == row.id)
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
    joined = (
        table(TriggeredCall)
        .join(table(Callback), TRIGGERED.callback_id == CALLBACK.id)
        .join(table(Campaign), CALLBACK.campaign_id == CAMPAIGN.id)
        .join(table(Customer), CALLBACK.customer_id == CUSTOMER.id)
        .outerjoin(table(Agent), CALLBACK.agent_id == AGENT.id)
        .outerjoin(table(Call), CALLBACK.call_id == CALL.id)
    )
    return (
        select(
            table(Callback),
            TRIGGERED.reference,
            TRIGGERED.callback_url,
            TRIGGERED.until,
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
        )
        .select_from(joined)
        .where(TRIGGERED.tenant_id == tenant_id, TRIGGERED.reference == reference)
    )


def _standing(
    conn: Connection, now: datetime, timing: Timing, tenant: Any, row: Any
) -> tuple[TriggerState, Reason | None, datetime | None]:
    """State, reason, and until when. Of one that waits the gate is asked now."""
    state = state_of(row.promise, row.reason, row.call_state, row.not_after, now)
    if state is not TriggerState.WAITING:
        return state, row.reason or (Reason.EXPIRED if state is TriggerState.EXPIRED else None), row.until
    campaign = conn.execute(select(table(Campaign)).where(CAMPAIGN.id == row.campaign_id)).one()
    customer = conn.execute(select(table(Customer)).where(CUSTOMER.id == row.customer_id)).one()
    if campaign.wanted is not Wanted.RUNNING:
        return state, campaign.paused_because or Reason.NOT_RUNNING, None
    against = _gate(conn, now, timing, tenant, campaign, customer)
    if against is not None:
        return TriggerState.WITHHELD, against.reason, against.until
    return state, customer.reason, customer.due_at if customer.due_at > now else None


def _gate(
    conn: Connection, now: datetime, timing: Timing, tenant: Any, campaign: Any, customer: Any
) -> Withheld | None:
    of = dossiers.brief(conn, tenant, campaign, shelf.find(conn, tenant.id, campaign.rulebook))
    candidates, hopeless = dossiers.gather(conn, now, timing, of, [customer])
    if hopeless:
        return Withheld(hopeless[0].reason)
    _, verdict = review_each(candidates[0].dossiers, of.rulebook, now)
    return verdict if isinstance(verdict, Withheld) else None
