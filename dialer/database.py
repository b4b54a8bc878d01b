"""One way to talk to either database: whole transactions, as plain functions of a connection.

On SQLite a transaction runs in a thread, the writing ones one at a time over one connection that begins IMMEDIATE (a
thread hop a transaction, not a statement). On PostgreSQL the same function runs over asyncpg. The domain never knows.
A transaction that has begun is never cancelled: it commits or rolls back before the cancellation is felt.
"""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Protocol, TypeVar

import anyio
import anyio.to_thread
import asyncpg
from anyio import CapacityLimiter
from sqlalchemy import Connection, Engine, create_engine, event, func, literal_column, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool, StaticPool

from campaigns.statements import Query

T = TypeVar("T")
READERS = 4
STATEMENTS = 500
"""So many statements a connection keeps prepared: all of ours, with a claim's text for each number of rows."""
NO_SURPRISES = {"jit": "off"}
"""Compiling a plan takes longer than any of ours runs."""
PATIENCE = 10
"""Seconds to get a connection to PostgreSQL: a step that waits longer is better tried again."""
ASK_AFTER = 5.0
"""Seconds of rest after which a connection is asked whether it still answers."""
FIRST_PLANS, LAST_PLANS = 5.0, 120.0
"""Seconds for which a connection's plans are kept, at first and at most: as long as it has lived. PostgreSQL makes them
once for any values, and what it made while a table was empty reads all of it when it has grown, until somebody analyzes
it. To plan all of ours anew takes a tenth of a second."""
READ_CLOCK = {
    "postgresql": Query(select(func.clock_timestamp().label("told"))),
    "sqlite": Query(select(literal_column("strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')").label("told"))),
}
HOLD = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
CLOCK = "clock"
"""The execution option under which a connection carries a clock of its own."""


class Away(OSError):
    """PostgreSQL could not be reached, or ended the connection before a transaction began."""


DATABASE_ERRORS = (DBAPIError, OSError)
"""What a transaction raises where the database is away, full or broken, and not because of what was asked of it."""


class Database(Protocol):
    """`work` takes the connection first; what it returns comes back."""

    async def write(self, work: Callable[..., T], *args: Any) -> T: ...

    async def read(self, work: Callable[..., T], *args: Any) -> T: ...

    async def close(self) -> None: ...

    def pool(self) -> dict[str, int]:
        """Connections by use, for metrics."""
        ...


def clock(conn: Connection) -> datetime:
    """The database's own time, read once a step: workers on several machines then agree on what is due.

    A connection may carry another clock, as the deterministic simulation's do.
    """
    if own := conn.get_execution_options().get(CLOCK):
        return own()  # type: ignore[no-any-return]
    ((told,),) = READ_CLOCK[conn.dialect.name](conn)
    moment = datetime.fromisoformat(told) if isinstance(told, str) else told
    return moment.astimezone(UTC)


def hold(conn: Connection, name: str) -> None:
    """Whoever else holds this name waits until the transaction is over. SQLite has one writer at a time anyway."""
    if conn.dialect.name == "postgresql":
        conn.execute(HOLD, {"name": name})


def hold_still(conn: Connection) -> None:
    """As the first statement of a transaction that only reads: all of it sees one moment. On SQLite each does."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def open_database(url: str) -> Database:
    """The database behind a URL."""
    return Embedded(url) if make_url(url).get_backend_name() == "sqlite" else Postgres(url)


class Embedded:
    """SQLite in WAL mode: one writer, several readers."""

    def __init__(self, url: str) -> None:
        self.path = Path(make_url(url).database or "")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._writing = embedded_engine(url, StaticPool, "BEGIN IMMEDIATE")
        self._reading = embedded_engine(url, QueuePool, "BEGIN", pool_size=READERS)
        self._writer = CapacityLimiter(1)
        self._readers = CapacityLimiter(READERS)

    async def write(self, work: Callable[..., T], *args: Any) -> T:
        return await anyio.to_thread.run_sync(_transact, self._writing, work, args, limiter=self._writer)

    async def read(self, work: Callable[..., T], *args: Any) -> T:
        return await anyio.to_thread.run_sync(_transact, self._reading, work, args, limiter=self._readers)

    def pool(self) -> dict[str, int]:
        return {"writing": int(self._writer.borrowed_tokens), "reading": int(self._readers.borrowed_tokens)}

    async def close(self) -> None:
        self._reading.dispose()
        self._writing.dispose()


def _transact(engine: Engine, work: Callable[..., T], args: tuple[Any, ...]) -> T:
    with engine.begin() as conn:
        return work(conn, *args)


def embedded_engine(url: str, pool: type[Any], begin: str, **options: Any) -> Engine:
    """An engine over SQLite whose transactions begin the way we say, and whose foreign keys hold."""
    engine = create_engine(
        url,
        poolclass=pool,
        # The values of a failed statement are people's numbers.
        hide_parameters=True,
        connect_args={
            "check_same_thread": False,
            "timeout": 60,
            "isolation_level": None,
            "cached_statements": STATEMENTS,
        },
        **options,
    )

    @event.listens_for(engine, "connect")
    def prepare(raw: sqlite3.Connection, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000"):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(conn: Connection) -> None:
        conn.exec_driver_sql(begin)

    return engine


def _keep_fit(engine: Engine) -> None:
    """Let no transaction begin on a connection that has ended, nor on one of which nothing was heard for a while.

    To ask each time, as the pool would by itself, is three journeys more a transaction. A server that ends closes its
    connections, and asyncpg knows that at once; only a network that swallows everything is silent.
    """

    @event.listens_for(engine, "checkin")
    def rest(_raw: Any, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def rise(raw: Any, record: ConnectionPoolEntry, _fairy: Any) -> None:
        ended = record.driver_connection is None or record.driver_connection.is_closed()
        rested = monotonic() - record.info.get("rests_since", monotonic())
        if ended or (rested > ASK_AFTER and not engine.dialect._do_ping_w_event(raw)):
            # The others of the pool have most likely ended with it.
            raise InvalidatePoolError
        lived = monotonic() - record.info.setdefault("since", monotonic())
        if lived > record.info.setdefault("plans_until", FIRST_PLANS):
            record.info["plans_until"] = lived + min(lived, LAST_PLANS)
            try:
                raw.run_async(lambda driver: driver.execute("DISCARD PLANS"))
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                raise InvalidatePoolError from None


class Postgres:
    """PostgreSQL over asyncpg."""

    def __init__(self, url: str) -> None:
        self._engine: AsyncEngine = create_async_engine(
            url,
            hide_parameters=True,
            pool_size=10,
            max_overflow=0,
            # Each connection prepares its own statements, so the one that has most of them is taken first.
            pool_use_lifo=True,
            connect_args={
                "timeout": PATIENCE,
                "prepared_statement_cache_size": STATEMENTS,
                "server_settings": NO_SURPRISES,
            },
        )
        _keep_fit(self._engine.sync_engine)

    async def write(self, work: Callable[..., T], *args: Any) -> T:
        with anyio.CancelScope(shield=True):
            try:
                async with self._engine.begin() as conn:
                    answer = await conn.run_sync(work, *args)
            except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                # What happens on a connection comes wrapped; this happened while one was sought.
                raise Away(f"{type(error).__name__}: {error}") from None
        return answer

    async def read(self, work: Callable[..., T], *args: Any) -> T:
        return await self.write(work, *args)

    def pool(self) -> dict[str, int]:
        pool = self._engine.pool
        assert isinstance(pool, QueuePool)
        return {"checked-out": pool.checkedout(), "idle": pool.checkedin()}

    async def close(self) -> None:
        with anyio.CancelScope(shield=True):
            await self._engine.dispose()
