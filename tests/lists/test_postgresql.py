"""The same imports on PostgreSQL, where one can be had, and how it finds the customers of a list."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from database.conftest import clones, portal  # noqa: F401 (fixtures)
from databases import Clones, Desk, desk
from sqlalchemy import Connection, event, select

from campaigns import lists
from campaigns.lists import ListFile
from campaigns.lists.people import find_persons
from campaigns.models import Customer, Debt, Number, Person
from campaigns.rows import table
from campaigns.words import Subject
from lists.conftest import MONDAY, ReadRows, found

HEADER = ["Mã KH", "Họ tên", "SĐT", "Số HĐ", "Số tiền quá hạn"]


def listed(count: int, amount: int = 1) -> list[list[str]]:
    return [[f"KH{n}", "An", f"09{n:08d} / 08{n % 9 + 1}{n:07d} (mẹ)", f"HD{n}", str(amount)] for n in range(count)]


@pytest.fixture
def untouched(portal: BlockingPortal, clones: Clones) -> Iterator[Desk]:  # noqa: F811
    """A database of its own: no statistics, and nobody else's rows."""
    with desk(portal, clones.migrated()) as one:
        yield one


def test_a_list_loaded_twice_and_corrected_says_the_same_as_on_sqlite(untouched: Desk, read_rows: ReadRows) -> None:
    campaign = untouched.run(lambda conn: found(conn, "C1"))

    def load(listfile: ListFile, days: int = 0) -> tuple[int, int, int]:
        def work(conn: Connection) -> lists.ListCounts:
            return lists.load(conn, MONDAY + timedelta(days=days), campaign, listfile, "test", "a.csv")

        counts = untouched.run(work)
        return counts.kept, counts.updated, counts.unchanged

    first = read_rows([HEADER, *listed(7000)])
    assert load(first) == (7000, 0, 0)
    assert load(first, days=1) == (7000, 0, 7000)
    corrected = [[*row[:2], row[2].split(" / ")[0], *row[3:]] for row in listed(10)]
    assert load(read_rows([HEADER, *corrected, *listed(7000)[10:]]), days=1) == (7000, 10, 6990)

    def stored(conn: Connection) -> list[int]:
        return [len(conn.execute(select(table(model))).all()) for model in (Person, Number, Customer, Debt)]

    assert untouched.run(stored) == [7000, 14000, 7000, 7000]


def test_customers_are_found_by_index_before_there_are_statistics(untouched: Desk) -> None:
    """Without it the first large list of a fresh database takes minutes, growing with the square of its length."""
    statements: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements.append((statement, parameters))

    def work(conn: Connection) -> Sequence[Any]:
        found(conn, "C1")
        rows = [
            {"tenant_id": 1, "key_kind": Subject.PERSON, "key": f"KH{n}", "created_at": MONDAY} for n in range(9000)
        ]
        conn.execute(table(Person).insert(), [{**row, "name": ""} for row in rows])
        event.listen(conn, "before_cursor_execute", note)
        keys = [f"KH{n}" for n in range(500)]
        assert len(find_persons(conn, keys, tenant_id=1, kind=Subject.PERSON)) == len(keys)
        statement, parameters = statements[-1]
        return conn.exec_driver_sql(f"EXPLAIN ANALYZE {statement}", parameters).scalars().all()

    plan = "\n".join(untouched.run(work))
    assert "uq_person_key" in plan
    assert "Rows Removed by Filter" not in plan
