"""What is made once is spelled by SQLAlchemy and, on SQLite, not carried by it: nobody sees a difference."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, event, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.pool import StaticPool

from campaigns.models import Person, Tenant
from campaigns.rows import columns_of, table
from campaigns.statements import AT_MOST, Find, Insert, Query
from dialer.database import embedded_engine

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TENANT, PERSON = columns_of(Tenant), columns_of(Person)
by_zone = Query(
    select(TENANT.code, TENANT.created_at, TENANT.max_live_calls)
    .where(TENANT.zone == bindparam("zone"), TENANT.code != "c")
    .order_by(TENANT.code)
    .limit(AT_MOST)
)
by_code = Find(select(TENANT.code, TENANT.zone), key=TENANT.code)
people = Find(select(PERSON.id), key=PERSON.key)
write = Insert(Tenant, ("code", "name", "created_at"), shared=("zone",))


@pytest.fixture
def conn() -> Iterator[Connection]:
    engine = embedded_engine("sqlite://", StaticPool, "BEGIN")
    with engine.connect() as connection:
        table(Tenant).create(connection)
        yield connection
    engine.dispose()


def rows(*codes: str) -> list[dict[str, Any]]:
    return [{"code": code, "name": code, "created_at": MORNING} for code in codes]


def test_rows_come_in_the_types_of_their_columns_and_no_more_of_them_than_asked_for(conn: Connection) -> None:
    assert write(conn, rows("a", "b", "c"), zone="UTC") == 3
    (first,) = by_zone(conn, at_most=1, zone="UTC")
    assert (first.code, first.created_at, first.max_live_calls) == ("a", MORNING, None)
    assert [row.code for row in by_zone(conn, at_most=9, zone="UTC")] == ["a", "b"]


def test_who_listens_to_statements_hears_them_and_the_answer_is_the_same(conn: Connection) -> None:
    write(conn, rows("a", "b"), zone="UTC")
    unheard, heard = by_code(conn, ["b"]), []
    event.listen(conn, "before_cursor_execute", lambda *told: heard.append(told[2]))
    assert by_code(conn, ["b"]) == unheard == [("b", "UTC")]
    assert len(heard) == 1


def test_the_first_statement_of_a_connection_begins_a_transaction(conn: Connection) -> None:
    conn.commit()
    write(conn, rows("a"), zone="UTC")
    conn.rollback()
    assert by_code(conn, ["a"]) == []


def test_what_the_database_refuses_is_told_as_sqlalchemy_tells_it_and_without_the_values(conn: Connection) -> None:
    with pytest.raises(OperationalError) as missing:
        people(conn, ["+84912345678"])
    assert "912345678" not in str(missing.value)
    with pytest.raises(IntegrityError) as twice:
        write(conn, rows("+84912345678", "+84912345678"), zone="UTC")
    assert "912345678" not in str(twice.value)
