"""A connection without SQLAlchemy's journey: its compiled text and types, straight to SQLite's cursor.

A world runs hundreds of small statements, each of which SQLAlchemy takes longer to carry than SQLite to run. What was
made once is known by itself, what is built anew each time by SQLAlchemy's own cache key; either is compiled once and
carried from here. The rest (many rows at once, what has no key) goes the usual way. That both ways tell the same story,
the tests hold.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.engine import Row
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import IntegrityError, MultipleResultsFound, NoResultFound
from sqlalchemy.sql.cache_key import CacheKey
from sqlalchemy.sql.compiler import SQLCompiler

Convert = Callable[[Any], Any]
FIXED = object()
CARRIED = (Select, Insert, Update, Delete)


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
    """A compiled statement and how its rows are read."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect) -> None:
        columns = compiled._result_columns
        self._keys = SimpleResultMetaData([column.keyname for column in columns])
        read = [column.type._cached_result_processor(dialect, None) for column in columns]
        self._read = read if any(read) else None
        self._returns = bool(columns)

    def _run(self, raw: sqlite3.Connection, text: str, values: Sequence[Any]) -> Found:
        cursor = _asked(raw, text, values)
        if not self._returns:
            return Found((), cursor.rowcount)
        keys = self._keys
        index, read = keys._key_to_index, self._read
        return Found([Row(keys, read, index, row) for row in cursor])


class Made(Carried):
    """A statement that was made once: its text, and where its values come from."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect) -> None:
        super().__init__(compiled, dialect)
        self._text = compiled.string
        convert = compiled._bind_processors
        self._values = [self._value(compiled, name, convert.get(name)) for name in compiled.positiontup or ()]

    @staticmethod
    def _value(compiled: SQLCompiler, name: str, convert: Convert | None) -> tuple[str, Any, Convert | None]:
        bind = compiled.binds[name]
        if bind.required:
            return bind.key, FIXED, convert
        return bind.key, bind.value if convert is None else convert(bind.value), convert

    def __call__(self, raw: sqlite3.Connection, given: Mapping[str, Any]) -> Found:
        # Without a function of its own: there are some thousand values in a world.
        values = [
            fixed if fixed is not FIXED and key not in given else given[key] if convert is None else convert(given[key])
            for key, fixed, convert in self._values
        ]
        return self._run(raw, self._text, values)


class Spelled(Carried):
    """A statement that was made once and spells out lists and limits: one text for each of their lengths and values."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect) -> None:
        super().__init__(compiled, dialect)
        self._compiled = compiled
        self._spelled = sorted((*compiled.post_compile_params, *compiled.literal_execute_params), key=_key)
        self._texts: dict[Any, tuple[str, list[tuple[str, int | None, Any, Convert | None]]]] = {}

    def __call__(self, raw: sqlite3.Connection, given: Mapping[str, Any]) -> Found:
        shape = tuple(self._shape(bind, given.get(bind.key, bind.value)) for bind in self._spelled)
        if shape not in self._texts:
            self._texts[shape] = self._text(given)
        text, places = self._texts[shape]
        return self._run(raw, text, [self._filled(given, *place) for place in places])

    @staticmethod
    def _shape(bind: Any, value: Any) -> Any:
        return len(value) if bind.expanding else value

    def _text(self, given: Mapping[str, Any]) -> Any:
        """The text for lists of these lengths, and where each of its values stands: alone, or in a list."""
        compiled = self._compiled
        told = compiled._process_parameters_for_postcompile(compiled.construct_params(given))  # type: ignore[arg-type]
        listed = {
            name: (whole, place)
            for whole, names in told.parameter_expansion.items()
            for place, name in enumerate(names)
        }
        convert = {**compiled._bind_processors, **told.processors}
        places = []
        for name in told.positiontup or ():
            whole, place = listed.get(name, (name, None))
            bind = compiled.binds[whole]
            places.append((bind.key, place, bind.value, convert.get(name)))
        return told.statement, places

    @staticmethod
    def _filled(given: Mapping[str, Any], key: str, place: int | None, fixed: Any, convert: Convert | None) -> Any:
        value = given.get(key, fixed)
        if place is not None:
            value = value[place]
        return value if convert is None else convert(value)


class Built(Carried):
    """A statement that is built anew each time: its values come out of its cache key, its lists are spelled out."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect) -> None:
        super().__init__(compiled, dialect)
        self._compiled = compiled

    def __call__(self, raw: sqlite3.Connection, given: Mapping[str, Any], key: CacheKey) -> Found:
        compiled = self._compiled
        params = compiled.construct_params(given or None, extracted_parameters=key.bindparams)  # type: ignore[arg-type]
        text, names, convert = compiled.string, compiled.positiontup or [], compiled._bind_processors
        if _spells(compiled):
            spelled = compiled._process_parameters_for_postcompile(params)
            params = {**params, **spelled.additional_parameters}
            text, names, convert = spelled.statement, spelled.positiontup or [], {**convert, **spelled.processors}
        values = [convert[name](params[name]) if name in convert else params[name] for name in names]
        return self._run(raw, text, values)


class LeanConnection:
    """What the domain asks of a `Connection`; the rest is asked of SQLAlchemy's own."""

    def __init__(self, connection: Connection, raw: sqlite3.Connection) -> None:
        self._connection = connection
        self._raw = raw
        self.dialect = connection.dialect
        self._made: WeakKeyDictionary[Any, Made | Spelled | bool] = WeakKeyDictionary()
        self._built: dict[Any, Built | None] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: Any, given: Any = None) -> Any:
        if isinstance(given, list) or not isinstance(statement, CARRIED):
            return self._connection.execute(statement, given)
        made = self._made_of(statement)
        if made is not None:
            return made(self._raw, given or {})
        key = statement._generate_cache_key()
        built = None if key is None else self._built_of(statement, key, given or {})
        if key is None or built is None:
            return self._connection.execute(statement, given)
        return built(self._raw, given or {}, key)

    @contextmanager
    def begin_nested(self) -> Iterator[None]:
        """A part of the transaction that can be undone by itself."""
        self._raw.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._raw.execute("ROLLBACK TO part")
            raise
        finally:
            self._raw.execute("RELEASE part")

    def scalars(self, statement: Any, given: Any = None) -> Any:
        found = self.execute(statement, given)
        return Found([row[0] for row in found])

    def scalar(self, statement: Any, given: Any = None) -> Any:
        first = self.execute(statement, given).first()
        return None if first is None else first[0]

    def exec_driver_sql(self, text: str, given: Sequence[Any] = ()) -> Found:
        if isinstance(given, list):
            return Found((), self._raw.executemany(text, given).rowcount)
        cursor = _asked(self._raw, text, given)
        return Found(cursor, cursor.rowcount)

    def _made_of(self, statement: Any) -> Made | Spelled | None:
        """A statement that comes a second time was made to be used again."""
        made = self._made.get(statement)
        if made is None:
            self._made[statement] = False
        elif made is False:
            made = self._made[statement] = self._compiled(statement) or True
        return None if isinstance(made, bool) else made

    def _compiled(self, statement: Any) -> Made | Spelled | None:
        """What is inserted has another text for each kind of row."""
        if isinstance(statement, Insert):
            return None
        compiled = statement.compile(dialect=self.dialect)
        return (Spelled if _spells(compiled) else Made)(compiled, self.dialect)

    def _built_of(self, statement: Any, key: CacheKey, given: Mapping[str, Any]) -> Built | None:
        shape = (key.key, tuple(given))
        if shape not in self._built:
            compiled = statement.compile(dialect=self.dialect, cache_key=key, column_keys=list(given) or None)
            fits = not (compiled.insert_prefetch or compiled.update_prefetch)
            self._built[shape] = Built(compiled, self.dialect) if fits else None
        return self._built[shape]


def _spells(compiled: SQLCompiler) -> bool:
    """Whether the text is only finished with its values: lists, and numbers that SQLAlchemy writes out."""
    return bool(compiled.post_compile_params or compiled.literal_execute_params)


def _key(bind: Any) -> str:
    return str(bind.key)


def _asked(raw: sqlite3.Connection, text: str, values: Sequence[Any]) -> sqlite3.Cursor:
    """Run it. What collides is told as SQLAlchemy tells it, because the product goes by that."""
    try:
        return raw.execute(text, values)
    except sqlite3.IntegrityError as collision:
        raise IntegrityError(text, None, collision) from collision
