"""Column types and constraint shapes that all tables share."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    String,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

# SQLite numbers rows by itself only where the key's type is spelled INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")
Document = JSON().with_variant(JSONB(), "postgresql")


Processor = Callable[[Any], Any]


class Utc(TypeDecorator[datetime]):
    """A moment in UTC. Naive values are refused going in; SQLite's text gets its zone coming out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        return _as_text if dialect.name == "sqlite" else _in_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor | None:
        # asyncpg answers in UTC.
        return _from_text if dialect.name == "sqlite" else None


def _in_utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a moment without a zone cannot be stored")
    return value.astimezone(UTC)


def _as_text(value: datetime | None) -> str | None:
    """Text that sorts like the moments themselves."""
    at = _in_utc(value)
    return None if at is None else at.replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


class Word(TypeDecorator[StrEnum]):
    """A word of a closed list, stored as its value. The list itself is held by `one_of` as a CHECK.

    Going in and coming out are look-ups, because every row has several words. A word that is none is a `KeyError`.
    """

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        self.words = words
        super().__init__(32)

    def bind_processor(self, dialect: Dialect) -> Processor:
        stored: dict[str | None, str | None] = {word.value: word.value for word in self.words}
        return (stored | {None: None}).__getitem__

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        meant: dict[str | None, StrEnum | None] = {word.value: word for word in self.words}
        return (meant | {None: None}).__getitem__


def key() -> Column[Any]:
    """The row's own number."""
    return Column("id", Id, Identity(), primary_key=True)


def word(words: type[StrEnum], default: StrEnum | None = None, nullable: bool = False) -> Column[Any]:
    return Column(Word(words), nullable=nullable, default=default)


def moment(nullable: bool = True) -> Column[Any]:
    return Column(Utc(), nullable=nullable)


def document(default: type[list[Any]] | type[dict[str, Any]] = dict, added: bool = False) -> Column[Any]:
    """`added`: the column came after the table, so rows that stood there were given the empty document."""
    empty = text("'[]'" if default is list else "'{}'") if added else None
    return Column(Document, nullable=False, default=default, server_default=empty)


def count(default: int = 0) -> Column[Any]:
    """A whole number that came after the table; rows that stood there were given the default."""
    return Column(Integer, nullable=False, default=default, server_default=text(str(default)))


def quoted(words: Iterable[StrEnum]) -> str:
    return ", ".join(f"'{word.value}'" for word in words)


def one_of(table: str, column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({quoted(words)})", name=f"ck_{table}_{column}")


def belongs_to(table: str, column: str, parent: str) -> ForeignKeyConstraint:
    """A reference that cannot cross tenants, because the tenant is part of it."""
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{parent}.tenant_id", f"{parent}.id"], name=f"fk_{table}_{column}"
    )


def referable(table: str) -> UniqueConstraint:
    """What `belongs_to` of another table points at."""
    return UniqueConstraint("tenant_id", "id", name=f"uq_{table}_tenant_id")


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the rows that matter, the same on both databases."""
    predicate = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=predicate, postgresql_where=predicate)
