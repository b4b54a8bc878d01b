"""A campaign's customers in parts, each with the one reason why he is where he is."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from campaigns import dnc, pages
from campaigns.models import Customer
from campaigns.pages import Cut, Filter, Listing, Part, Sort
from campaigns.reports.reasons import CALL, CUSTOMER, reason_at
from campaigns.rows import WAITING
from campaigns.words import WAITING_STATUSES, Status

CUSTOMER_SORTS: pages.Sorts = {
    "id": Sort((CUSTOMER.code, CUSTOMER.id)),
    "due_at": Sort((CUSTOMER.due_at, CUSTOMER.id), only=(WAITING,)),
}
"""Who is final is due no more: the order `due_at` is of those who wait."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which customers; None narrows nothing. `reason` is a word of `Reason`, or a final status that says it all; `due`:
    who waits and is due before this moment; `number` in E.164."""

    status: Status | None = None
    reason: str | None = None
    due: datetime | None = None
    number: str | None = None


def read_customers(conn: Connection, now: datetime, campaign: Any, sought: Sought, cut: Cut) -> Part:
    """Customers of a campaign, each with his reason as `why`."""
    few = []
    if sought.number is not None:
        few.append(CUSTOMER.id.in_(dnc.listed_with(conn, campaign.tenant_id, [sought.number])))
    scope = (CUSTOMER.tenant_id == campaign.tenant_id, CUSTOMER.campaign_id == campaign.id)
    filters = _filters(now, sought)
    return pages.read(conn, Listing(Customer, CUSTOMER_SORTS, scope, few, filters, partial(_told, now)), cut)


def _filters(now: datetime, sought: Sought) -> list[Filter]:
    found = pages.matching(status=sought.status)
    if sought.reason is not None:
        found.append(lambda of: _why(now, of) == sought.reason)
    if sought.due is not None:
        found.append(lambda of: and_(of.status.in_(WAITING_STATUSES), of.due_at < sought.due))
    return found


def _told(now: datetime, source: Any) -> Select[Any]:
    return select(source, _why(now, source.c).label("why"))


def _why(now: datetime, of: Any) -> ColumnElement[str]:
    # Asked row by row: a plan that joins would read all calls for a page of customers.
    state = select(CALL.state).where(CALL.tenant_id == of.tenant_id, CALL.id == of.open_call_id).scalar_subquery()
    why: ColumnElement[str] = reason_at(now, of, state)
    return why
