"""Many rows into one table, fast: the statement is compiled once and the rows go to the driver as tuples.

SQLAlchemy prepares every row of an `executemany` anew, which costs more than the database does. The types' own bind
processors are used, so what is stored is the same.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Connection, Dialect
from sqlmodel import SQLModel

from campaigns.rows import ignoring_in


def insert_all(conn: Connection, model: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Insert what does not collide with a unique index. Every row names the same columns, also those with defaults."""
    if not rows:
        return
    text, plan = _compiled(conn.dialect, model, tuple(rows[0]))
    conn.exec_driver_sql(text, [tuple([process(row[name]) for name, process in plan]) for row in rows])


# To compile it costs as much as to insert some rows, and there are few of them: tables by dialects.
@lru_cache(64)
def _compiled(
    dialect: Dialect, model: type[SQLModel], columns: tuple[str, ...]
) -> tuple[str, Sequence[tuple[str, Callable[[Any], Any]]]]:
    """The statement, and in its order the columns and how their values go to the driver."""
    statement = ignoring_in(dialect.name, model).inline().compile(dialect=dialect, column_keys=list(columns))
    plan = [(name, _processor(statement.binds[name].type, dialect)) for name in statement.positiontup]
    return str(statement), plan


def _processor(column_type: Any, dialect: Dialect) -> Callable[[Any], Any]:
    """How a value of this type goes to the driver. Words and moments repeat from row to row; documents do not."""
    process = column_type.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return lambda value: value
    is_document = isinstance(column_type.dialect_impl(dialect), JSON)
    cached: Callable[[Any], Any] = process if is_document else lru_cache(1024)(process)
    return cached
