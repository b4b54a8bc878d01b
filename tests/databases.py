"""Databases for tests that are plain functions: each one fresh, migrated, and spoken to by whole transactions."""

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import anyio.to_thread
import asyncpg
from anyio.from_thread import BlockingPortal
from postgres import Server
from sqlalchemy.engine import make_url
from sqlalchemy.util import await_only

from dialer import migrations
from dialer.database import Database, open_database

T = TypeVar("T")
TEMPLATE = "dialer_template"
LAYING = 7
"""The advisory lock of whoever makes the template."""
_ordinals = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Desk:
    """A database, and the loop in which somebody works with it."""

    database: Database
    portal: BlockingPortal
    kind: str

    def run(self, work: Callable[..., T], *args: Any) -> T:
        """One transaction: `work(conn, *args)`."""
        return self.portal.call(lambda: self.database.write(work, *args))

    def at_once(self, *works: Callable[..., T]) -> list[T]:
        """As many transactions as works, each over its own connection, none waiting for another to begin."""

        async def all_of_them() -> list[T]:
            return await asyncio.gather(*(self.database.write(work) for work in works))

        return self.portal.call(all_of_them)


@contextmanager
def desk(portal: BlockingPortal, url: str) -> Iterator[Desk]:
    """Somebody at the database behind a URL, until it is closed."""
    database = open_database(url)
    try:
        yield Desk(database, portal, make_url(url).get_backend_name())
    finally:
        portal.call(database.close)


def embedded_template(folder: Path) -> Path:
    """A migrated SQLite file, to be copied."""
    path = folder / "template.db"
    migrations.upgrade_embedded(f"sqlite:///{path}")
    return path


@contextmanager
def embedded(portal: BlockingPortal, template: Path, folder: Path) -> Iterator[Desk]:
    """A fresh SQLite database in `folder`."""
    path = folder / "dialer.db"
    shutil.copy(template, path)
    with desk(portal, f"sqlite:///{path}") as one:
        yield one


class Clones:
    """A migrated database of a server, and its clones: a new one costs tens of milliseconds."""

    def __init__(self, portal: BlockingPortal, server: Server) -> None:
        self._portal = portal
        self._server = server
        self._template = ""
        self._made: list[str] = []

    def empty(self) -> str:
        """The URL of a new database with nothing in it."""
        return self._server.of(self._make("template0"))

    def migrated(self) -> str:
        """The URL of a new database at the head."""
        self._template = self._template or (self._of_the_run() if self._server.shared else self._laid())
        return self._server.of(self._make(self._template))

    def drop_all(self) -> None:
        """What is in a server that ends with the run goes with it."""
        for name in [] if self._server.shared else self._made:
            self._portal.call(self._tell, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _of_the_run(self) -> str:
        """The template of all processes, made by the one that comes first while the others wait."""
        return self._portal.call(self._alone, self._laid)

    async def _alone(self, make: Callable[[], str]) -> str:
        async with self._connected() as connection:
            await connection.execute(f"SELECT pg_advisory_lock({LAYING})")
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", TEMPLATE):
                made = await anyio.to_thread.run_sync(make)
                await connection.execute(f'ALTER DATABASE "{made}" RENAME TO "{TEMPLATE}"')
        return TEMPLATE

    def _laid(self) -> str:
        """The name of a new database at the head."""
        name = self._make("template0")
        with desk(self._portal, self._server.of(name)) as one:
            one.run(migrations.upgrade)
        return name

    def _make(self, template: str) -> str:
        name = f"dialer_test_{os.getpid()}_{next(_ordinals)}"
        self._portal.call(self._tell, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._made.append(name)
        return name

    async def _tell(self, statement: str) -> None:
        async with self._connected() as connection:
            await connection.execute(statement)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        plain = make_url(self._server.of(self._server.url.database or "postgres"))
        connection = await asyncpg.connect(plain.set(drivername="postgresql").render_as_string(hide_password=False))
        try:
            yield connection
        finally:
            await connection.close()


def together(count: int) -> Callable[[], None]:
    """A gate for works that run at once: each waits there until `count` of them have come."""
    barrier = asyncio.Barrier(count)
    return lambda: await_only(asyncio.wait_for(barrier.wait(), 10))
