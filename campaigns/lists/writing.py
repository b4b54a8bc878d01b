"""Many rows into one table, fast: the statement is compiled once and the rows go to the driver as tuples.

SQLAlchemy prepares every row of an `executemany` anew, which costs more than the database does. The types' own bind
processors are used, so what is stored is the same.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Connection
from sqlmodel import SQLModel

from campaigns.rows import ignoring


def insert_all(conn: Connection, model: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Insert what does not collide with a unique index. Every row names the same columns, also those with defaults."""
    if not rows:
        return
    statement = ignoring(conn, model).inline().compile(dialect=conn.dialect, column_keys=list(rows[0]))
    plan = [(name, _processor(statement.binds[name].type, conn)) for name in statement.positiontup]
    conn.exec_driver_sql(str(statement), [tuple([process(row[name]) for name, process in plan]) for row in rows])


def _processor(column_type: Any, conn: Connection) -> Callable[[Any], Any]:
    """How a value of this type goes to the driver. Words and moments repeat from row to row; documents do not."""
    process = column_type.dialect_impl(conn.dialect).bind_processor(conn.dialect)
    if process is None:
        return lambda value: value
    is_document = isinstance(column_type.dialect_impl(conn.dialect), JSON)
    cached: Callable[[Any], Any] = process if is_document else lru_cache(1024)(process)
    return cached
