"""A campaign's customers in pages, in the order of their ids, each with the one reason why he is where he is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, tuple_

from campaigns.models import Call, Customer
from campaigns.reports.reasons import CUSTOMER, his_open_call, reason_at
from campaigns.rows import table
from campaigns.words import Status


@dataclass(frozen=True, slots=True)
class Listed:
    """`reason` is a word of `Reason`, or a final status that says it all; `row` tells two of one id apart."""

    id: str
    row: int
    name: str
    status: Status
    reason: str
    priority: int
    attempts: int
    attempts_in_all: int
    due_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime


def listed_after(
    conn: Connection,
    now: datetime,
    campaign: Any,
    after: tuple[str, int] | None,
    limit: int,
    status: Status | None = None,
    reason: str | None = None,
) -> list[Listed]:
    """At most so many customers after this id and row."""
    why = reason_at(now)
    joined = table(Customer).outerjoin(table(Call), his_open_call())
    chosen = select(table(Customer), why.label("why")).select_from(joined)
    chosen = chosen.where(CUSTOMER.tenant_id == campaign.tenant_id, CUSTOMER.campaign_id == campaign.id)
    if after is not None:
        chosen = chosen.where(tuple_(CUSTOMER.code, CUSTOMER.id) > after)
    if status is not None:
        chosen = chosen.where(CUSTOMER.status == status)
    if reason is not None:
        chosen = chosen.where(why == reason)
    return [_listed(row) for row in conn.execute(chosen.order_by(CUSTOMER.code, CUSTOMER.id).limit(limit))]


def _listed(row: Any) -> Listed:
    return Listed(
        id=row.code,
        row=row.id,
        name=row.name,
        status=row.status,
        reason=row.why,
        priority=row.priority,
        attempts=row.attempts,
        attempts_in_all=row.attempts_in_all,
        due_at=None if row.status.final else row.due_at,
        finished_at=row.finished_at,
        updated_at=row.updated_at,
    )
