"""A real database under virtual time: whole transactions, each run inline at a border.

SQLite lives in memory and is put back to an empty schema by copying a template; PostgreSQL runs the product's own
class behind a portal, and each world gets a tenant of its own, whose rows go when the world ends.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, TypeVar

from anyio.from_thread import start_blocking_portal
from sqlalchemy import Connection, delete
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

import campaigns.models  # noqa: F401 fills the metadata
from dialer.database import CLOCK, Postgres, embedded_engine
from tests.simulation.clock import Clock
from tests.simulation.units import Border, Kind

T = TypeVar("T")


class Store(Protocol):
    """One database of many worlds, one after another."""

    transactions: int

    def open(self, clock: Clock) -> None:
        """A world begins; its connections tell its time."""
        ...

    def transact(self, work: Callable[..., T], *args: Any) -> T: ...

    def close(self, tenant_id: int) -> None:
        """A world ends: nothing of it is left."""
        ...


class Memory:
    """SQLite in memory, over one connection."""

    def __init__(self) -> None:
        self._engine = embedded_engine("sqlite://", StaticPool, "BEGIN IMMEDIATE")
        SQLModel.metadata.create_all(self._engine)
        self._connection = self._engine.connect()
        self._raw: sqlite3.Connection = self._connection.connection.driver_connection  # type: ignore[assignment]
        self._template = sqlite3.connect(":memory:")
        self._raw.backup(self._template)
        self.transactions = 0

    def open(self, clock: Clock) -> None:
        self._template.backup(self._raw)
        self._connection.execution_options(**{CLOCK: clock})
        self.transactions = 0

    def transact(self, work: Callable[..., T], *args: Any) -> T:
        self.transactions += 1
        with self._connection.begin():
            return work(self._connection, *args)

    def close(self, tenant_id: int) -> None:
        """The next world's template covers it."""

    def dispose(self) -> None:
        self._connection.close()
        self._engine.dispose()
        self._template.close()


class Served:
    """PostgreSQL, reached through the event loop of another thread; the schema is there already."""

    def __init__(self, url: str) -> None:
        self._portals = start_blocking_portal()
        self._portal = self._portals.__enter__()
        self._database = self._portal.call(partial(Postgres, url))
        self._clock = Clock()
        self.transactions = 0

    def open(self, clock: Clock) -> None:
        self._clock = clock
        self.transactions = 0

    def transact(self, work: Callable[..., T], *args: Any) -> T:
        self.transactions += 1
        return self._portal.call(self._database.write, self._timed(work), *args)

    def _timed(self, work: Callable[..., T]) -> Callable[..., T]:
        def timed(conn: Connection, *args: Any) -> T:
            return work(conn.execution_options(**{CLOCK: self._clock}), *args)

        return timed

    def close(self, tenant_id: int) -> None:
        self._portal.call(self._database.write, _forget, tenant_id)

    def dispose(self) -> None:
        self._portal.call(self._database.close)
        self._portals.__exit__(None, None, None)


def _forget(conn: Connection, tenant_id: int) -> None:
    for table in reversed(SQLModel.metadata.sorted_tables):
        column = table.c.id if table.name == "tenant" else table.c.tenant_id
        conn.execute(delete(table).where(column == tenant_id))


@contextmanager
def opened(url: str | None) -> Iterator[Store]:
    """The store behind a PostgreSQL URL; in memory without one."""
    store = Memory() if url is None else Served(url)
    try:
        yield store
    finally:
        store.dispose()


def failure() -> Exception:
    return OperationalError("a transaction", None, Exception("the simulated database is gone"))


class Striking:
    """The `Database` of a simulated process: every transaction is a border."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def write(self, work: Callable[..., T], *args: Any) -> T:
        answer: T = await Border(Kind.COMMIT, work.__name__, partial(self._store.transact, work, *args), failure)
        return answer

    async def read(self, work: Callable[..., T], *args: Any) -> T:
        answer: T = await Border(Kind.READ, work.__name__, partial(self._store.transact, work, *args), failure)
        return answer

    async def close(self) -> None: ...


class Inline:
    """The same without borders, for the one step that needs an event loop of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def write(self, work: Callable[..., T], *args: Any) -> T:
        return self._store.transact(work, *args)

    read = write

    async def close(self) -> None: ...
