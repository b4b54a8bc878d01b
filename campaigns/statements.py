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
from itertools import repeat
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
    UnaryExpression,
    bindparam,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.operators import custom_op
from sqlmodel import SQLModel

from campaigns.rows import columns_of, table

NONE_LEFT_OUT: Any = literal_column("0")
ONE: Any = literal_column("1")
"""For `offset` and `limit`. A number that is bound would be a guess in PostgreSQL's plan for any values: a tenth of
the rows, and so a plan that reads the whole table."""
Converter = Callable[[Any], Any]
Rows = Sequence[Mapping[str, Any]]
PLACE = re.compile(r":(\w+)")
POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


def aside(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column in a condition that is checked and not searched by: no index is chosen for it."""
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


class Find:
    """What a query finds for each of many keys; call it with the keys, and with what else the query binds.

    While a first list is loaded PostgreSQL has no statistics of its tables, takes a long `IN` for most of the rows and
    reads them all. A lateral query leaves it nothing but the index, and locks in the order of the keys.
    """

    def __init__(self, query: Select[Any], key: Column[Any]) -> None:
        self.query = query
        self.key = key
        array = ARRAY(BigInteger() if isinstance(key.type, Integer) else Text())
        keys = func.unnest(bindparam("keys", type_=array)).table_valued("key").render_derived("keys")
        # Without the offset the query would be planned as a join like any other.
        found = query.where(key == keys.c.key).offset(NONE_LEFT_OUT).lateral("found")
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
    """One statement for many rows. Call it with the rows, in key order, and by name with the values that they share;
    the answer is how many rows it wrote."""

    def __init__(self, texts: Mapping[str, str], shared: Sequence[Column[Any]], own: Sequence[Column[Any]]) -> None:
        self._texts = texts
        self.shared = shared
        self.own = own
        self._converters: dict[str, dict[str, Converter | None]] = {}

    def __call__(self, conn: Connection, rows: Rows, **shared: Any) -> int:
        if not rows:
            return 0
        convert = self._converters_for(conn.dialect)
        common = [_converted(convert[column.name], [shared[column.name]])[0] for column in self.shared]
        own = [_converted(convert[column.name], [row[column.name] for row in rows]) for column in self.own]
        if conn.dialect.name == "postgresql":
            return conn.exec_driver_sql(self._texts["postgresql"], (*common, *own)).rowcount
        if "sqlite, listed" in self._texts:
            return conn.exec_driver_sql(self._texts["sqlite, listed"], (*common, json.dumps(own[0]))).rowcount
        row_by_row = list(zip(*map(repeat, common), *own, strict=False))
        return conn.exec_driver_sql(self._texts["sqlite"], row_by_row).rowcount

    def _converters_for(self, dialect: Dialect) -> Mapping[str, Converter | None]:
        if dialect.name not in self._converters:
            columns = (*self.shared, *self.own)
            self._converters[dialect.name] = {column.name: _converter(column, dialect) for column in columns}
        return self._converters[dialect.name]


class Insert(_Each):
    """`INSERT` of many rows with these columns; only the database's own defaults fill the others. `ignoring`: what
    collides with a unique index is left out."""

    def __init__(
        self, model: type[SQLModel], own: Sequence[str], shared: Sequence[str] = (), ignoring: bool = False
    ) -> None:
        columns = columns_of(model)
        ours, common = [columns[name] for name in own], [columns[name] for name in shared]
        into = f"INSERT INTO {table(model).name} ({', '.join((*shared, *own))})"
        conflict = " ON CONFLICT DO NOTHING" if ignoring else ""
        values = ", ".join((*_scalars(common), "given.*"))
        places = ", ".join("?" for _ in (*shared, *own))
        texts = {
            "postgresql": f"{into} SELECT {values} FROM {_arrays(ours, len(common))} AS given{conflict}",  # noqa: S608
            "sqlite": f"{into} VALUES ({places}){conflict}",
        }
        if len(own) == 1:
            # A million rows of one value each: three times as fast as to bind them row by row. Without the condition
            # SQLite would take the conflict for a join's.
            places = ", ".join("?" for _ in shared) + ", value"
            texts["sqlite, listed"] = f"{into} SELECT {places} FROM json_each(?) WHERE true{conflict}"  # noqa: S608
        super().__init__(texts, common, ours)


class Update(_Each):
    """`UPDATE` of many rows. In `set_` and `where`, `:name` is a value for the column of that name: one that the rows
    share, or the row's own. Columns that are only read are written with their table's name."""

    def __init__(self, model: type[SQLModel], set_: str, where: str, shared: Sequence[str] = ()) -> None:
        columns = columns_of(model)
        common = [columns[name] for name in shared]
        ours = [columns[name] for name in dict.fromkeys(PLACE.findall(f"{set_} {where}")) if name not in shared]
        names = [column.name for column in ours]
        given = f"{_arrays(ours, len(common))} AS given ({', '.join(names)})"
        told = dict(zip(shared, _scalars(common), strict=True)) | {name: f"given.{name}" for name in names}
        numbered = {name: f"?{place}" for place, name in enumerate((*shared, *names), 1)}
        head = f"UPDATE {table(model).name} SET"
        texts = {
            "postgresql": f"{head} {_filled(set_, told)} FROM {given} WHERE {_filled(where, told)}",
            "sqlite": f"{head} {_filled(set_, numbered)} WHERE {_filled(where, numbered)}",
        }
        super().__init__(texts, common, ours)


def own(*names: str) -> str:
    """`a = :a, b = :b`, for `Update`."""
    return ", ".join(f"{name} = :{name}" for name in names)


def _converter(column: Column[Any], dialect: Dialect) -> Converter | None:
    convert: Converter | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    return convert


def _converted(convert: Converter | None, values: list[Any]) -> list[Any]:
    return values if convert is None else [convert(value) for value in values]


def _filled(text: str, values: Mapping[str, str]) -> str:
    return PLACE.sub(lambda found: values[found[1]], text)


def _scalars(columns: Sequence[Column[Any]]) -> list[str]:
    return [f"${place}::{_type(column)}" for place, column in enumerate(columns, 1)]


def _arrays(columns: Sequence[Column[Any]], after: int) -> str:
    arrays = (f"${place}::{_type(column)}[]" for place, column in enumerate(columns, after + 1))
    return f"unnest({', '.join(arrays)})"


def _type(column: Column[Any]) -> str:
    """The column's type without its length: a cast to it would cut what is too long instead of refusing it."""
    named = column.type.compile(dialect=POSTGRESQL)
    return "TEXT" if named.startswith("VARCHAR") else named
