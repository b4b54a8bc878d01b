"""Bring a database to the schema of this version. SQLite is copied first; PostgreSQL is upgraded only on command."""

import sqlite3
from pathlib import Path

import anyio.to_thread
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.pool import StaticPool

from alembic import command
from dialer.database import Database, embedded_engine

SHIPPED = Path(__file__).parent / "alembic"
IN_TREE = Path(__file__).parent.parent / "alembic"


class Outdated(Exception):
    """The database is at another schema version than this program; the message says what to run."""


def configuration(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SHIPPED if SHIPPED.exists() else IN_TREE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The schema version of this program."""
    return str(ScriptDirectory.from_config(configuration()).get_current_head())


def current(conn: Connection) -> str | None:
    """The schema version of a database, None where there is none yet."""
    return MigrationContext.configure(conn).get_current_revision()


def upgrade(conn: Connection) -> tuple[str | None, str]:
    """To the head, in the caller's transaction; the version before and after."""
    before = current(conn)
    if before != head():
        command.upgrade(configuration(conn), "head")
    return before, head()


def upgrade_embedded(url: str) -> tuple[str | None, str]:
    """Upgrade a SQLite file, after copying it beside itself where it holds anything."""
    path = Path(make_url(url).database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = embedded_engine(url, StaticPool, "BEGIN IMMEDIATE")
    try:
        with engine.connect() as conn:
            before = current(conn)
        if before == head():
            return before, before
        if before is not None:
            copy(path, path.with_name(f"{path.name}.before-{head()}"))
        with engine.begin() as conn:
            return upgrade(conn)
    finally:
        engine.dispose()


def copy(source: Path, target: Path) -> None:
    """A consistent copy of a database that may be in use."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()


async def upgrade_any(url: str, database: Database) -> tuple[str | None, str]:
    """To the head, on either database."""
    if make_url(url).get_backend_name() == "sqlite":
        return await anyio.to_thread.run_sync(upgrade_embedded, url)
    return await database.write(upgrade)


def require_head(conn: Connection) -> None:
    """Refuse to work on another schema than this program's. Raises `Outdated`."""
    if (found := current(conn)) != head():
        raise Outdated(f"the database is at schema {found or 'none'}, this program needs {head()}: dialer db upgrade")
