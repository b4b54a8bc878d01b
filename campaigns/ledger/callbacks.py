"""Promising a call, taking the promise back, and waiting for the agent who promised to call himself."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from campaigns.ledger import promises, triggers
from campaigns.ledger.appointments import CLOSED
from campaigns.ledger.commands import NotNow
from campaigns.ledger.history import tell
from campaigns.ledger.promises import CALLBACK, CALLBACK_PRIORITY, TRIGGER_PRIORITY
from campaigns.models import Callback, Customer
from campaigns.rows import WAITING, columns_of, table
from campaigns.statements import Find, Query, Update, aside, own
from campaigns.timing import Timing
from campaigns.words import Promise, Reason

CUSTOMER = columns_of(Customer)
lock_customer = (
    select(table(Customer))
    .where(CUSTOMER.tenant_id == bindparam("tenant_id"), CUSTOMER.id == bindparam("customer"))
    .with_for_update(key_share=True)
)
find_awaiting = Query(
    select(CUSTOMER.id, CUSTOMER.due_at, CUSTOMER.reason, CALLBACK.at, CALLBACK.agent_id, CALLBACK.not_after)
    .join_from(table(Callback), table(Customer), CUSTOMER.id == CALLBACK.customer_id)
    .where(
        CALLBACK.tenant_id == bindparam("tenant_id"),
        CALLBACK.campaign_id == bindparam("campaign_id"),
        promises.OPEN,
        # There are few promises and many customers: no index of customers is searched but by their number.
        aside(CUSTOMER.tenant_id) == bindparam("tenant_id"),
        WAITING,
        CUSTOMER.open_call_id.is_(None),
        aside(CUSTOMER.priority) <= TRIGGER_PRIORITY,
        CALLBACK.agent_id.is_not(None),
        or_(CUSTOMER.due_at <= bindparam("now"), CUSTOMER.reason == Reason.AGENT_AWAITED),
        or_(CUSTOMER.lease_token.is_(None), CUSTOMER.lease_until <= bindparam("now")),
    )
    .order_by(CALLBACK.at, CALLBACK.id)
    # Whom another transaction has in hand is not waited for: it may itself wait for the campaign that is locked here.
    .with_for_update(of=table(Customer), skip_locked=True, key_share=True)
)
find_agents = Find(
    select(CALLBACK.customer_id, CALLBACK.agent_id).where(
        CALLBACK.tenant_id == bindparam("tenant_id"), CALLBACK.agent_id.is_not(None), promises.OPEN
    ),
    key=CALLBACK.customer_id,
)
write_turns = Update(Customer, own("due_at", "reason", "updated_at"), where="customer.id = :id", shared=["updated_at"])


@dataclass(frozen=True, slots=True)
class Appointment:
    """When somebody was promised a call, by whose clock, and by whom (None: any agent)."""

    at: datetime
    zone: str
    agent_id: int | None = None
    note: str = ""

    def __str__(self) -> str:
        return f"promised for {self.at.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M} {self.zone}"


def promise(
    conn: Connection, now: datetime, campaign: Any, customer_id: int, appointment: Appointment, actor: str
) -> int:
    """Promise a customer a call, also one who is final; the promise's id. Another that is open gives way to it. A claim
    for his list's call ends; a call that is live goes on, and he waits afterwards. Raises `NotNow`."""
    customer = _locked(conn, campaign, customer_id)
    if customer.status in CLOSED or customer.reason is Reason.WITHDRAWN:
        why = f"{customer.status} ({customer.reason})" if customer.reason else f"{customer.status}"
        raise NotNow(f"customer {customer.code} of {campaign.code} is {why}: he is not called again")
    before = promises.standing(conn, campaign.tenant_id, [customer_id]).get(customer_id)
    if before is not None:
        # Also a triggered call gives way: what a person promised stands above it.
        gone = promises.closed(now, before, Promise.WITHDRAWN, before.call_id, Reason.CALLBACK)
        promises.write_callbacks(conn, [gone])
    row = {
        "tenant_id": campaign.tenant_id,
        "campaign_id": campaign.id,
        "customer_id": customer_id,
        "agent_id": appointment.agent_id,
        "at": appointment.at,
        "zone": appointment.zone,
        "note": appointment.note,
        "priority": before.priority if before is not None else customer.priority,
        "actor": actor,
        "created_at": now,
    }
    made = int(conn.execute(insert(table(Callback)).returning(CALLBACK.id), row).scalar_one())
    place = {"priority": CALLBACK_PRIORITY, "callback_id": made, "due_at": appointment.at, "reason": Reason.CALLBACK}
    status = triggers.waiting(customer)
    # A person wants him called: he is a customer like any other, though a triggered call may have brought him here.
    waits = {"status": status, "finished_at": None, "lease_token": None, "lease_until": None, "expires_at": None}
    _write(conn, now, customer, place | waits)
    if before is not None and before.not_after is not None:
        promises.tell_withdrawn(conn, now, [before], status, Reason.CALLBACK, actor)
    tell(conn, now, [customer], status, Reason.CALLBACK, actor, str(appointment))
    return made


def take_back(conn: Connection, now: datetime, timing: Timing, campaign: Any, customer_id: int, actor: str) -> None:
    """Withdraw what was promised to a customer: he stands where his calls of this run have brought him. Raises
    `NotNow`."""
    customer = _locked(conn, campaign, customer_id)
    if not triggers.lapse(conn, now, timing, campaign, {customer_id: Reason.WITHDRAWN}, actor):
        raise NotNow(f"customer {customer.code} of {campaign.code} was promised no call that is still open")


def awaiting(conn: Connection, now: datetime, campaign: Any) -> Sequence[Any]:
    """The customers whose promised time has come, or who wait for their agent; locked, the earliest promise first."""
    which = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id, "now": now}
    return find_awaiting(conn, **which)


def stand_aside(conn: Connection, now: datetime, timing: Timing, found: Sequence[Any], free: Collection[int]) -> None:
    """Let the first of each free agent's customers be called, and the others wait a little, so that nobody who cannot
    be called now stands before those who can."""
    callers = set(free)
    turns = []
    for row in found:
        over = row.not_after is not None and row.not_after <= now
        if row.agent_id not in callers and not over:
            if row.due_at <= now:
                turns.append({"id": row.id, "due_at": now + timing.agent_busy, "reason": Reason.AGENT_AWAITED})
            continue
        callers.discard(row.agent_id)
        if row.reason is Reason.AGENT_AWAITED:
            turns.append({"id": row.id, "due_at": min(row.at, now), "reason": promises.reason_of(row)})
    write_turns(conn, sorted(turns, key=lambda turn: int(turn["id"])), updated_at=now)


def promised_agents(conn: Connection, tenant_id: int, customers: Collection[Any]) -> dict[int, int]:
    """The agent by whom a customer was promised a call, of those who were promised one by somebody."""
    promised = [row.id for row in customers if row.callback_id is not None]
    return {row.customer_id: row.agent_id for row in find_agents(conn, promised, tenant_id=tenant_id)}


def _locked(conn: Connection, campaign: Any, customer_id: int) -> Any:
    return conn.execute(lock_customer, {"tenant_id": campaign.tenant_id, "customer": customer_id}).one()


def _write(conn: Connection, now: datetime, customer: Any, values: dict[str, Any]) -> None:
    chosen = update(table(Customer)).where(CUSTOMER.tenant_id == customer.tenant_id, CUSTOMER.id == customer.id)
    conn.execute(chosen.values(**values, updated_at=now))
