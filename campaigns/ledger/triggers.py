"""Calls that another system triggers: promises with an end, and where a customer stands when one ends without a call.

Who was brought onto the list only by a triggered call (`expires_at` is set) is called for that one order and never by
the list; who stands on the list anyway goes back to his own turn.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from campaigns.ledger import consequences, promises
from campaigns.ledger.commands import NotNow
from campaigns.ledger.consequences import Plan
from campaigns.ledger.customers import find_locked
from campaigns.ledger.history import tell
from campaigns.ledger.promises import CALLBACK, TRIGGER_PRIORITY
from campaigns.ledger.settle import Step, progress_of
from campaigns.models import Call, Callback, Customer
from campaigns.retries import Tally
from campaigns.rows import columns_of, table
from campaigns.statements import Find, Update, own
from campaigns.timing import Timing
from campaigns.words import Promise, Reason, Status, TriggerState

CALL = columns_of(Call)
CUSTOMER = columns_of(Customer)
LAPSES = 500
"""So many are ended in one transaction."""
STANDS = ("status", "reason", "due_at", "finished_at", "priority", "callback_id", "lease_token", "lease_until")
find_endings = Find(
    select(table(Call))
    .where(CALL.tenant_id == bindparam("tenant_id"), CALL.outcome.is_not(None))
    .order_by(CALL.customer_id, CALL.id),
    key=CALL.customer_id,
)
find_overdue = (
    select(CALLBACK.customer_id)
    .where(
        CALLBACK.tenant_id == bindparam("tenant_id"),
        CALLBACK.campaign_id == bindparam("campaign_id"),
        promises.OPEN,
        CALLBACK.not_after <= bindparam("now"),
    )
    .order_by(CALLBACK.not_after, CALLBACK.id)
    .limit(LAPSES)
)
make_promise = insert(table(Callback)).returning(CALLBACK.id)
write_customers = Update(
    Customer,
    own(*STANDS, "expires_at", "updated_at"),
    where="customer.id = :id",
    shared=["updated_at"],
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What is wanted: until when, by whose clock, by whom (None: any agent), whether to wait where it is withheld now,
    and at which numbers (none: any of his)."""

    not_after: datetime
    zone: str
    agent_id: int | None = None
    waits: bool = False
    phones: tuple[str, ...] = ()


def trigger(conn: Connection, now: datetime, campaign: Any, customer: Any, wish: Trigger, actor: str) -> int:
    """Promise this locked customer a call at once, also one who is final; the promise's id. Raises `NotNow` while he is
    promised another."""
    refuse_second(campaign, customer)
    made = _write(conn, now, campaign, customer, wish, actor, {"promise": Promise.OPEN})
    status = waiting(customer)
    waits = {"status": status, "reason": Reason.TRIGGERED, "due_at": now, "finished_at": None}
    place = {"priority": TRIGGER_PRIORITY, "callback_id": made, "lease_token": None, "lease_until": None}
    _place(conn, now, customer, wish, waits | place)
    tell(conn, now, [customer], status, Reason.TRIGGERED, actor, _told(wish))
    return made


def withhold(
    conn: Connection, now: datetime, campaign: Any, customer: Any, wish: Trigger, reason: Reason, actor: str
) -> int:
    """Write down a triggered call that ended at the door, for this reason; its id. Raises `NotNow` as `trigger`."""
    refuse_second(campaign, customer)
    closed = {"promise": Promise.WITHDRAWN, "reason": reason, "closed_at": now}
    made = _write(conn, now, campaign, customer, wish, actor, closed)
    over = _over(now, reason) if customer.expires_at is not None and not customer.status.final else {}
    _place(conn, now, customer, wish, over)
    after = over.get("status", customer.status)
    tell(conn, now, [customer], after, reason, actor, "a triggered call was withheld", made)
    return made


def refuse_second(campaign: Any, customer: Any) -> None:
    """One order at a time. Raises `NotNow`."""
    if customer.callback_id is not None:
        raise NotNow(f"customer {customer.code} of {campaign.code} is promised a call already: withdraw that first")


def waiting(customer: Any) -> Status:
    """How somebody waits: as new until he was called in this run."""
    return Status.QUEUE if customer.attempts or customer.open_call_id is not None else Status.NEW


def ended(reason: Reason | None) -> TriggerState:
    """As what an order ended without a call that was withdrawn for this reason."""
    match reason:
        case Reason.EXPIRED:
            return TriggerState.EXPIRED
        case Reason.WITHDRAWN | None:
            return TriggerState.CANCELLED
    return TriggerState.WITHHELD


def overdue(conn: Connection, now: datetime, campaign: Any) -> list[int]:
    """Customers of the campaign whose triggered calls are over, and were not made."""
    which = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id, "now": now}
    return list(conn.scalars(find_overdue, which))


def lapse(
    conn: Connection,
    now: datetime,
    timing: Timing,
    campaign: Any,
    because: Mapping[int, Reason],
    actor: str = "engine",
) -> int:
    """End what is promised to these customers, for these reasons, and any claim for it: each stands where his calls of
    this run have brought him; how many."""
    if not because:
        return 0
    customers = find_locked(conn, because, tenant_id=campaign.tenant_id)
    found = promises.standing(conn, campaign.tenant_id, because)
    # Before they were locked, somebody may have promised one of them another call.
    standing = {key: row for key, row in found.items() if because[key] is not Reason.EXPIRED or _over_by(row, now)}
    concerned = [row for row in customers if row.id in standing]
    closings = [
        promises.closed(now, row, Promise.WITHDRAWN, row.call_id, because[row.customer_id])
        for row in promises.by_id(standing.values())
    ]
    promises.write_callbacks(conn, closings)
    stands = _without(conn, now, timing, campaign, concerned, because)
    rows = [_row(row) | stands[row.id] | {"priority": standing[row.id].priority} for row in concerned]
    write_customers(conn, rows, updated_at=now)
    for row in concerned:
        after = stands[row.id].get("status", row.status)
        tell(conn, now, [row], after, because[row.id], actor, promises.WITHDRAWN, standing[row.id].id)
    return len(concerned)


def _over_by(promise: Any, now: datetime) -> bool:
    return promise.not_after is not None and promise.not_after <= now


def adopt(conn: Connection, now: datetime, tenant_id: int, customer_ids: Collection[int], actor: str) -> None:
    """A list names these, whom only a triggered call had brought here: they are its customers like any other."""
    found = find_locked(conn, customer_ids, tenant_id=tenant_id)
    chosen = [row for row in found if row.expires_at is not None]
    again = [row for row in chosen if row.status is Status.EXPIRED]
    fresh = {row.id: {"status": waiting(row), "reason": None, "due_at": now, "finished_at": None} for row in again}
    rows = [_row(row) | fresh.get(row.id, {}) | {"expires_at": None} for row in chosen]
    write_customers(conn, rows, updated_at=now)
    for row in again:
        tell(conn, now, [row], waiting(row), None, actor, "named by a list")


def _write(
    conn: Connection,
    now: datetime,
    campaign: Any,
    customer: Any,
    wish: Trigger,
    actor: str,
    standing: dict[str, Any],
) -> int:
    row = {
        "tenant_id": campaign.tenant_id,
        "campaign_id": campaign.id,
        "customer_id": customer.id,
        "agent_id": wish.agent_id,
        "at": now,
        "zone": wish.zone,
        "note": "",
        "priority": customer.priority,
        "not_after": wish.not_after,
        "waits": wish.waits,
        "phones": list(wish.phones),
        "actor": actor,
        "created_at": now,
    }
    return int(conn.execute(make_promise, row | standing).scalar_one())


def _place(conn: Connection, now: datetime, customer: Any, wish: Trigger, values: dict[str, Any]) -> None:
    ends = {"expires_at": wish.not_after} if customer.expires_at is not None else {}
    if values or ends:
        write_customers(conn, [_row(customer) | ends | values], updated_at=now)


def _row(customer: Any) -> dict[str, Any]:
    """A customer as he stands, for `write_customers`."""
    return {name: getattr(customer, name) for name in ("id", *STANDS, "expires_at")}


def _over(now: datetime, reason: Reason) -> dict[str, Any]:
    """How somebody stands whom only a triggered call had brought here, and it is over. That an order was taken back
    does not withdraw him: another may come."""
    said = Reason.EXPIRED if reason is Reason.WITHDRAWN else reason
    return {"status": Status.EXPIRED, "reason": said, "finished_at": now}


def _without(
    conn: Connection,
    now: datetime,
    timing: Timing,
    campaign: Any,
    customers: Sequence[Any],
    because: Mapping[int, Reason],
) -> dict[int, dict[str, Any]]:
    """Where each would stand without the promise. A live call of his goes on, and its end decides."""
    free = [row for row in customers if row.open_call_id is None]
    stands: dict[int, dict[str, Any]] = {row.id: {"callback_id": None} for row in customers}
    by_calls = _by_their_calls(conn, now, timing, campaign, free)
    for row in free:
        values = by_calls.get(row.id, {"status": waiting(row), "reason": None, "due_at": now, "finished_at": None})
        if row.expires_at is not None and not values["status"].final:
            values = _over(now, because[row.id])
        stands[row.id] |= values | {"lease_token": None, "lease_until": None}
    return stands


def _by_their_calls(
    conn: Connection, now: datetime, timing: Timing, campaign: Any, customers: Sequence[Any]
) -> dict[int, dict[str, Any]]:
    """The last call of each in this run decides, as if it ended only now."""
    known = {row.id: row for row in customers}
    endings = find_endings(conn, known, tenant_id=campaign.tenant_id)
    last = {call.customer_id: call for call in endings if call.run_id == known[call.customer_id].run_id}
    steps = {key: Step(call, progress_of(call), progress_of(call)) for key, call in last.items()}
    policy = consequences.policy_of(campaign, timing)
    counted = consequences.tallies(conn, now, list(steps.values()), {campaign.id: policy})
    told = {}
    for key, step in steps.items():
        own_policy = policy if known[key].expires_at is None else replace(policy, max_recall_count=0)
        plan = Plan(own_policy, counted.get(step.call.id, Tally()))
        values = consequences.settled(now, step, plan, known[key].attempts)
        told[key] = {name: value for name, value in values.items() if name in STANDS}
    return told


def _told(wish: Trigger) -> str:
    return f"triggered, not after {wish.not_after.isoformat(timespec='seconds')}"
