"""One number, for whoever complains: every call with it, also inbound and by hand, and who listed it."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, or_, select

from campaigns.models import (
    Agent,
    Call,
    Campaign,
    Contact,
    Customer,
    Debt,
    ListImport,
    Number,
    Person,
    Suppression,
)
from campaigns.rows import columns_of, table
from campaigns.words import CallState, Channel, Origin, Outcome, Role, Subject

CALL = columns_of(Call)


@dataclass(frozen=True, slots=True)
class DayOfCalls:
    """How many calls there were on a day of the tenant's clock, and by whom: a campaign, `hand` or `inbound`."""

    day: date
    calls: int
    by: dict[str, int]


@dataclass(frozen=True, slots=True)
class NumberCall:
    """One call with the number. `rang`: whether it may have rung; `agent` is who talked, or was to."""

    id: int
    at: datetime
    by: str
    origin: Origin
    person: str | None
    role: Role | None
    hotline: str | None
    agent: str | None
    outcome: Outcome | None
    billsec: int | None
    recording_url: str | None
    rang: bool
    rulebook: str


@dataclass(frozen=True, slots=True)
class Owner:
    """A person whose number it is, or was."""

    person: str
    name: str
    role: Role
    note: str
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListRow:
    """The row of a list that named a person of this number, and who imported it."""

    campaign: str
    customer: str
    file_name: str
    row_number: int
    contract: str
    imported_by: str
    imported_at: datetime


@dataclass(frozen=True, slots=True)
class DncEntry:
    """What the do-not-call list said of the number or of its people, in force or not any more."""

    subject: str
    scope: str
    purpose: str
    since: datetime
    until: datetime | None
    source: str
    reason: str
    actor: str
    lifted_by: str | None


@dataclass(frozen=True, slots=True)
class Reminder:
    """A contact that was no call of ours."""

    at: datetime
    channel: Channel
    person: str | None
    source: str
    actor: str


@dataclass(frozen=True, slots=True)
class NumberStory:
    number: str
    days: Sequence[DayOfCalls]
    calls: Sequence[NumberCall]
    owners: Sequence[Owner]
    lists: Sequence[ListRow]
    entries: Sequence[DncEntry]
    contacts: Sequence[Reminder]


def number_story(conn: Connection, tenant: Any, phone: str, also: Collection[str] = ()) -> NumberStory:
    """All that the ledger knows of a number in E.164. `also`: what stands in its place where somebody was erased."""
    spelled = [phone, *also]
    calls = _calls(conn, tenant, spelled)
    people = _people(conn, tenant, spelled, calls)
    return NumberStory(
        number=phone,
        days=_days([call for call in calls if call.rang], tenant.zone),
        calls=calls,
        owners=_owners(conn, tenant, spelled),
        lists=_lists(conn, tenant, people),
        entries=_entries(conn, tenant, phone, people),
        contacts=_contacts(conn, tenant, spelled),
    )


def _calls(conn: Connection, tenant: Any, spelled: Sequence[str]) -> list[NumberCall]:
    campaign, person, agent = columns_of(Campaign), columns_of(Person), columns_of(Agent)
    joined = table(Call).outerjoin(table(Campaign), CALL.campaign_id == campaign.id)
    joined = joined.outerjoin(table(Person), CALL.person_id == person.id)
    # Who reserved an agent names him, and so does the vendor's word of who talked.
    joined = joined.outerjoin(table(Agent), CALL.agent_id == agent.id)
    chosen = select(
        table(Call),
        campaign.code.label("campaign"),
        person.key.label("person"),
        agent.extension.label("reserved"),
    ).select_from(joined)
    mine = (CALL.tenant_id == tenant.id, CALL.phone.in_(spelled))
    return [_call(row) for row in conn.execute(chosen.where(*mine).order_by(CALL.intended_at, CALL.id))]


def _call(row: Any) -> NumberCall:
    return NumberCall(
        id=row.id,
        at=row.ringing_at or row.intended_at,
        by=row.campaign or row.origin.value,
        origin=row.origin,
        person=row.person,
        role=row.role,
        hotline=row.hotline,
        agent=row.extension or row.reserved,
        outcome=row.outcome,
        billsec=row.billsec,
        recording_url=row.recording_url,
        rang=row.state is not CallState.RELEASED,
        rulebook=f"{row.rulebook or ''} {row.rulebook_version or ''}".strip(),
    )


def _days(calls: Sequence[NumberCall], zone: str) -> list[DayOfCalls]:
    by_day: dict[date, Counter[str]] = {}
    for call in calls:
        by_day.setdefault(call.at.astimezone(ZoneInfo(zone)).date(), Counter())[call.by] += 1
    return [DayOfCalls(day, by.total(), dict(by.most_common())) for day, by in sorted(by_day.items(), reverse=True)]


def _people(conn: Connection, tenant: Any, spelled: Sequence[str], calls: Sequence[NumberCall]) -> dict[int, str]:
    """The people of the number, and those who were called there, by id with their keys."""
    number, person = columns_of(Number), columns_of(Person)
    owners = select(number.person_id).where(number.tenant_id == tenant.id, number.phone.in_(spelled))
    called = select(CALL.person_id).where(CALL.tenant_id == tenant.id, CALL.id.in_([call.id for call in calls]))
    either = or_(person.id.in_(owners), person.id.in_(called))
    chosen = select(person.id, person.key).where(person.tenant_id == tenant.id, either)
    return {row.id: row.key for row in conn.execute(chosen.order_by(person.id))}


def _owners(conn: Connection, tenant: Any, spelled: Sequence[str]) -> list[Owner]:
    number, person = columns_of(Number), columns_of(Person)
    chosen = (
        select(person.key, person.name, number.role, number.note, number.removed_at)
        .join_from(table(Number), table(Person), number.person_id == person.id)
        .where(number.tenant_id == tenant.id, number.phone.in_(spelled))
    )
    return [Owner(*row) for row in conn.execute(chosen.order_by(number.id))]


def _lists(conn: Connection, tenant: Any, people: dict[int, str]) -> list[ListRow]:
    customer, debt, listed, campaign = (columns_of(one) for one in (Customer, Debt, ListImport, Campaign))
    chosen = (
        select(
            campaign.code,
            customer.code,
            listed.file_name,
            debt.row_number,
            debt.contract_number,
            listed.imported_by,
            listed.imported_at,
        )
        .join_from(table(Debt), table(Customer), debt.customer_id == customer.id)
        .join(table(ListImport), debt.list_import_id == listed.id)
        .join(table(Campaign), customer.campaign_id == campaign.id)
        .where(debt.tenant_id == tenant.id, customer.person_id.in_(list(people)))
    )
    return [ListRow(*row) for row in conn.execute(chosen.order_by(listed.imported_at, debt.id))]


def _entries(conn: Connection, tenant: Any, phone: str, people: dict[int, str]) -> list[DncEntry]:
    entry, campaign = columns_of(Suppression), columns_of(Campaign)
    of_people = and_(entry.subject_kind == Subject.PERSON, entry.subject.in_(list(people.values())))
    of_it = and_(entry.subject_kind == Subject.NUMBER, entry.subject == phone)
    joined = table(Suppression).outerjoin(table(Campaign), entry.campaign_id == campaign.id)
    chosen = select(table(Suppression), campaign.code.label("campaign")).select_from(joined)
    mine = (entry.tenant_id == tenant.id, or_(of_people, of_it))
    return [
        DncEntry(
            row.subject,
            row.campaign or row.scope.value,
            row.purpose,
            row.since,
            row.until,
            row.source,
            row.reason,
            row.actor,
            row.lifted_by,
        )
        for row in conn.execute(chosen.where(*mine).order_by(entry.since, entry.id))
    ]


def _contacts(conn: Connection, tenant: Any, spelled: Sequence[str]) -> list[Reminder]:
    contact, person = columns_of(Contact), columns_of(Person)
    chosen = (
        select(contact.at, contact.channel, person.key, contact.source, contact.actor)
        .join_from(table(Contact), table(Person), contact.person_id == person.id)
        .where(contact.tenant_id == tenant.id, contact.phone.in_(spelled))
    )
    return [Reminder(*row) for row in conn.execute(chosen.order_by(contact.at, contact.id))]
