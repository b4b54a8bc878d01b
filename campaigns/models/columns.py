"""Column types and constraint shapes that all tables share."""

from collections.abc import Iterable
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


class Utc(TypeDecorator[datetime]):
    """A moment in UTC. Naive values are refused going in; SQLite's naive answers get their zone coming out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """A word of a closed list, stored as its value. The list itself is held by `one_of` as a CHECK."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        self.words = words
        super().__init__(32)

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


def key() -> Column[Any]:
    """The row's own number."""
    return Column("id", Id, Identity(), primary_key=True)


def word(words: type[StrEnum], default: StrEnum | None = None, nullable: bool = False) -> Column[Any]:
    return Column(Word(words), nullable=nullable, default=default)


def moment(nullable: bool = True) -> Column[Any]:
    return Column(Utc(), nullable=nullable)


def document(default: type[list[Any]] | type[dict[str, Any]] = dict) -> Column[Any]:
    return Column(Document, nullable=False, default=default)


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
