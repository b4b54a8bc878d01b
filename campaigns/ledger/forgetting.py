"""Personal fields of the ledger give way to pseudonyms. Nothing else of a row changes, and the chain stays true."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from campaigns.models import Call, Change, Customer, Fact
from campaigns.rows import columns_of, in_chunks
from campaigns.statements import Update, own

CALL = columns_of(Call)
CHANGE = columns_of(Change)
CUSTOMER = columns_of(Customer)
FACT = columns_of(Fact)
Veil = Callable[[str], str]
rewrite_calls = Update(Call, own("phone", "contracts", "recording_url"), where="call.id = :id")
rewrite_facts = Update(Fact, own("detail"), where="fact.id = :id")
rewrite_changes = Update(Change, own("detail"), where="change.id = :id")
rewrite_customers = Update(
    Customer, own("code", "name", "callback_id", "updated_at"), where="customer.id = :id", shared=["updated_at"]
)


def forget_calls(
    conn: Connection, person: Any, veil: Veil, veil_document: Callable[[Any], Any], counted: datetime
) -> int:
    """Wipe a person's calls: addresses of recordings at once, numbers and contracts of what is not counted any more;
    how many calls he has."""
    chosen = select(CALL.id, CALL.phone, CALL.contracts, CALL.recording_url, CALL.intended_at)
    mine = (CALL.tenant_id == person.tenant_id, CALL.person_id == person.id)
    calls = conn.execute(chosen.where(*mine).order_by(CALL.id)).all()
    rewrite_calls(conn, [_call(row, veil, counted) for row in calls])
    for chunk in in_chunks([row.id for row in calls], 500):
        told = select(FACT.id, FACT.detail).where(FACT.tenant_id == person.tenant_id, FACT.call_id.in_(chunk))
        rows = [(row.id, row.detail, veil_document(row.detail)) for row in conn.execute(told.order_by(FACT.id)).all()]
        rewrite_facts(conn, [{"id": one, "detail": after} for one, before, after in rows if after != before])
    return len(calls)


def _call(row: Any, veil: Veil, counted: datetime) -> dict[str, Any]:
    told = {"id": row.id, "phone": row.phone, "contracts": row.contracts, "recording_url": None}
    if row.intended_at <= counted:
        told |= {"phone": veil(row.phone), "contracts": [veil(one) for one in row.contracts]}
    return told


def forget_customers(conn: Connection, now: datetime, tenant_id: int, ids: Sequence[int], veil: Veil) -> None:
    """Wipe customers, and what people noted about them."""
    for chunk in in_chunks(sorted(ids), 500):
        customers = select(CUSTOMER.id, CUSTOMER.code).where(CUSTOMER.tenant_id == tenant_id, CUSTOMER.id.in_(chunk))
        told = [
            {"id": row.id, "code": veil(row.code), "name": "", "callback_id": None}
            for row in conn.execute(customers.order_by(CUSTOMER.id)).all()
        ]
        rewrite_customers(conn, told, updated_at=now)
        noted = select(CHANGE.id, CHANGE.detail).where(
            CHANGE.tenant_id == tenant_id,
            CHANGE.customer_id.in_(chunk),
            CHANGE.detail.is_not(None),
            # The engine writes no names.
            CHANGE.actor != "engine",
        )
        rows = conn.execute(noted.order_by(CHANGE.id)).all()
        rewrite_changes(conn, [{"id": row.id, "detail": veil(row.detail)} for row in rows])


def receipts_of(conn: Connection, person: Any) -> list[int]:
    """The raw hooks by which something was learned of a person's calls."""
    calls = select(CALL.id).where(CALL.tenant_id == person.tenant_id, CALL.person_id == person.id)
    named = (FACT.tenant_id == person.tenant_id, FACT.call_id.in_(calls), FACT.receipt_id.is_not(None))
    return list(conn.scalars(select(FACT.receipt_id).where(*named).distinct()))
