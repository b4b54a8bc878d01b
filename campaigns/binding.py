"""Whose call is this? Vendor call ids and references meet our calls here."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from campaigns.models import Call, Customer
from campaigns.rows import columns_of, in_chunks, table
from campaigns.words import LIVE_STATES, OUR_ORIGINS, CallState

CALL = columns_of(Call)


def by_vendor_id(conn: Connection, account_id: int, call_ids: Iterable[str]) -> dict[str, Any]:
    """Calls that carry one of these vendor call ids."""
    found: dict[str, Any] = {}
    for chunk in in_chunks(sorted(set(call_ids)), 500):
        chosen = select(table(Call)).where(CALL.vendor_account_id == account_id, CALL.vendor_call_id.in_(chunk))
        found.update({row.vendor_call_id: row for row in conn.execute(chosen)})
    return found


def by_reference(conn: Connection, account_id: int, references: Iterable[str]) -> dict[str, Any]:
    """Our calls by the reference that we sent."""
    found: dict[str, Any] = {}
    for chunk in in_chunks(sorted(set(references)), 500):
        chosen = select(table(Call)).where(CALL.vendor_account_id == account_id, CALL.reference.in_(chunk))
        found.update({row.reference: row for row in conn.execute(chosen)})
    return found


def awaiting_id(conn: Connection, account_id: int, phones: Iterable[str]) -> dict[str, Any]:
    """The only live call of ours to each number whose vendor call id is not known yet. A unique index holds "only"."""
    found: dict[str, Any] = {}
    for chunk in in_chunks(sorted(set(phones)), 500):
        chosen = select(table(Call)).where(
            CALL.vendor_account_id == account_id,
            CALL.phone.in_(chunk),
            CALL.vendor_call_id.is_(None),
            CALL.state.in_(LIVE_STATES),
            CALL.origin.in_(OUR_ORIGINS),
        )
        found.update({row.phone: row for row in conn.execute(chosen)})
    return found


def list_ids(conn: Connection, calls: Sequence[Any]) -> dict[int, str]:
    """The list's own id of each call's customer, by call id, where the vendor was given that instead of a reference."""
    columns = columns_of(Customer)
    codes: dict[int, str] = {}
    for chunk in in_chunks([call.customer_id for call in calls if call.customer_id], 500):
        codes.update(dict(conn.execute(select(columns.id, columns.code).where(columns.id.in_(chunk))).all()))
    return {call.id: codes[call.customer_id] for call in calls if call.customer_id in codes}


def to_check(conn: Connection, now: Any, limit: int) -> Sequence[Any]:
    """Calls of which the vendor must be asked now, the longest waiting first."""
    due = and_(CALL.check_at.is_not(None), CALL.check_at <= now)
    return conn.execute(select(table(Call)).where(due).order_by(CALL.check_at).limit(limit)).all()


def at_vendor(conn: Connection, campaign_id: int) -> list[Any]:
    """A queue campaign's calls that the vendor holds and has not been seen to dial."""
    held = or_(CALL.state == CallState.PLACED, CALL.state == CallState.UNSURE)
    chosen = select(table(Call)).where(CALL.campaign_id == campaign_id, held, CALL.ringing_at.is_(None))
    return list(conn.execute(chosen.order_by(CALL.id)))
