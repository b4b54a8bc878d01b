"""Suppress, lift, and ask who is suppressed. Entries are end-dated, never deleted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, or_, select

from campaigns import pages
from campaigns.models import Call, Campaign, Customer, Number, Person, Suppression
from campaigns.pages import Cut, Listing, Part, Sort
from campaigns.rows import LIVE, columns_of, spelled, table
from campaigns.statements import ONE, Find, Insert, Update, aside, own
from campaigns.words import Purpose, Scope, Subject

EVERY_PURPOSE = "all"
REGISTER_SOURCE = "register:"
"""How the source of an entry begins that came with a register's copy."""
CALL = columns_of(Call)
CAMPAIGN = columns_of(Campaign)
CUSTOMER = columns_of(Customer)
NUMBER = columns_of(Number)
PERSON = columns_of(Person)
SUPPRESSION = columns_of(Suppression)
TENANT: Any = bindparam("tenant_id")
SORTS: pages.Sorts = {"since": Sort((SUPPRESSION.since, SUPPRESSION.id))}

write_suppressions = Insert(
    Suppression,
    ("scope", "campaign_id", "subject_kind", "subject", "purpose", "source", "reason"),
    shared=("tenant_id", "actor", "since"),
    ignoring=True,
)
BARS: Sequence[ColumnElement[bool]] = (
    SUPPRESSION.tenant_id == TENANT,
    SUPPRESSION.until.is_(None),
    or_(SUPPRESSION.purpose == EVERY_PURPOSE, SUPPRESSION.purpose == bindparam("purpose")),
    or_(SUPPRESSION.campaign_id.is_(None), SUPPRESSION.campaign_id == bindparam("campaign_id")),
)
find_suppressed = Find(
    select(SUPPRESSION.subject).where(*BARS, SUPPRESSION.subject_kind == bindparam("kind")), key=SUPPRESSION.subject
)
find_open = Find(
    select(SUPPRESSION.id, SUPPRESSION.subject).where(
        SUPPRESSION.tenant_id == TENANT,
        SUPPRESSION.until.is_(None),
        func.coalesce(SUPPRESSION.campaign_id, 0) == bindparam("scope"),
        SUPPRESSION.source.not_like(f"{REGISTER_SOURCE}%"),
    ),
    key=SUPPRESSION.subject,
)
find_entries = Find(
    select(table(Suppression), CAMPAIGN.code.label("campaign"))
    .select_from(table(Suppression).outerjoin(table(Campaign), SUPPRESSION.campaign_id == CAMPAIGN.id))
    .where(SUPPRESSION.tenant_id == TENANT),
    key=SUPPRESSION.subject,
)
end_suppressions = Update(
    Suppression, own("until", "lifted_by"), where="suppression.id = :id", shared=["until", "lifted_by"]
)
LIVE_CALL = (
    select(CALL.id, CALL.phone, CALL.state, CALL.mode, CAMPAIGN.code.label("campaign"), CUSTOMER.code)
    .join(table(Customer), CALL.customer_id == CUSTOMER.id)
    .join(table(Campaign), CALL.campaign_id == CAMPAIGN.id)
    .where(aside(CALL.tenant_id) == TENANT, LIVE)
)
find_live_to = Find(LIVE_CALL, key=CALL.phone)
find_live_with = Find(
    LIVE_CALL.join(table(Person), CALL.person_id == PERSON.id).where(
        PERSON.tenant_id == TENANT, PERSON.key_kind == Subject.PERSON
    ),
    key=PERSON.key,
)
# With the role, because SQLite likes an index that holds all of an answer better than one that finds it.
find_owners = Find(select(NUMBER.person_id, NUMBER.role).where(NUMBER.tenant_id == TENANT), key=NUMBER.phone)
find_people = Find(
    select(PERSON.id).where(PERSON.tenant_id == TENANT, spelled(PERSON.key_kind, Subject)), key=PERSON.key
)
find_listed = Find(select(CUSTOMER.id).where(CUSTOMER.tenant_id == TENANT), key=CUSTOMER.person_id)


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
    found = find_open(conn, subjects, tenant_id=tenant_id, scope=campaign_id or 0)
    end_suppressions(conn, [{"id": entry.id} for entry in found], until=now, lifted_by=actor)
    return sorted({entry.subject for entry in found})


def bars(kind: Subject, subject: ColumnElement[Any]) -> Any:
    """The expression: 1 where a suppression keeps this number or list id from being called, else null. It binds
    `tenant_id`, `campaign_id` and `purpose`, as `bound` gives them."""
    of = (spelled(SUPPRESSION.subject_kind, [kind]), SUPPRESSION.subject == subject)
    return select(ONE).where(*BARS, *of).limit(ONE).scalar_subquery()


def bound(tenant_id: int, campaign_id: int, purpose: Purpose | None) -> dict[str, Any]:
    """By what a suppression is judged: whose call it is, of which campaign, and what for."""
    return {"tenant_id": tenant_id, "campaign_id": campaign_id, "purpose": purpose or EVERY_PURPOSE}


def suppressed(
    conn: Connection,
    tenant_id: int,
    campaign_id: int,
    purpose: Purpose | None,
    phones: Iterable[str],
    person_keys: Iterable[str],
) -> tuple[set[str], set[str]]:
    """Which of these phones and list ids this campaign must not call."""
    call = bound(tenant_id, campaign_id, purpose)
    numbers = find_suppressed(conn, phones, kind=Subject.NUMBER, **call)
    people = find_suppressed(conn, person_keys, kind=Subject.PERSON, **call)
    return {row.subject for row in numbers}, {row.subject for row in people}


def history(conn: Connection, tenant_id: int, subject: str) -> list[Any]:
    """Every entry that a number or id ever had, oldest first, each with its `campaign`'s code."""
    return histories(conn, tenant_id, [subject])[subject]


def histories(conn: Connection, tenant_id: int, subjects: Iterable[str]) -> dict[str, list[Any]]:
    """The same of many; also of those who never had one."""
    found: dict[str, list[Any]] = {subject: [] for subject in subjects}
    for row in sorted(find_entries(conn, found, tenant_id=tenant_id), key=attrgetter("since", "id")):
        found[row.subject].append(row)
    return found


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries; None narrows nothing. `standing`: whether they are in force; `campaign_id`: those of one campaign;
    `purpose`: as it is stored, `all` too."""

    subject: str | None = None
    campaign_id: int | None = None
    kind: Subject | None = None
    purpose: str | None = None
    standing: bool | None = None


def read_entries(conn: Connection, tenant_id: int, sought: Sought, cut: Cut) -> Part:
    """Entries of the list, each with its `campaign`'s code."""
    few = [] if sought.subject is None else [SUPPRESSION.subject == sought.subject]
    filters = pages.matching(subject_kind=sought.kind, purpose=sought.purpose, campaign_id=sought.campaign_id)
    if sought.standing is not None:
        filters.append(lambda of: of.until.is_(None) if sought.standing else of.until.is_not(None))
    scope = (SUPPRESSION.tenant_id == tenant_id,)
    return pages.read(conn, Listing(Suppression, SORTS, scope, few, filters, _with_campaign), cut)


def _with_campaign(source: Any) -> Select[Any]:
    joined = source.outerjoin(table(Campaign), source.c.campaign_id == CAMPAIGN.id)
    return select(source, CAMPAIGN.code.label("campaign")).select_from(joined)


def live_calls(conn: Connection, tenant_id: int, entries: Sequence[Entry]) -> list[Any]:
    """The calls that an entry comes too late for, or that must be taken back: call, campaign and customer."""
    phones = [e.subject for e in entries if e.subject_kind is Subject.NUMBER]
    keys = [e.subject for e in entries if e.subject_kind is Subject.PERSON]
    calls = [*find_live_to(conn, phones, tenant_id=tenant_id), *find_live_with(conn, keys, tenant_id=tenant_id)]
    return list({call.id: call for call in sorted(calls, key=attrgetter("id"))}.values())


def listed_with(conn: Connection, tenant_id: int, subjects: Iterable[str]) -> list[int]:
    """The customers whom these numbers or ids concern."""
    subjects = list(subjects)
    people = {number.person_id for number in find_owners(conn, subjects, tenant_id=tenant_id)}
    people |= {person.id for person in find_people(conn, subjects, tenant_id=tenant_id)}
    return sorted(customer.id for customer in find_listed(conn, people, tenant_id=tenant_id))
