"""Suppress, lift, and ask who is suppressed. Entries are end-dated, never deleted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from campaigns.models import Call, Campaign, Customer, Number, Person, Suppression
from campaigns.rows import LIVE, columns_of, table
from campaigns.statements import Find, Insert
from campaigns.words import Purpose, Scope, Subject

EVERY_PURPOSE = "all"
REGISTER_SOURCE = "register:"
"""How the source of an entry begins that came with a register's copy."""
SUPPRESSION = columns_of(Suppression)
CALL = columns_of(Call)

write_suppressions = Insert(
    Suppression,
    ("scope", "campaign_id", "subject_kind", "subject", "purpose", "source", "reason"),
    shared=("tenant_id", "actor", "since"),
    ignoring=True,
)
find_suppressed = Find(
    select(SUPPRESSION.subject).where(
        SUPPRESSION.tenant_id == bindparam("tenant_id"),
        SUPPRESSION.subject_kind == bindparam("kind"),
        SUPPRESSION.until.is_(None),
        or_(SUPPRESSION.purpose == EVERY_PURPOSE, SUPPRESSION.purpose == bindparam("purpose")),
        or_(SUPPRESSION.campaign_id.is_(None), SUPPRESSION.campaign_id == bindparam("campaign_id")),
    ),
    key=SUPPRESSION.subject,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """Whom not to call: a number in E.164 or the list's own id of a person; tenant-wide without a campaign."""

    subject_kind: Subject
    subject: str
    campaign_id: int | None = None
    purpose: str = EVERY_PURPOSE
    source: str = ""
    reason: str = ""


def suppress(conn: Connection, now: datetime, tenant_id: int, entries: Sequence[Entry], actor: str) -> int:
    """Put these on the list; how many were not there yet. Takes effect at the next claim."""
    rows = {
        (e.campaign_id or 0, e.subject_kind, e.subject, e.purpose): {
            "scope": Scope.CAMPAIGN if e.campaign_id else Scope.TENANT,
            "campaign_id": e.campaign_id,
            "subject_kind": e.subject_kind,
            "subject": e.subject,
            "purpose": e.purpose,
            "source": e.source,
            "reason": e.reason,
        }
        for e in entries
    }
    return write_suppressions(conn, [rows[key] for key in sorted(rows)], tenant_id=tenant_id, actor=actor, since=now)


def lift(
    conn: Connection, now: datetime, tenant_id: int, subjects: Iterable[str], actor: str, campaign_id: int | None = None
) -> list[str]:
    """End the open entries of these numbers or ids in this scope; the subjects that had one. A register's entries end
    with a copy that no longer holds them, and not by hand."""
    scope = SUPPRESSION.campaign_id == campaign_id if campaign_id else SUPPRESSION.campaign_id.is_(None)
    open_entry = and_(
        SUPPRESSION.tenant_id == tenant_id,
        SUPPRESSION.until.is_(None),
        scope,
        SUPPRESSION.subject.in_(list(subjects)),
        SUPPRESSION.source.not_like(f"{REGISTER_SOURCE}%"),
    )
    found = list(conn.scalars(select(SUPPRESSION.subject).where(open_entry)))
    conn.execute(update(table(Suppression)).where(open_entry).values(until=now, lifted_by=actor))
    return sorted(set(found))


def suppressed(
    conn: Connection,
    tenant_id: int,
    campaign_id: int,
    purpose: Purpose | None,
    phones: Iterable[str],
    person_keys: Iterable[str],
) -> tuple[set[str], set[str]]:
    """Which of these phones and list ids this campaign must not call."""
    bound = {"tenant_id": tenant_id, "campaign_id": campaign_id, "purpose": purpose or EVERY_PURPOSE}
    numbers = find_suppressed(conn, phones, kind=Subject.NUMBER, **bound)
    people = find_suppressed(conn, person_keys, kind=Subject.PERSON, **bound)
    return {row.subject for row in numbers}, {row.subject for row in people}


def history(conn: Connection, tenant_id: int, subject: str) -> list[Any]:
    """Every entry that a number or id ever had, oldest first."""
    chosen = select(table(Suppression)).where(SUPPRESSION.tenant_id == tenant_id, SUPPRESSION.subject == subject)
    return list(conn.execute(chosen.order_by(SUPPRESSION.since, SUPPRESSION.id)))


def live_calls(conn: Connection, tenant_id: int, entries: Sequence[Entry]) -> list[Any]:
    """The calls that an entry comes too late for, or that must be taken back: call, campaign and customer."""
    phones = [e.subject for e in entries if e.subject_kind is Subject.NUMBER]
    keys = [e.subject for e in entries if e.subject_kind is Subject.PERSON]
    customer, campaign, person = columns_of(Customer), columns_of(Campaign), columns_of(Person)
    chosen = (
        select(CALL.id, CALL.phone, CALL.state, CALL.mode, campaign.code.label("campaign"), customer.code)
        .join(table(Customer), CALL.customer_id == customer.id)
        .join(table(Campaign), CALL.campaign_id == campaign.id)
        .join(table(Person), CALL.person_id == person.id)
        .where(CALL.tenant_id == tenant_id, LIVE)
        .where(or_(CALL.phone.in_(phones), and_(person.key_kind == Subject.PERSON, person.key.in_(keys))))
        .order_by(CALL.id)
    )
    return list(conn.execute(chosen))


def listed_with(conn: Connection, tenant_id: int, subjects: Iterable[str]) -> list[int]:
    """The customers whom these numbers or ids concern."""
    subjects = list(subjects)
    customer, person, number = columns_of(Customer), columns_of(Person), columns_of(Number)
    by_number = select(number.person_id).where(number.tenant_id == tenant_id, number.phone.in_(subjects))
    by_key = select(person.id).where(person.tenant_id == tenant_id, person.key.in_(subjects))
    concerned = select(customer.id).where(
        customer.tenant_id == tenant_id, or_(customer.person_id.in_(by_number), customer.person_id.in_(by_key))
    )
    return list(conn.scalars(concerned.order_by(customer.id)))
