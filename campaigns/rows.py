"""How rooms of the domain name tables, columns, and the rows that the partial indexes hold."""

from collections import namedtuple
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, FromClause, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from campaigns.models import Call, Customer
from campaigns.words import LIVE_STATES, OUR_ORIGINS, WAITING_STATUSES

T = TypeVar("T")


def table(model: type[SQLModel]) -> Any:
    """The table under a model, for statements that do not go through the ORM."""
    under: FromClause = model.__table__  # type: ignore[attr-defined]
    return under


def columns_of(model: type[SQLModel]) -> Any:
    """A table's columns by name."""
    return table(model).c


def parted(row: Sequence[Any], *models: type[SQLModel]) -> list[Any]:
    """What was read of several tables at once, whole and in this order: a row of each."""
    found, start = [], 0
    for model in models:
        kind = _row_of(model)
        found.append(kind._make(row[start : start + len(kind._fields)]))
        start += len(kind._fields)
    return found


@cache
def _row_of(model: type[SQLModel]) -> Any:
    return namedtuple(model.__name__, columns_of(model).keys())


def spelled(column: ColumnElement[Any], words: Iterable[StrEnum]) -> ColumnElement[bool]:
    """`column IN ('new', 'queue')`, or `=` one word, with the words in the text: only so is a partial index seen to
    fit, and SQLite must be told it as the index tells it."""
    told: list[ColumnElement[Any]] = [literal_column(f"'{word.value}'") for word in words]
    return column == told[0] if len(told) == 1 else column.in_(told)


LIVE = spelled(columns_of(Call).state, LIVE_STATES)
OURS = spelled(columns_of(Call).origin, OUR_ORIGINS)
WAITING = spelled(columns_of(Customer).status, WAITING_STATUSES)


def in_chunks(rows: Sequence[T], size: int) -> Iterator[list[T]]:
    """Batches that stay below a database's limit of variables in a statement."""
    for start in range(0, len(rows), size):
        yield list(rows[start : start + size])


def insert_ignoring(conn: Connection, model: type[SQLModel], rows: Sequence[dict[str, Any]]) -> int:
    """Insert what does not collide with a unique index; how many went in. Rows come in key order, so that two
    batches that overlap wait for each other instead of deadlocking."""
    if not rows:
        return 0
    return conn.execute(ignoring(conn, model).values(list(rows))).rowcount


def ignoring(conn: Connection, model: type[SQLModel]) -> Any:
    """`INSERT … ON CONFLICT DO NOTHING` in the connection's dialect."""
    return ignoring_in(conn.dialect.name, model)


@cache
def ignoring_in(dialect: str, model: type[SQLModel]) -> Any:
    """As `ignoring`, by the dialect's name."""
    made = postgresql.insert(table(model)) if dialect == "postgresql" else sqlite.insert(table(model))
    return made.on_conflict_do_nothing()
