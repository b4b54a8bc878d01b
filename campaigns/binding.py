"""Whose call is this? Vendor call ids and references meet our calls here."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, and_, bindparam, or_, select

from campaigns.models import Agent, Call, Customer, VendorAccount
from campaigns.rows import LIVE, OURS, columns_of, table
from campaigns.statements import ONE, Find, aside
from campaigns.words import CallState

AGENT = columns_of(Agent)
CALL = columns_of(Call)
CUSTOMER = columns_of(Customer)
ACCOUNT = columns_of(VendorAccount)

TENANT = CALL.tenant_id == select(ACCOUNT.tenant_id).where(ACCOUNT.id == bindparam("account_id")).scalar_subquery()
ON_ACCOUNT = and_(TENANT, CALL.vendor_account_id == bindparam("account_id"))
BOUND = (
    CALL.id,
    CALL.campaign_id,
    CALL.vendor_account_id,
    CALL.phone,
    CALL.reference,
    CALL.vendor_call_id,
    CALL.call_id_confirmed,
    CALL.mode,
    select(AGENT.extension).where(AGENT.id == CALL.agent_id).scalar_subquery().label("reserved"),
)
find_by_vendor_id = Find(select(*BOUND).where(ON_ACCOUNT), key=CALL.vendor_call_id)
# A reference is its tenant's: an index by account would be one over all calls of the account.
find_by_reference = Find(
    select(*BOUND).where(TENANT, aside(CALL.vendor_account_id) == bindparam("account_id")), key=CALL.reference
)
find_awaiting_id = Find(
    select(*BOUND).where(ON_ACCOUNT, CALL.vendor_call_id.is_(None), LIVE, OURS),
    key=CALL.phone,
)
find_to_check = (
    select(table(Call))
    .where(CALL.check_at.is_not(None), CALL.check_at <= bindparam("now"))
    .order_by(CALL.check_at)
    .limit(bindparam("at_most", type_=Integer()))
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
    return conn.execute(find_to_check, {"now": now, "at_most": limit}).all()


def live_of(tenant_id: Any, account_id: Any, campaign_id: Any) -> ColumnElement[bool]:
    """The condition: a live call of this campaign."""
    mine = (CALL.tenant_id == tenant_id, CALL.vendor_account_id == account_id, CALL.campaign_id == campaign_id)
    return and_(*mine, LIVE)


OF_CAMPAIGN = live_of(bindparam("tenant"), bindparam("account"), bindparam("campaign"))
UNDIALED = and_(or_(CALL.state == CallState.PLACED, CALL.state == CallState.UNSURE), CALL.ringing_at.is_(None))
find_at_vendor = select(table(Call)).where(OF_CAMPAIGN, UNDIALED).order_by(CALL.id)
find_live = select(CALL.id).where(OF_CAMPAIGN).limit(ONE)


def at_vendor(conn: Connection, campaign: Any) -> list[Any]:
    """A queue campaign's calls that the vendor holds and has not been seen to dial."""
    return list(conn.execute(find_at_vendor, _which(campaign)))


def nobody_lives(conn: Connection, campaign: Any) -> bool:
    """Whether no call of a campaign is live."""
    return conn.execute(find_live, _which(campaign)).first() is None


def _which(campaign: Any) -> dict[str, Any]:
    return {"tenant": campaign.tenant_id, "account": campaign.vendor_account_id, "campaign": campaign.id}
