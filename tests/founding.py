"""A small company for tests, written straight into the tables: a tenant, an account, campaigns, people, customers."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from campaigns import dossiers, ledger, runs, shelf
from campaigns.dossiers import Brief
from campaigns.models import (
    Agent,
    Call,
    Campaign,
    CampaignAgent,
    Customer,
    Number,
    Person,
    Tenant,
    VendorAccount,
)
from campaigns.rows import columns_of, table
from campaigns.words import Mode, Presence, Purpose, Role, Subject, Wanted

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""Nine in the morning of a Monday, in Vietnam."""
_ordinals = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Company:
    """The ids of what was founded. Every company is a tenant of its own, so many may share a database."""

    tenant_id: int
    account_id: int


@dataclass(frozen=True, slots=True)
class Someone:
    """A person to be: the list's own id, his numbers in order, and their roles."""

    key: str
    phones: Sequence[str]
    roles: Sequence[Role] = ()
    zone: str | None = None
    needs_review: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A person who stands on a campaign's list."""

    customer_id: int
    person_id: int
    phones: Sequence[str] = field(default_factory=tuple)


def company(conn: Connection, now: datetime = START, **account: Any) -> Company:
    """A tenant with one vendor account."""
    ordinal = next(_ordinals)
    tenant = {"code": f"T{ordinal}", "name": "", "zone": "Asia/Ho_Chi_Minh", "created_at": now}
    tenant_id = _made(conn, Tenant, tenant)
    row = {
        "tenant_id": tenant_id,
        "name": "vendor",
        "kind": "tel4vn",
        "url": "http://127.0.0.1:1",
        "sealed_credentials": b"",
        "hook_path_hash": f"{ordinal:064}",
        "created_at": now,
        "settings": {},
        "breaker": {},
        "reserve": 0,
    }
    return Company(tenant_id, _made(conn, VendorAccount, row | account))


def account(conn: Connection, of: Company, name: str = "other", **columns: Any) -> Company:
    """The same tenant with another vendor account."""
    row = {"name": name, "kind": "tel4vn", "url": "http://127.0.0.1:1", "sealed_credentials": b"", "reserve": 0}
    row |= {"hook_path_hash": f"{next(_ordinals):064}", "created_at": START, "settings": {}, "breaker": {}}
    return Company(of.tenant_id, _made(conn, VendorAccount, {"tenant_id": of.tenant_id, **row, **columns}))


def campaign(conn: Connection, of: Company, mode: Mode = Mode.AUTOCALL, **columns: Any) -> Any:
    """A running campaign's row, with a first run. `columns` overrides what is said here."""
    code = f"C{next(_ordinals)}"
    row = {
        "tenant_id": of.tenant_id,
        "vendor_account_id": of.account_id,
        "code": code,
        "mode": mode,
        "purpose": Purpose.DEBT_REMINDER,
        "rulebook": "none",
        "queue_code": code if mode.queued else None,
        "wanted": Wanted.RUNNING,
        "created_at": START,
        "max_recall_count": 2,
        "min_recall_duration": 3,
        "recall_delay": 900,
        "recalls": {},
        "quiet_time": 0,
        "wrap_up": 30,
        "weight": 1,
        "variables": [],
    }
    made = _made(conn, Campaign, row | columns)
    ledger.open_run(conn, START, of.tenant_id, made, "test")
    return read(conn, Campaign, made)


def brief(conn: Connection, tenant: Any, of_campaign: Any) -> Brief:
    """What the campaign's gate goes by."""
    return dossiers.brief(conn, tenant, of_campaign, shelf.find(conn, tenant.id, of_campaign.rulebook))


def run_of(conn: Connection, of_campaign: Any) -> int:
    """The campaign's newest run."""
    run = runs.newest_run(conn, of_campaign)
    assert run is not None
    return int(run.id)


def person(conn: Connection, of: Company, someone: Someone) -> int:
    row = {"key_kind": Subject.PERSON, "key": someone.key, "name": "", "zone": someone.zone, "created_at": START}
    person_id = _made(conn, Person, {"tenant_id": of.tenant_id, **row})
    roles = list(someone.roles) or [Role.BORROWER] * len(someone.phones)
    for position, (phone, role) in enumerate(zip(someone.phones, roles, strict=True)):
        number = {"phone": phone, "role": role, "position": position, "needs_review": someone.needs_review, "note": ""}
        conn.execute(insert(table(Number)), {"tenant_id": of.tenant_id, "person_id": person_id, **number})
    return person_id


def enlist(
    conn: Connection, now: datetime, of_campaign: Any, people: Sequence[tuple[int, Someone]], priority: int = 0
) -> list[Listed]:
    """Put these people on the list of the campaign's newest run, due at once."""
    entries = [ledger.Enlisted(person_id, someone.key, "", priority) for person_id, someone in people]
    run_id = run_of(conn, of_campaign)
    made = ledger.enlist(conn, now, of_campaign.tenant_id, of_campaign.id, run_id, entries, "test")
    return [Listed(made[person_id], person_id, someone.phones) for person_id, someone in people]


def debtors(conn: Connection, of: Company, of_campaign: Any, count: int, now: datetime = START) -> list[Listed]:
    """So many customers with a mobile of their own each."""
    people = []
    for _ in range(count):
        ordinal = next(_ordinals)
        someone = Someone(f"K{ordinal}", [f"+849{ordinal:08}"])
        people.append((person(conn, of, someone), someone))
    return enlist(conn, now, of_campaign, people)


def agent(conn: Connection, of: Company, of_campaign: Any, extension: str, **columns: Any) -> int:
    """Somebody at an extension who is logged in and ready, and works for the campaign."""
    row = {
        "tenant_id": of.tenant_id,
        "vendor_account_id": of.account_id,
        "extension": extension,
        "logged_in": True,
        "logged_in_seen_at": START,
        "presence": Presence.READY,
        "presence_since": START,
        "presence_source": "campaign",
        "missed_in_a_row": 0,
    }
    agent_id = _made(conn, Agent, row | columns)
    works = {"tenant_id": of.tenant_id, "campaign_id": of_campaign.id, "agent_id": agent_id}
    conn.execute(insert(table(CampaignAgent)), works)
    return agent_id


def read(conn: Connection, model: Any, row_id: int) -> Any:
    return conn.execute(select(table(model)).where(columns_of(model).id == row_id)).one()


def customers(conn: Connection, tenant_id: int) -> dict[int, Any]:
    columns = columns_of(Customer)
    chosen = select(table(Customer)).where(columns.tenant_id == tenant_id).order_by(columns.id)
    return {row.id: row for row in conn.execute(chosen)}


def calls(conn: Connection, tenant_id: int) -> dict[int, Any]:
    columns = columns_of(Call)
    chosen = select(table(Call)).where(columns.tenant_id == tenant_id).order_by(columns.id)
    return {row.id: row for row in conn.execute(chosen)}


def _made(conn: Connection, model: Any, row: dict[str, Any]) -> int:
    return int(conn.execute(insert(table(model)).returning(columns_of(model).id), row).scalar_one())
