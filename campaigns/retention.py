"""Forget what nobody needs any more, a little at a time. Never evidence, never what a cap still counts.

Calls, facts, decisions, changes, suppressions and consents are evidence and stay. Receipts are the raw bytes of hooks:
once settled, their meaning stands in the facts, and the body serves only to look at a vendor's doings again.
"""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from campaigns.models import Receipt
from campaigns.rows import columns_of, table

RECEIPT = columns_of(Receipt)
BATCH = 1000


def prune(conn: Connection, before: datetime) -> int:
    """Delete one small batch of receipts that were settled before this moment; how many. Zero: all are gone."""
    old = select(RECEIPT.id).where(RECEIPT.settled_at.is_not(None), RECEIPT.received_at < before)
    batch = list(conn.scalars(old.order_by(RECEIPT.received_at).limit(BATCH)))
    if batch:
        conn.execute(delete(table(Receipt)).where(RECEIPT.id.in_(batch)))
    return len(batch)
