"""Every statement that is made once, when its room is read; and how to run each, whatever it binds."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    CompoundSelect,
    Connection,
    Date,
    Integer,
    LargeBinary,
    Select,
    UpdateBase,
    select,
)
from sqlalchemy.sql import dml
from sqlalchemy.types import JSON, BigInteger

import campaigns
import dialer
from campaigns.models.columns import Utc, Word
from campaigns.statements import Find, Insert, Query, Update
from dialer.database import clock

MADE_ONCE = (Find, Insert, Query, Update, Select, UpdateBase)
SOME = 20


def statements() -> dict[str, Any]:
    """By the name under which a room has it: each statement of the domain and of the engine, once."""
    found: dict[int, tuple[str, Any]] = {}
    for module in _modules():
        for name, value in vars(module).items():
            # An insert of rows reads nothing.
            reads = isinstance(value, MADE_ONCE) and not isinstance(value, dml.Insert)
            if reads:
                found.setdefault(id(value), (f"{module.__name__}.{name}", value))
    return dict(found.values())


def _modules() -> Iterator[Any]:
    for package in (campaigns, dialer):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not info.name.endswith("__main__"):
                yield importlib.import_module(info.name)


def prepared(conn: Connection, statement: Any, bound: Mapping[str, Any]) -> Callable[[], object]:
    """Running it, on a few of the rows that are there. `bound` says what every name means that a query binds."""
    if isinstance(statement, Find):
        keys = conn.scalars(select(statement.key).where(statement.key.is_not(None)).limit(SOME)).all()
        shared = {name: bound[name] for name in _required(statement.query)}
        return lambda: statement(conn, keys, **shared)
    if isinstance(statement, Query):
        asked = {name: bound[name] for name in _required(statement.query)}
        return lambda: statement(conn, at_most=SOME, **asked)
    if isinstance(statement, Select | UpdateBase):
        values = {name: bound[name] for name in _required(statement)}
        return lambda: conn.execute(statement, values)
    ids = sorted(conn.scalars(select(statement.own[0].table.c.id).limit(SOME)).all())
    common = {column.name: _sample(conn, column, bound) for column in statement.shared}
    own = {column.name: _sample(conn, column, bound) for column in statement.own}
    rows = [own | {"id": one} for one in ids]
    return lambda: isinstance(statement, Update) and statement(conn, rows, **common)


def _required(statement: Select[Any] | CompoundSelect[Any] | UpdateBase) -> list[str]:
    binds = statement.compile().binds
    return [name for name, bind in binds.items() if bind.required]


def _sample(conn: Connection, column: Column[Any], bound: Mapping[str, Any]) -> Any:
    """Some value that the column may hold."""
    kind = column.type
    if column.name in bound or column.nullable:
        return bound.get(column.name)
    if isinstance(kind, Word):
        return next(iter(kind.words))
    if isinstance(kind, Utc):
        return clock(conn)
    samples = {Boolean: False, Date: date(2026, 1, 5), JSON: {}, LargeBinary: b"", Integer: 1, BigInteger: 1}
    return next((value for sort, value in samples.items() if isinstance(kind, sort)), "t")
