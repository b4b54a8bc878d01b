"""A connection without SQLAlchemy's journey: its compiled text and types, straight to SQLite's cursor.

A world runs hundreds of small statements, each of which SQLAlchemy takes longer to carry than SQLite to run. What was
seen before is compiled once and carried from here; the rest (inserts, lists of unknown length, what is built anew each
time) goes the usual way. That both ways tell the same story, the tests hold.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Delete, Dialect, Select, Update
from sqlalchemy.engine import Row
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.sql.compiler import SQLCompiler

Convert = Callable[[Any], Any]
FIXED = object()


class Found(list[Any]):
    """Rows, or what stands in their first column, with the manners of a `Result`."""

    def __init__(self, rows: Iterable[Any], rowcount: int = -1) -> None:
        super().__init__(rows)
        self.rowcount = rowcount

    def all(self) -> list[Any]:
        return list(self)

    def first(self) -> Any:
        return self[0] if self else None

    def one_or_none(self) -> Any:
        if len(self) > 1:
            raise MultipleResultsFound("several rows where one was expected")
        return self.first()

    def one(self) -> Any:
        if not self:
            raise NoResultFound("no row where one was expected")
        return self.one_or_none()

    def scalar_one(self) -> Any:
        return self.one()[0]


class Carried:
    """A statement as SQLite wants it: its text, where its values come from, and how its rows are read."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect) -> None:
        self.text = compiled.string
        convert = compiled._bind_processors
        self._values = [self._value(compiled, name, convert.get(name)) for name in compiled.positiontup or ()]
        columns = compiled._result_columns
        self._keys = SimpleResultMetaData([column.keyname for column in columns])
        read = [column.type._cached_result_processor(dialect, None) for column in columns]
        self._read = read if any(read) else None
        self._returns = bool(columns)

    @staticmethod
    def _value(compiled: SQLCompiler, name: str, convert: Convert | None) -> tuple[str, Any, Convert | None]:
        bind = compiled.binds[name]
        if bind.required:
            return bind.key, FIXED, convert
        return bind.key, bind.value if convert is None else convert(bind.value), convert

    def __call__(self, raw: sqlite3.Connection, given: Mapping[str, Any]) -> Found:
        cursor = raw.execute(self.text, [self._filled(given, *value) for value in self._values])
        if not self._returns:
            return Found((), cursor.rowcount)
        keys = self._keys
        index, read = keys._key_to_index, self._read
        return Found(Row(keys, read, index, row) for row in cursor)

    @staticmethod
    def _filled(given: Mapping[str, Any], key: str, fixed: Any, convert: Convert | None) -> Any:
        if fixed is not FIXED and key not in given:
            return fixed
        return given[key] if convert is None else convert(given[key])


class LeanConnection:
    """What the domain asks of a `Connection`; the rest is asked of SQLAlchemy's own."""

    def __init__(self, connection: Connection, raw: sqlite3.Connection) -> None:
        self._connection = connection
        self._raw = raw
        self.dialect = connection.dialect
        self._known: WeakKeyDictionary[Any, Carried | bool] = WeakKeyDictionary()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: Any, given: Any = None) -> Any:
        carried = self._carried(statement)
        if carried is None or isinstance(given, list):
            return self._connection.execute(statement, given)
        return carried(self._raw, given or {})

    def scalars(self, statement: Any, given: Any = None) -> Any:
        found = self.execute(statement, given)
        return Found(row[0] for row in found)

    def scalar(self, statement: Any, given: Any = None) -> Any:
        first = self.execute(statement, given).first()
        return None if first is None else first[0]

    def exec_driver_sql(self, text: str, given: Sequence[Any] = ()) -> Found:
        if isinstance(given, list):
            return Found((), self._raw.executemany(text, given).rowcount)
        cursor = self._raw.execute(text, given)
        return Found(cursor, cursor.rowcount)

    def _carried(self, statement: Any) -> Carried | None:
        """A statement that comes a second time was made to be used again."""
        known = self._known.get(statement)
        if known is None:
            self._known[statement] = False
        elif known is False:
            known = self._known[statement] = self._compiled(statement) or True
        return known if isinstance(known, Carried) else None

    def _compiled(self, statement: Any) -> Carried | None:
        if not isinstance(statement, (Select, Update, Delete)):
            return None
        compiled = statement.compile(dialect=self.dialect)
        assert isinstance(compiled, SQLCompiler)
        if compiled.post_compile_params or compiled.literal_execute_params:
            return None
        return Carried(compiled, self.dialect)
