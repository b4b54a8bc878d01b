"""How people were reached otherwise than by a call of ours: messages, letters, visits. They count as reminders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from campaigns.models import Contact
from campaigns.rows import columns_of, in_chunks, table
from campaigns.statements import Find, Insert, aside
from campaigns.words import Channel, Purpose

CONTACT = columns_of(Contact)
CHUNK = 5000
TOLD = (
    "person_id",
    "at",
    "channel",
    "contract_number",
    "phone",
    "purpose",
    "advertiser",
    "conversation",
    "source",
)
MOMENT = (
    CONTACT.person_id,
    CONTACT.phone,
    CONTACT.at,
    CONTACT.channel,
    CONTACT.purpose,
    CONTACT.advertiser,
    CONTACT.contract_number,
    CONTACT.conversation,
)

write_contacts = Insert(Contact, TOLD, shared=("tenant_id", "actor", "recorded_at"), ignoring=True)
find_moments = Find(
    select(*MOMENT).where(CONTACT.tenant_id == bindparam("tenant_id"), CONTACT.at >= bindparam("since")),
    key=CONTACT.person_id,
)
find_moments_by_phone = Find(
    select(*MOMENT).where(aside(CONTACT.tenant_id) == bindparam("tenant_id"), CONTACT.at >= bindparam("since")),
    key=CONTACT.phone,
)


@dataclass(frozen=True, slots=True)
class Reached:
    """One contact. Without a `purpose` it counts for every purpose, without a contract for every debt."""

    person_id: int
    at: datetime
    channel: Channel
    contract_number: str = ""
    phone: str | None = None
    purpose: Purpose | None = None
    advertiser: str | None = None
    conversation: bool = False
    source: str = ""


def record(conn: Connection, now: datetime, tenant_id: int, rows: Sequence[Reached], actor: str) -> int:
    """Write these down; how many are new. The same person, moment, channel and contract is the same contact."""
    written = 0
    told = [{name: getattr(one, name) for name in TOLD} for one in sorted(rows, key=_order)]
    for chunk in in_chunks(told, CHUNK):
        written += write_contacts(conn, chunk, tenant_id=tenant_id, actor=actor, recorded_at=now)
    return written


def _order(one: Reached) -> tuple[int, datetime, str, str]:
    return one.person_id, one.at, one.channel, one.contract_number


def moments(conn: Connection, tenant_id: int, person_ids: Iterable[int], since: datetime) -> Sequence[Any]:
    """The contacts of these people from `since` on, in no order: person, phone, at, channel, purpose, advertiser,
    contract number, conversation."""
    return find_moments(conn, person_ids, tenant_id=tenant_id, since=since)


def moments_by_phone(conn: Connection, tenant_id: int, phones: Iterable[str], since: datetime) -> Sequence[Any]:
    """The contacts with these numbers, whoever's they are; as `moments`."""
    return find_moments_by_phone(conn, phones, tenant_id=tenant_id, since=since)


def history(conn: Connection, tenant_id: int, person_id: int) -> list[Any]:
    """Every contact with one person, newest first."""
    chosen = select(table(Contact)).where(CONTACT.tenant_id == tenant_id, CONTACT.person_id == person_id)
    return list(conn.execute(chosen.order_by(CONTACT.at.desc(), CONTACT.id.desc())))
