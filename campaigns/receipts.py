"""Raw webhooks: stored before they are acknowledged, marked when they were understood."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from campaigns.models import Receipt
from campaigns.rows import columns_of, in_chunks, insert_ignoring, table
from campaigns.words import ReceiptOutcome

RECEIPT = columns_of(Receipt)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as it came in."""

    tenant_id: int
    vendor_account_id: int
    body: bytes
    received_at: datetime


def store(conn: Connection, deliveries: Sequence[Delivery]) -> int:
    """Write these, in key order; how many were new. A body seen before is the vendor repeating himself."""
    rows = {}
    for one in deliveries:
        digest = hashlib.sha256(one.body).digest()
        rows[(one.vendor_account_id, digest)] = {
            "tenant_id": one.tenant_id,
            "vendor_account_id": one.vendor_account_id,
            "body": one.body,
            "body_hash": digest,
            "received_at": one.received_at,
        }
    return sum(insert_ignoring(conn, Receipt, chunk) for chunk in in_chunks([rows[key] for key in sorted(rows)], 500))


def unsettled(conn: Connection, limit: int) -> list[Any]:
    """The oldest receipts whose meaning was not applied yet, locked for this transaction."""
    chosen = select(table(Receipt)).where(RECEIPT.settled_at.is_(None)).order_by(RECEIPT.id).limit(limit)
    return list(conn.execute(chosen.with_for_update(skip_locked=True)))


def mark(conn: Connection, now: datetime, outcomes: dict[int, ReceiptOutcome]) -> None:
    """These were understood, or will never be."""
    statement = update(table(Receipt)).where(RECEIPT.id == bindparam("b_id"))
    rows = [{"b_id": receipt, "b_outcome": outcome} for receipt, outcome in sorted(outcomes.items())]
    if rows:
        conn.execute(statement.values(settled_at=now, outcome=bindparam("b_outcome")), rows)
