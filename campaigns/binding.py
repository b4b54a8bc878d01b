"""Whose call is this? Vendor call ids and references meet our calls here."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select

from campaigns.models import Call, Customer, VendorAccount
from campaigns.rows import LIVE, OURS, columns_of, table
from campaigns.statements import Find
from campaigns.words import CallState

CALL = columns_of(Call)
CUSTOMER = columns_of(Customer)
ACCOUNT = columns_of(VendorAccount)

ON_ACCOUNT = and_(
    CALL.tenant_id == select(ACCOUNT.tenant_id).where(ACCOUNT.id == bindparam("account_id")).scalar_subquery(),
    CALL.vendor_account_id == bindparam("account_id"),
)
BOUND = (
    CALL.id,
    CALL.campaign_id,
    CALL.vendor_account_id,
    CALL.phone,
    CALL.reference,
    CALL.vendor_call_id,
    CALL.call_id_confirmed,
)
find_by_vendor_id = Find(select(*BOUND).where(ON_ACCOUNT), key=CALL.vendor_call_id)
find_by_reference = Find(select(*BOUND).where(ON_ACCOUNT), key=CALL.reference)
find_awaiting_id = Find(
    select(*BOUND).where(ON_ACCOUNT, CALL.vendor_call_id.is_(None), LIVE, OURS),
    key=CALL.phone,
)
find_codes = Find(select(CUSTOMER.id, CUSTOMER.code), key=CUSTOMER.id)


def by_vendor_id(conn: Connection, account_id: int, call_ids: Iterable[str]) -> dict[str, Any]:
    """Calls that carry one of these vendor call ids."""
    return {row.vendor_call_id: row for row in find_by_vendor_id(conn, call_ids, account_id=account_id)}


def by_reference(conn: Connection, account_id: int, references: Iterable[str]) -> dict[str, Any]:
    """Our calls by the reference that we sent."""
    return {row.reference: row for row in find_by_reference(conn, references, account_id=account_id)}


def awaiting_id(conn: Connection, account_id: int, phones: Iterable[str]) -> dict[str, Any]:
    """The only live call of ours to each number whose vendor call id is not known yet. A unique index holds "only"."""
    return {row.phone: row for row in find_awaiting_id(conn, phones, account_id=account_id)}


def list_ids(conn: Connection, calls: Sequence[Any]) -> dict[int, str]:
    """The list's own id of each call's customer, by call id, where the vendor was given that instead of a reference."""
    customers = [call.customer_id for call in calls if call.customer_id]
    codes: dict[int, str] = {row.id: row.code for row in find_codes(conn, customers)}
    return {call.id: codes[call.customer_id] for call in calls if call.customer_id in codes}


def to_check(conn: Connection, now: Any, limit: int) -> Sequence[Any]:
    """Calls of which the vendor must be asked now, the longest waiting first."""
    due = and_(CALL.check_at.is_not(None), CALL.check_at <= now)
    return conn.execute(select(table(Call)).where(due).order_by(CALL.check_at).limit(limit)).all()


def live_of(campaign: Any) -> ColumnElement[bool]:
    """The condition: a live call of this campaign."""
    return and_(
        CALL.tenant_id == campaign.tenant_id,
        CALL.vendor_account_id == campaign.vendor_account_id,
        CALL.campaign_id == campaign.id,
        LIVE,
    )


def at_vendor(conn: Connection, campaign: Any) -> list[Any]:
    """A queue campaign's calls that the vendor holds and has not been seen to dial."""
    held = or_(CALL.state == CallState.PLACED, CALL.state == CallState.UNSURE)
    chosen = select(table(Call)).where(live_of(campaign), held, CALL.ringing_at.is_(None))
    return list(conn.execute(chosen.order_by(CALL.id)))
