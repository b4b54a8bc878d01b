"""Raw webhooks: stored before they are acknowledged, marked when they were understood."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, select, text

from campaigns.models import Receipt
from campaigns.rows import columns_of
from campaigns.statements import Insert, Update, own
from campaigns.words import ReceiptOutcome

RECEIPT = columns_of(Receipt)
STORE = Insert(Receipt, ("tenant_id", "vendor_account_id", "body", "body_hash", "received_at"), ignoring=True)
OLDEST = (
    select(RECEIPT.id, RECEIPT.tenant_id, RECEIPT.vendor_account_id, RECEIPT.body, RECEIPT.received_at)
    .where(RECEIPT.settled_at.is_(None), RECEIPT.vendor_account_id.in_(bindparam("accounts", expanding=True)))
    .order_by(RECEIPT.id)
    .limit(bindparam("at_most", type_=Integer(), literal_execute=True))
    .with_for_update(skip_locked=True, key_share=True)
)
# What PostgreSQL's advisory locks are taken for here, beside which stands the account's id.
SETTLING = 7101
FREE = text("SELECT id FROM unnest(CAST(:accounts AS int[])) AS id WHERE pg_try_advisory_xact_lock(:for, id)")
WAIT = text("SELECT pg_advisory_xact_lock(:for, CAST(:account AS int))")
MARK = Update(Receipt, own("settled_at", "outcome"), where="receipt.id = :id", shared=["settled_at", "outcome"])


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
    return STORE(conn, [rows[key] for key in sorted(rows)])


def free_to_settle(conn: Connection, account_ids: Collection[int]) -> list[int]:
    """Those of these accounts whose evidence nobody else is writing; until the transaction ends nobody else will.

    The hooks of one call may lie with two workers. Each would look for the call before the other has bound it, and
    take it for a stranger's. SQLite has one writer as it is.
    """
    if conn.dialect.name != "postgresql" or not account_ids:
        return sorted(account_ids)
    return sorted(conn.scalars(FREE, {"for": SETTLING, "accounts": sorted(account_ids)}))


def wait_to_settle(conn: Connection, account_id: int) -> None:
    """Wait until nobody else writes evidence of this account. To be taken before any row is locked."""
    if conn.dialect.name == "postgresql":
        conn.execute(WAIT, {"for": SETTLING, "account": account_id})


def unsettled(conn: Connection, limit: int, account_ids: Collection[int]) -> list[Any]:
    """The oldest receipts of these accounts whose meaning was not applied yet, locked for this transaction."""
    return list(conn.execute(OLDEST, {"at_most": limit, "accounts": list(account_ids)}))


def mark(conn: Connection, now: datetime, outcomes: dict[int, ReceiptOutcome]) -> None:
    """These were understood, or will never be."""
    for outcome in sorted(set(outcomes.values())):
        same = [{"id": receipt} for receipt, word in sorted(outcomes.items()) if word is outcome]
        MARK(conn, same, settled_at=now, outcome=outcome)
