"""Set-based statements: the one room that knows what the two databases want said differently.

`Find`    rows by any number of keys, locked in the order of the keys where asked
`Insert`  many rows, leaving out those that collide where asked
`Update`  many rows, each with values of its own

One of them is made once, when its room is read, and called with a connection and the rows: to build a statement anew
costs more than to run it. PostgreSQL is given an array a column, SQLite a prepared statement and the rows. The types
of the models convert the values, so what is stored does not depend on the way it goes in.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    Row,
    Select,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from campaigns.rows import columns_of, table

Rows = Sequence[Mapping[str, Any]]
PLACE = re.compile(r":(\w+)")
POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


def spelled(column: ColumnElement[Any], words: Iterable[StrEnum]) -> ColumnElement[bool]:
    """`column IN ('new', 'queue')`, with the words in the text: only so is a partial index seen to fit."""
    return column.in_([literal_column(f"'{word.value}'") for word in words])


class Find:
    """What a query finds for each of many keys; call it with the keys, and with what else the query binds.

    While a first list is loaded PostgreSQL has no statistics of its tables, takes a long `IN` for most of the rows and
    reads them all. A lateral query leaves it nothing but the index, and locks in the order of the keys.
    """

    def __init__(self, query: Select[Any], key: Column[Any]) -> None:
        array = ARRAY(BigInteger() if isinstance(key.type, Integer) else Text())
        keys = func.unnest(bindparam("keys", type_=array)).table_valued("key").render_derived("keys")
        # Without the offset the query would be planned as a join like any other.
        found = query.where(key == keys.c.key).offset(0).lateral("found")
        self._postgresql = select(found).select_from(keys).join(found, true())
        listed = func.json_each(bindparam("keys", type_=Text())).table_valued("value")
        self._sqlite = query.where(key.in_(select(listed.c.value)))

    def __call__(self, conn: Connection, keys: Iterable[Any], **bound: Any) -> Sequence[Row[Any]]:
        asked = sorted(set(keys))
        if not asked:
            return []
        if conn.dialect.name == "postgresql":
            return conn.execute(self._postgresql, {"keys": asked, **bound}).all()
        return conn.execute(self._sqlite, {"keys": json.dumps(asked), **bound}).all()


class _Each:
    """One statement for many rows; call it with rows that name its columns, in key order. How many it wrote."""

    def __init__(self, columns: Sequence[Column[Any]]) -> None:
        self._columns = columns
        self._texts = {"postgresql": self._over_arrays(), "sqlite": self._row_by_row()}
        self._processors: dict[str, list[Callable[[Any], Any] | None]] = {}

    def __call__(self, conn: Connection, rows: Rows) -> int:
        if not rows:
            return 0
        name = conn.dialect.name
        if name not in self._processors:
            self._processors[name] = [_processor(column, conn.dialect) for column in self._columns]
        values = [
            [row[column.name] for row in rows] if process is None else [process(row[column.name]) for row in rows]
            for column, process in zip(self._columns, self._processors[name], strict=True)
        ]
        given: Any = tuple(values) if name == "postgresql" else list(zip(*values, strict=True))
        return conn.exec_driver_sql(self._texts[name], given).rowcount

    def _over_arrays(self) -> str:
        raise NotImplementedError

    def _row_by_row(self) -> str:
        raise NotImplementedError


class Insert(_Each):
    """`INSERT` of many rows with these columns, which have no other defaults than the database's own. `ignoring`: what
    collides with a unique index is left out."""

    def __init__(self, model: type[SQLModel], *names: str, ignoring: bool = False) -> None:
        self._into = f"INSERT INTO {table(model).name} ({', '.join(names)})"
        self._conflict = " ON CONFLICT DO NOTHING" if ignoring else ""
        super().__init__([columns_of(model)[name] for name in names])

    def _over_arrays(self) -> str:
        return f"{self._into} SELECT * FROM {_arrays(self._columns)} AS given{self._conflict}"  # noqa: S608 our own words

    def _row_by_row(self) -> str:
        return f"{self._into} VALUES ({', '.join('?' for _ in self._columns)}){self._conflict}"


class Update(_Each):
    """`UPDATE` of many rows. `:name` in `set` and `where` is a row's own value for the column of that name; columns of
    the table are written with the table's name, but for those that are set."""

    def __init__(self, model: type[SQLModel], set_: str, where: str) -> None:
        self._table, self._set, self._where = table(model).name, set_, where
        names = dict.fromkeys(PLACE.findall(f"{set_} {where}"))
        super().__init__([columns_of(model)[name] for name in names])

    def _over_arrays(self) -> str:
        names = ", ".join(column.name for column in self._columns)
        given = f"{_arrays(self._columns)} AS given ({names})"
        set_, where = (PLACE.sub(r"given.\1", part) for part in (self._set, self._where))
        return f"UPDATE {self._table} SET {set_} FROM {given} WHERE {where}"  # noqa: S608 our own words

    def _row_by_row(self) -> str:
        places = {column.name: f"?{place}" for place, column in enumerate(self._columns, 1)}
        text = f"UPDATE {self._table} SET {self._set} WHERE {self._where}"  # noqa: S608 our own words
        return PLACE.sub(lambda found: places[found[1]], text)


def own(*names: str) -> str:
    """`a = :a, b = :b`, for `Update`."""
    return ", ".join(f"{name} = :{name}" for name in names)


def _processor(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    process: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    return process


def _arrays(columns: Sequence[Column[Any]]) -> str:
    return f"unnest({', '.join(f'${place}::{_type(column)}[]' for place, column in enumerate(columns, 1))})"


def _type(column: Column[Any]) -> str:
    """The column's type without its length: a cast to it would cut what is too long instead of refusing it."""
    named = column.type.compile(dialect=POSTGRESQL)
    return "TEXT" if named.startswith("VARCHAR") else named
