"""Databases for tests that are plain functions: each one fresh, migrated, and spoken to by whole transactions."""

import asyncio
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from anyio.from_thread import BlockingPortal
from postgres import Server
from sqlalchemy.engine import make_url
from sqlalchemy.util import await_only

from dialer import migrations
from dialer.database import Database, open_database

T = TypeVar("T")


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
        self._name = f"dialer_test_{os.getpid()}"
        self._ordinals = itertools.count(1)
        self._template = ""
        self._made: list[str] = []

    def empty(self) -> str:
        """The URL of a new database with nothing in it."""
        return self._make("template0")

    def migrated(self) -> str:
        """The URL of a new database at the head."""
        if not self._template:
            url = self._make("template0")
            with desk(self._portal, url) as one:
                one.run(migrations.upgrade)
            self._template = make_url(url).database or ""
        return self._make(self._template)

    def drop_all(self) -> None:
        for name in self._made:
            self._tell(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _make(self, template: str) -> str:
        name = f"{self._name}_{next(self._ordinals)}"
        self._tell(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._made.append(name)
        return self._server.of(name)

    def _tell(self, statement: str) -> None:
        async def tell() -> None:
            plain = make_url(self._server.of(self._server.url.database or "postgres"))
            connection = await asyncpg.connect(plain.set(drivername="postgresql").render_as_string(hide_password=False))
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        self._portal.call(tell)


def together(count: int) -> Callable[[], None]:
    """A gate for works that run at once: each waits there until `count` of them have come."""
    barrier = asyncio.Barrier(count)
    return lambda: await_only(asyncio.wait_for(barrier.wait(), 10))
