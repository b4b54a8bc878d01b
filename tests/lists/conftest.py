"""A campaign on a database of its own, and lists to load into it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event
from sqlmodel import Session, SQLModel

from campaigns.lists import ListFile, read
from campaigns.models import Campaign, Tenant, VendorAccount
from campaigns.words import Mode, Purpose
from lists.files import write_csv

MONDAY = datetime(2026, 7, 6, 2, 0, tzinfo=UTC)

ReadRows = Callable[..., ListFile]


@pytest.fixture
def read_rows(tmp_path: Path) -> ReadRows:
    """Read rows as a list, header first."""

    def reading(rows: Sequence[Sequence[str]], **told: Any) -> ListFile:
        return read(write_csv(tmp_path / "list.csv", rows, delimiter=";"), **told)

    return reading


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(tmp_path / "test.db")
    yield engine
    engine.dispose()


def make_engine(path: Path) -> Engine:
    """A SQLite database with every table in it."""
    path.write_bytes(_laid())
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def hold_references(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA foreign_keys=ON")

    return engine


@cache
def _laid() -> bytes:
    """An empty database, made once a process: to make every table takes longer than most lists do."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        engine = create_engine(f"sqlite:///{path}")
        SQLModel.metadata.create_all(engine)
        engine.dispose()
        return path.read_bytes()


@pytest.fixture
def campaign(engine: Engine) -> Campaign:
    return add_campaign(engine, "C1")


def add_campaign(engine: Engine, code: str) -> Campaign:
    with engine.begin() as conn:
        return found(conn, code)


def found(conn: Connection, code: str) -> Campaign:
    """A campaign of the default tenant with the vendor account `v`; both are made when they are not there."""
    with Session(conn, expire_on_commit=False) as session:
        if session.get(Tenant, 1) is None:
            session.add(Tenant(id=1, code="default", created_at=MONDAY))
            session.flush()
            account = {"name": "v", "kind": "tel4vn", "url": "http://127.0.0.1:1", "hook_path_hash": "none"}
            session.add(VendorAccount(id=1, tenant_id=1, sealed_credentials=b"", created_at=MONDAY, **account))
            session.flush()
        campaign = Campaign(
            tenant_id=1,
            code=code,
            vendor_account_id=1,
            mode=Mode.CLICK2CALL,
            purpose=Purpose.DEBT_REMINDER,
            created_at=MONDAY,
        )
        session.add(campaign)
        session.flush()
        session.refresh(campaign)
        session.expunge(campaign)
        return campaign
