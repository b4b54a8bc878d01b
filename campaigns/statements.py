"""Set-based statements: the one room that knows what the two databases want said differently.

`Query`   rows of a query that is run often
`Find`    rows by any number of keys, locked in the order of the keys where asked
`Insert`  many rows, leaving out those that collide where asked
`Update`  many rows, each with values of its own

One of them is made once, when its room is read, and called with a connection and the rows: to build a statement anew
costs more than to run it. PostgreSQL is given an array a column, SQLite a prepared statement and the rows. The types
of the models convert the values, so what is stored does not depend on the way it goes in.

SQLAlchemy spells each statement once. On SQLite it does not carry it as well: its journey from the text to the rows
takes ten times as long as SQLite does.
"""

import json
import re
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    Dialect,
    Integer,
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
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.sql.type_api import TypeEngine
from sqlmodel import SQLModel

from campaigns.rows import columns_of, table

NONE_LEFT_OUT: Any = literal_column("0")
ONE: Any = literal_column("1")
"""For `offset` and `limit`. A number that is bound would be a guess in PostgreSQL's plan for any values: a tenth of
the rows, and so a plan that reads the whole table."""
PLACE_OF_MOST = "at_most_rows"
AT_MOST: Any = literal_column(PLACE_OF_MOST)
"""For the `limit` of a `Query` that is called with `at_most`: the number stands in the text, for the same reason."""
Converter = Callable[[Any], Any]
Rows = Sequence[Mapping[str, Any]]
EMPTY: Mapping[Any, Callable[[], Any]] = {"[]": list, "{}": dict}
PLACE = re.compile(r":(\w+)")
POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


def aside(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column in a condition that is checked and not searched by: no index is chosen for it."""
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


class Query:
    """What a query finds; call it with what it binds, and no lists. The rows are named tuples, in the types of their
    columns. `at_most` is for a query whose limit is `AT_MOST`."""

    def __init__(self, query: Select[Any] | CompoundSelect[Any]) -> None:
        self.query = query
        self._spelled: dict[str, _Spelled] = {}

    def __call__(self, conn: Connection, at_most: int | None = None, **bound: Any) -> list[Any]:
        kind = conn.dialect.name
        if kind not in self._spelled:
            self._spelled[kind] = _Spelled(self.query, conn.dialect)
        return self._spelled[kind](conn, bound, at_most)


class _Spelled:
    """A query in the words of one database: its text, what goes in, and what its rows are read as."""

    def __init__(self, query: Select[Any] | CompoundSelect[Any], dialect: Dialect) -> None:
        compiled = query.compile(dialect=dialect)
        assert not compiled.post_compile_params, "a list has a text for each of its lengths: see `spelled`"
        self._text = str(compiled)
        # SQLAlchemy has a name for each place; one that is not asked for has its value in the query.
        binds = [compiled.binds[name] for name in compiled.positiontup or ()]
        self._given = [(bind.key, None if bind.required else bind, _into(bind.type, dialect)) for bind in binds]
        columns = list(query.selected_columns)
        readers = ((place, _out_of(column.type, dialect)) for place, column in enumerate(columns))
        self._readers = [(place, reader) for place, reader in readers if reader is not None]
        names = [column.key or "" for column in columns]
        row: Any = namedtuple("Found", names, rename=True)  # type: ignore[misc]
        self._named: Callable[[Iterable[Any]], Any] = row._make

    def __call__(self, conn: Connection, bound: Mapping[str, Any], at_most: int | None) -> list[Any]:
        text = self._text if at_most is None else self._text.replace(PLACE_OF_MOST, str(at_most))
        values = [_filled_in(bound[key] if fixed is None else fixed.value, into) for key, fixed, into in self._given]
        rows = _asked(conn, text, tuple(values))
        if not rows or not self._readers:
            return list(map(self._named, rows))
        # A column at a time: most are look-ups, and so is then the whole of it.
        columns: list[Any] = list(zip(*rows, strict=True))
        for place, reader in self._readers:
            columns[place] = map(reader, columns[place])
        return list(map(self._named, zip(*columns, strict=True)))


def _filled_in(value: Any, into: Converter | None) -> Any:
    return value if into is None else into(value)


def _asked(conn: Connection, text: str, values: Sequence[Any]) -> Sequence[Any]:
    """The rows as the database has them."""
    rows: Sequence[Any]
    if not _direct(conn):
        found = conn.exec_driver_sql(text, tuple(values))
        rows = found.cursor.fetchall()
        found.close()
        return rows
    raw: Any = conn.connection.driver_connection
    try:
        rows = raw.execute(text, values).fetchall()
    except sqlite3.Error as error:
        raise _told(error) from error
    return rows


def _written(conn: Connection, text: str, rows: Any) -> int:
    """Write row by row; how many rows changed."""
    if not _direct(conn):
        return conn.exec_driver_sql(text, rows).rowcount
    raw: Any = conn.connection.driver_connection
    try:
        return int(raw.executemany(text, rows).rowcount)
    except sqlite3.Error as error:
        raise _told(error) from error


def _direct(conn: Connection) -> bool:
    """Whether SQLAlchemy need not be asked to carry a statement: on SQLite, unless somebody wants to hear of it or a
    transaction is still to begin with it."""
    return conn.dialect.name == "sqlite" and conn.in_transaction() and not conn.dispatch.before_cursor_execute


def _told(error: sqlite3.Error) -> Exception:
    """As SQLAlchemy tells of it, without the values: they are people's numbers."""
    return DBAPIError.instance(None, None, error, sqlite3.Error, hide_parameters=True)


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
        self._postgresql = Query(select(found).select_from(keys).join(found, true()))
        listed = func.json_each(bindparam("keys", type_=Text())).table_valued("value")
        self._sqlite = Query(query.where(key.in_(select(listed.c.value))))

    def __call__(self, conn: Connection, keys: Iterable[Any], **bound: Any) -> list[Any]:
        asked = sorted(set(keys))
        if not asked:
            return []
        if conn.dialect.name == "postgresql":
            return self._postgresql(conn, keys=asked, **bound)
        return self._sqlite(conn, keys=json.dumps(asked), **bound)


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
            return _written(conn, self._texts["sqlite, listed"], [(*common, json.dumps(own[0]))])
        return _written(conn, self._texts["sqlite"], list(zip(*map(repeat, common), *own, strict=False)))

    def _converters_for(self, dialect: Dialect) -> Mapping[str, Converter | None]:
        if dialect.name not in self._converters:
            columns = (*self.shared, *self.own)
            self._converters[dialect.name] = {column.name: _into(column.type, dialect) for column in columns}
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
        if names == ["id"] and "= :id" in where:
            # Rows that are given the same values: in half the time of one after the other.
            listed = where.replace("= :id", f"IN (SELECT value FROM json_each({numbered['id']}))")  # noqa: S608
            texts["sqlite, listed"] = f"{head} {_filled(set_, numbered)} WHERE {_filled(listed, numbered)}"
        super().__init__(texts, common, ours)


def own(*names: str) -> str:
    """`a = :a, b = :b`, for `Update`."""
    return ", ".join(f"{name} = :{name}" for name in names)


def _into(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    """How a value of this type goes into the database; None: as it is."""
    convert: Converter | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return convert


def _out_of(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    """How a value of this type comes out; None: as it is."""
    convert: Converter | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    if convert is not None and isinstance(kind, JSON):
        read = convert
        # Most documents are empty, and to read one takes longer than to read the rest of its row.
        return lambda text: EMPTY[text]() if text in EMPTY else read(text)
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
