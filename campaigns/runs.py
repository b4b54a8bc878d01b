"""Passes over a campaign's customers (đợt gọi) that a user asks for; those that lists open are opened by `lists`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select

from campaigns import ledger
from campaigns.ledger import NotNow
from campaigns.models import Customer, Run
from campaigns.rows import columns_of, table
from campaigns.words import Reason, Status

CUSTOMER = columns_of(Customer)
RUN = columns_of(Run)
STAYS = (Status.WITHDRAWN, Status.DNC)


@dataclass(frozen=True, slots=True)
class Rerun:
    """Another run: its number within the campaign, who was taken into it, and who stays as he is."""

    ordinal: int
    reopened: int
    left: int


def newest_run(conn: Connection, campaign: Any) -> Any | None:
    """The campaign's latest pass over its customers, None before its first list."""
    mine = select(table(Run)).where(RUN.tenant_id == campaign.tenant_id, RUN.campaign_id == campaign.id)
    return conn.execute(mine.order_by(RUN.ordinal.desc()).limit(1)).first()


def rerun(conn: Connection, now: datetime, campaign: Any, actor: str) -> Rerun:
    """Call all customers of a campaign again, with all their recalls before them; those who were withdrawn, are on the
    do-not-call list, or were brought here only by a triggered call stay as they are. Raises `NotNow` before the first
    list."""
    if newest_run(conn, campaign) is None:
        raise NotNow(f"campaign {campaign.code} has no customers yet: import a list first")
    run_id = ledger.open_run(conn, now, campaign.tenant_id, campaign.id, "rerun")
    mine = (CUSTOMER.tenant_id == campaign.tenant_id, CUSTOMER.campaign_id == campaign.id)
    stays = or_(
        CUSTOMER.status.in_(STAYS),
        CUSTOMER.reason.is_not_distinct_from(Reason.WITHDRAWN),
        # Only a triggered call brought him here; no list asks for him.
        CUSTOMER.expires_at.is_not(None),
    )
    again = list(conn.scalars(select(CUSTOMER.id).where(*mine, ~stays).order_by(CUSTOMER.id)))
    reopened = ledger.reopen(conn, now, campaign.tenant_id, campaign.id, run_id, again, actor)
    left = conn.scalar(select(func.count()).where(*mine, stays)) or 0
    ordinal = conn.scalars(select(RUN.ordinal).where(RUN.id == run_id)).one()
    return Rerun(ordinal, reopened, left)
