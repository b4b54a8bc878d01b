"""The schema that migrations make is the schema that the models say, to the letter of the catalogue."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from anyio.from_thread import BlockingPortal
from databases import Desk, desk
from sqlalchemy import CheckConstraint, Connection, Enum, text
from sqlmodel import SQLModel

import campaigns.models as models
from campaigns.models.columns import Word
from dialer import migrations
from dialer.migrations import Outdated

METADATA = SQLModel.metadata
VERSION_TABLE = "alembic_version"
CONSTRAINT = re.compile(r"\s*(?:CONSTRAINT|PRIMARY KEY|UNIQUE|FOREIGN KEY|CHECK)\b")
POSTGRES_CATALOGUE = (
    "SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)"
    " FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    "SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '"
    " || coalesce(character_maximum_length::text, '') || ' ' || is_identity || ' ' || coalesce(column_default, '')"
    " FROM information_schema.columns WHERE table_schema = 'public'",
)


def upgraded(portal: BlockingPortal, url: str) -> Any:
    with desk(portal, url) as one:
        portal.call(migrations.upgrade_any, url, one.database)
        return one.run(catalogue), one.run(differences)


def made_from_models(portal: BlockingPortal, url: str) -> list[str]:
    with desk(portal, url) as one:
        one.run(METADATA.create_all)
        return one.run(catalogue)


def catalogue(conn: Connection) -> list[str]:
    """Everything that the database knows of its tables, one thing a line."""
    lines = _sqlite(conn) if conn.dialect.name == "sqlite" else _postgres(conn)
    return sorted(line for line in lines if VERSION_TABLE not in line)


def _sqlite(conn: Connection) -> list[str]:
    told = conn.execute(text("SELECT type, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    return [
        line
        for kind, table, sql in told
        for line in (_of_a_table(conn, table, sql) if kind == "table" else [re.sub(r"\s+", " ", sql)])
    ]


def _of_a_table(conn: Connection, table: str, sql: str) -> list[str]:
    """Columns as SQLite understood them, because one that was added later stands elsewhere in the text; constraints
    as they are written, in whatever order."""
    columns = conn.execute(
        text('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(:t)'), {"t": table}
    )
    return [
        *(f"column {table} {tuple(column)}" for column in columns),
        *(f"{table} {line.strip(' ,')}" for line in sql.splitlines() if CONSTRAINT.match(line)),
    ]


def _postgres(conn: Connection) -> list[str]:
    return [line for question in POSTGRES_CATALOGUE for line in conn.scalars(text(question))]


def differences(conn: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(conn), METADATA))


def test_the_migrated_schema_is_the_models_schema_by_catalogue_text(
    portal: BlockingPortal, empty_url: str, request: pytest.FixtureRequest
) -> None:
    migrated, found = upgraded(portal, empty_url)
    other = _another(request, empty_url)
    assert migrated == made_from_models(portal, other)
    assert found == []


def _another(request: pytest.FixtureRequest, url: str) -> str:
    if url.startswith("sqlite"):
        return url.replace("empty.db", "models.db")
    made: str = request.getfixturevalue("clones").empty()
    return made


def test_the_catalogue_shows_predicates_and_word_lists(database: Desk) -> None:
    seen = "\n".join(database.run(catalogue))
    for index in ("uq_call_live_phone", "uq_call_live_person", "uq_call_live_agent", "ix_customer_due"):
        line = next(line for line in seen.splitlines() if index in line)
        assert "WHERE" in line
        assert "status" in line or "'intended'" in line
    assert seen.count("CHECK") >= len(WORD_LISTS)


WORD_LISTS = {
    constraint.name: constraint
    for table in METADATA.tables.values()
    for constraint in table.constraints
    if isinstance(constraint, CheckConstraint) and constraint.name
}


@pytest.mark.parametrize("name", sorted(map(str, WORD_LISTS)))
def test_the_database_takes_exactly_the_words_of_the_list(database: Desk, name: str) -> None:
    constraint = WORD_LISTS[name]
    column = _column(constraint)
    assert isinstance(column.type, Word)
    words = {word.value for word in column.type.words}
    line = next(line for line in database.run(catalogue) if name in line)
    assert set(re.findall(r"'([^']*)'", line)) == words


def _column(constraint: CheckConstraint) -> Any:
    table = constraint.table
    return table.columns[str(constraint.name).removeprefix(f"ck_{table.name}_")]


STATES = {
    (models.Call, "state"),
    (models.Customer, "status"),
    (models.Campaign, "wanted"),
    (models.Campaign, "queue_state"),
    (models.Fact, "kind"),
    (models.Fact, "verdict"),
    (models.Agent, "presence"),
}


@pytest.mark.parametrize(("model", "column"), sorted(STATES, key=str))
def test_every_state_is_held_by_a_check(model: type[SQLModel], column: str) -> None:
    assert f"ck_{model.__tablename__}_{column}" in WORD_LISTS


def test_no_column_is_a_native_enum() -> None:
    columns = [column for table in METADATA.tables.values() for column in table.columns]
    assert not [column for column in columns if isinstance(column.type, Enum)]
    assert all(issubclass(column.type.words, StrEnum) for column in columns if isinstance(column.type, Word))


def test_every_table_but_the_tenant_itself_begins_with_the_tenant() -> None:
    for table in METADATA.tables.values():
        names = [column.name for column in table.columns if column.name != "id"]
        assert table.name == "tenant" or names[0] == "tenant_id"
        for constraint in table.foreign_key_constraints:
            assert constraint.column_keys[0] == "tenant_id"


def test_upgrading_twice_changes_nothing(database: Desk) -> None:
    head = migrations.head()
    assert database.run(migrations.upgrade) == (head, head)


def test_a_database_without_a_schema_is_refused_with_what_to_run(portal: BlockingPortal, empty_url: str) -> None:
    with desk(portal, empty_url) as one, pytest.raises(Outdated, match="dialer db upgrade"):
        one.run(migrations.require_head)


def test_a_migrated_database_is_accepted(database: Desk) -> None:
    check: Callable[[Connection], None] = migrations.require_head
    database.run(check)
