"""A real database under virtual time: whole transactions, each run inline at a border.

SQLite lives in memory, PostgreSQL is reached by the product's own class. Each world gets a tenant of its own, and when
it ends its rows go: the tables stay, so that what was prepared for them stays good.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, delete
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

import campaigns.models  # noqa: F401 fills the metadata
from dialer.database import CLOCK, Postgres, embedded_engine
from tests.simulation.clock import Clock
from tests.simulation.lean import LeanConnection
from tests.simulation.units import Border, Kind

T = TypeVar("T")
BEGIN = "BEGIN IMMEDIATE"


class Store(Protocol):
    """One database of many worlds, one after another."""

    transactions: int
    changes: int
    """How many of them may have written something."""

    def open(self, clock: Clock) -> None:
        """A world begins; its connections tell its time."""
        ...

    def transact(self, work: Callable[..., T], *args: Any) -> T: ...

    def read(self, work: Callable[..., T], *args: Any) -> T: ...

    async def within(self, work: Callable[..., T], *args: Any) -> T:
        """A transaction of somebody who runs in the event loop."""
        ...

    def close(self, tenant_id: int) -> None:
        """A world ends: nothing of it is left."""
        ...


class Memory:
    """SQLite in memory, over one connection. `lean` spares it SQLAlchemy's journey from statement to cursor."""

    def __init__(self, lean: bool = True) -> None:
        self._engine = embedded_engine("sqlite://", StaticPool, BEGIN)
        SQLModel.metadata.create_all(self._engine)
        self._connection = self._engine.connect()
        self._raw: sqlite3.Connection = self._connection.connection.driver_connection  # type: ignore[assignment]
        self._lean = LeanConnection(self._connection, self._raw) if lean else None
        if lean:
            # SQLAlchemy believes from now on that its transaction lasts for ever; ours begin and end below it.
            self._connection.begin()
            self._raw.commit()
        self.transactions = self.changes = 0

    def open(self, clock: Clock) -> None:
        self._connection.execution_options(**{CLOCK: clock})
        self.transactions = self.changes = 0

    def transact(self, work: Callable[..., T], *args: Any) -> T:
        self.changes += 1
        return self.read(work, *args)

    async def within(self, work: Callable[..., T], *args: Any) -> T:
        return self.transact(work, *args)

    def read(self, work: Callable[..., T], *args: Any) -> T:
        self.transactions += 1
        if self._lean is None:
            with self._connection.begin():
                return work(self._connection, *args)
        self._raw.execute(BEGIN)
        try:
            answer = work(self._lean, *args)
        except BaseException:
            self._raw.rollback()
            raise
        self._raw.commit()
        return answer

    def close(self, tenant_id: int) -> None:
        self.transact(_clear)

    def dispose(self) -> None:
        self._connection.close()
        self._engine.dispose()


def _clear(conn: Connection) -> None:
    for emptied in reversed(SQLModel.metadata.sorted_tables):
        conn.exec_driver_sql(f"DELETE FROM {emptied.name}")


class Served:
    """PostgreSQL by the product's own class, its schema there already. Worlds take turns: the loops look at all
    tenants, so two worlds at once need two databases."""

    def __init__(self, url: str, events: asyncio.Runner) -> None:
        self._database = Postgres(url)
        self._events = events
        self._clock = Clock()
        self.transactions = self.changes = 0

    def open(self, clock: Clock) -> None:
        self._clock = clock
        self.transactions = self.changes = 0

    def transact(self, work: Callable[..., T], *args: Any) -> T:
        self.changes += 1
        return self.read(work, *args)

    def read(self, work: Callable[..., T], *args: Any) -> T:
        return self._events.run(self.within(work, *args))

    async def within(self, work: Callable[..., T], *args: Any) -> T:
        self.transactions += 1
        return await self._database.write(self._timed, work, *args)

    def _timed(self, conn: Connection, work: Callable[..., T], *args: Any) -> T:
        return work(conn.execution_options(**{CLOCK: self._clock}), *args)

    def close(self, tenant_id: int) -> None:
        self.transact(_forget, tenant_id)

    def dispose(self) -> None:
        self._events.run(self._database.close())


def _forget(conn: Connection, tenant_id: int) -> None:
    for table in reversed(SQLModel.metadata.sorted_tables):
        column = table.c.id if table.name == "tenant" else table.c.tenant_id
        conn.execute(delete(table).where(column == tenant_id))


@contextmanager
def opened(url: str | None, events: asyncio.Runner) -> Iterator[Store]:
    """The store behind a PostgreSQL URL; in memory without one."""
    store = Memory() if url is None else Served(url, events)
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
        answer: T = await Border(Kind.READ, work.__name__, partial(self._store.read, work, *args), failure)
        return answer

    async def close(self) -> None: ...


class Inline:
    """The same without borders, for the one step that needs an event loop of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def write(self, work: Callable[..., T], *args: Any) -> T:
        return await self._store.within(work, *args)

    read = write

    async def close(self) -> None: ...
