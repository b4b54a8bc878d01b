"""What becomes of a promised call: kept by one, open again where that one never rang, or withdrawn.

While a promise is open its customer waits, stands before every list, and the promise remembers his own priority. A call
that another system triggered is a promise too: due at once, with an end, and behind what people promised. Each function
is given customers who are locked; a promise is only ever written under the lock of its customer.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from campaigns.ledger.history import write_changes
from campaigns.models import Callback, Customer
from campaigns.rows import columns_of, spelled, table
from campaigns.statements import Find, Update, own
from campaigns.words import Promise, Reason, Status

CALLBACK = columns_of(Callback)
CUSTOMER = columns_of(Customer)
CALLBACK_PRIORITY = -(2**31)
"""Smaller than any that a list can give, which has six digits."""
WITHDRAWN = "the promised call is withdrawn"
"""So a change is explained by which nothing but a promise ended."""
TRIGGER_PRIORITY = CALLBACK_PRIORITY + 1
"""Behind those who were promised a call by a person, before every list."""
OPEN = spelled(CALLBACK.promise, [Promise.OPEN])

find_open = Find(
    select(table(Callback)).where(CALLBACK.tenant_id == bindparam("tenant_id"), OPEN), key=CALLBACK.customer_id
)
write_callbacks = Update(
    Callback, own("promise", "priority", "call_id", "reason", "closed_at"), where="callback.id = :id"
)
write_priorities = Update(Callback, own("priority"), where="callback.id = :id")
write_places = Update(
    Customer, own("priority", "callback_id", "updated_at"), where="customer.id = :id", shared=["updated_at"]
)
write_turns = Update(Customer, own("due_at", "reason", "updated_at"), where="customer.id = :id", shared=["updated_at"])


def place_of(row: Any) -> int:
    """The priority that a customer has by this promise."""
    return CALLBACK_PRIORITY if row.not_after is None else TRIGGER_PRIORITY


def reason_of(row: Any) -> Reason:
    """Why a customer with this promise waits."""
    return Reason.CALLBACK if row.not_after is None else Reason.TRIGGERED


def listed_priority() -> Any:
    """The expression: the priority that a customer's list gave him, also while he stands before every list."""
    before = select(CALLBACK.priority).where(CALLBACK.id == CUSTOMER.callback_id).scalar_subquery()
    return func.coalesce(before, CUSTOMER.priority)


def standing(conn: Connection, tenant_id: int, customer_ids: Collection[int]) -> dict[int, Any]:
    """The open promises to these customers, by customer."""
    return {row.customer_id: row for row in find_open(conn, customer_ids, tenant_id=tenant_id)}


def keep(conn: Connection, now: datetime, promised: Mapping[int, Any], calls: Mapping[int, int]) -> None:
    """These calls, by customer, are the promised ones; who has none of them goes on waiting."""
    rows = [(promised[customer], call) for customer, call in sorted(calls.items()) if customer in promised]
    write_callbacks(conn, [closed(now, row, Promise.KEPT, call) for row, call in rows])
    write_places(conn, [freed(row) for row, _ in rows], updated_at=now)


def dissolve(
    conn: Connection, now: datetime, customers: Sequence[Any], status: Status, reason: Reason, actor: str
) -> None:
    """Withdraw what was promised to these customers, who came to this status for this reason."""
    concerned = [row for row in customers if row.callback_id is not None]
    if not concerned:
        return
    rows = list(standing(conn, concerned[0].tenant_id, [row.id for row in concerned]).values())
    write_callbacks(conn, [closed(now, row, Promise.WITHDRAWN, row.call_id, reason) for row in by_id(rows)])
    write_places(conn, [freed(row) for row in rows], updated_at=now)
    tell_withdrawn(conn, now, rows, status, reason, actor)


def tell_withdrawn(
    conn: Connection, now: datetime, rows: Sequence[Any], status: Status, reason: Reason | None, actor: str
) -> None:
    """Write into these customers' history that what was promised to them is withdrawn, and why."""
    told = [
        {
            "campaign_id": row.campaign_id,
            "customer_id": row.customer_id,
            "call_id": None,
            "callback_id": row.id,
            "before": status.value,
            "after": status.value,
            "reason": reason,
            "detail": WITHDRAWN,
        }
        for row in rows
    ]
    if told:
        write_changes(conn, told, tenant_id=rows[0].tenant_id, actor=actor, at=now)


def stand(conn: Connection, now: datetime, tenant_id: int, customer_ids: Collection[int]) -> None:
    """These customers' turn is when it was promised, whatever was written meanwhile."""
    rows = standing(conn, tenant_id, customer_ids)
    turns = [{"id": customer, "due_at": row.at, "reason": reason_of(row)} for customer, row in rows.items()]
    write_turns(conn, turns, updated_at=now)


def reprioritise(conn: Connection, tenant_id: int, priorities: Mapping[int, int]) -> None:
    """What a list says of customers who were promised a call: their priority afterwards, by customer."""
    rows = by_id(standing(conn, tenant_id, priorities).values())
    write_priorities(conn, [{"id": row.id, "priority": priorities[row.customer_id]} for row in rows])


def closed(
    now: datetime, row: Any, promise: Promise, call_id: int | None, reason: Reason | None = None
) -> dict[str, Any]:
    """A promise that is open no more, as `write_callbacks` takes it."""
    told = {"promise": promise, "priority": row.priority, "call_id": call_id, "reason": reason, "closed_at": now}
    return {"id": row.id, **told}


def freed(row: Any) -> dict[str, Any]:
    """The customer of a promise that is open no more, in his own place, as `write_places` takes him."""
    return {"id": row.customer_id, "priority": row.priority, "callback_id": None}


def by_id(rows: Any) -> list[Any]:
    return sorted(rows, key=lambda row: int(row.id))
