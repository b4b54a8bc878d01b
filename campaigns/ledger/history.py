"""The two histories: facts of calls, and changes of customers. Rows are added, never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from campaigns.models import Change, Fact
from campaigns.statements import Insert
from campaigns.words import Reason, Status

write_facts = Insert(
    Fact,
    ("call_id", "kind", "verdict", "before", "after", "reason", "detail", "receipt_id", "at"),
    shared=("tenant_id", "recorded_at"),
)
write_changes = Insert(
    Change,
    ("campaign_id", "customer_id", "call_id", "callback_id", "before", "after", "reason", "detail"),
    shared=("tenant_id", "actor", "at"),
)


def tell(
    conn: Connection,
    now: datetime,
    rows: Sequence[Any],
    after: Status,
    reason: Reason | None,
    actor: str,
    detail: str | None = None,
    promise: int | None = None,
) -> None:
    """These customers, as they were read, came to another status, or to the same for another reason. `promise`: what
    ended by it without a call."""
    told = [
        {
            "campaign_id": row.campaign_id,
            "customer_id": row.id,
            "call_id": None,
            "callback_id": promise,
            "before": row.status.value,
            "after": after.value,
            "reason": reason,
            "detail": detail,
        }
        for row in rows
    ]
    if told:
        write_changes(conn, told, tenant_id=rows[0].tenant_id, actor=actor, at=now)
