"""The announcing loops: what the ledger has below a settled frontier is told in a sink, and then the cursor moves.

`Walk` goes from frontier to frontier and says which tenants have something before it. `AnnouncingLoop` tells a sink
outside: under a lease, and the cursor moves when the sink has acknowledged. `DispatchingLoop` writes deliveries for
webhooks: in the very transaction that moves the cursor.
"""

import random
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import anyio
from sqlalchemy import Connection, select

from campaigns.events import deliveries, frontier, reading, sinks, webhooks
from campaigns.events.frontier import Frontier
from campaigns.models import Tenant
from campaigns.rows import columns_of, table
from dialer.database import Database, clock
from dialer.logs import log
from dialer.metrics import Metrics
from dialer.sinks import Sink, SinkAway

TENANT = columns_of(Tenant)
ADVANCE_EVERY = timedelta(minutes=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=60)


class Walk:
    """One sink's way through the ledger."""

    def __init__(self, database: Database, sink: str, all_tenants: bool) -> None:
        self._database = database
        self._sink = sink
        self._all = all_tenants
        self._since: datetime | None = None
        self._advanced_at: datetime | None = None
        self._clean: dict[str, int] = {}
        self._drawn: Frontier | None = None
        self._waiting: list[int] | None = None

    async def ahead(self, now: datetime) -> tuple[Frontier, list[int]] | None:
        """A settled frontier and the tenants with something before it, whom the caller takes off the list; None where
        there is nothing to do now."""
        self._since = self._since or now
        if self._drawn is None:
            self._drawn = await self._database.read(frontier.draw)
        drawn = self._drawn
        if drawn.awaited and not await self._database.read(frontier.settled, drawn):
            return None
        if self._waiting is None:
            await self._found(drawn)
            self._waiting = await self._database.read(_waiting, self._sink, drawn, self._clean)
        if self._waiting:
            return drawn, self._waiting
        await self._arrive(now, drawn)
        return None

    async def _found(self, drawn: Frontier) -> None:
        lacking = await self._database.read(sinks.lacking, self._sink) if self._all else []
        if lacking:
            await self._database.write(sinks.found_all, self._sink, drawn.upto, self._since)

    async def _arrive(self, now: datetime, drawn: Frontier) -> None:
        """Nothing is left before the frontier. Now and then that is noted for tenants of whom there is little to tell,
        so that their next event is not looked for from far behind."""
        if drawn.upto != self._clean and now >= (self._advanced_at or now) + ADVANCE_EVERY:
            await self._database.write(sinks.advance, self._sink, drawn.upto)
            self._advanced_at = now
        self._advanced_at = self._advanced_at or now
        self._clean = dict(drawn.upto)
        self._drawn = self._waiting = None

    def again(self) -> None:
        """Begin anew: somebody was not told all that there was."""
        self._drawn = self._waiting = None
        self._clean = {}


def _waiting(conn: Connection, sink: str, drawn: Frontier, clean: dict[str, int]) -> list[int]:
    """The tenants that have a cursor, and something between it and the frontier."""
    positions = sinks.tenants(conn, sink)
    if not clean and positions:
        clean |= {name: min(one.get(name, 0) for one in positions.values()) for name in drawn.upto}
    return sorted(frontier.waiting(conn, drawn, clean) & positions.keys())


def tenant_of(conn: Connection, tenant_id: int) -> Any:
    return conn.execute(select(table(Tenant)).where(TENANT.id == tenant_id)).one()


class AnnouncingLoop:
    """Tells one sink. While it is away, only the ledger grows."""

    def __init__(self, database: Database, sink: Sink, metrics: Metrics, batch: int = reading.BATCH) -> None:
        self._database = database
        self._sink = sink
        self._metrics = metrics
        self._batch = batch
        self._walk = Walk(database, sink.name, all_tenants=True)
        self._token = secrets.token_hex(16)
        self._away = 0
        self._resumes_at: datetime | None = None
        self._log = log("announcing")

    async def step(self, now: datetime) -> bool:
        """One batch of one tenant; whether there may be more at once."""
        if self._resumes_at is not None and now < self._resumes_at:
            return False
        ahead = await self._walk.ahead(now)
        if ahead is None:
            if not self._away:
                self._metrics.sink_lag.labels(self._sink.name).set(0)
            return False
        drawn, waiting = ahead
        return await self._tell(now, drawn, waiting)

    async def _tell(self, now: datetime, drawn: Frontier, waiting: list[int]) -> bool:
        cursor = await self._database.write(self._claim, waiting[0])
        if cursor is None:
            # Another worker tells this tenant's. Whatever becomes of it, the next frontier shows what is left.
            self._walk.again()
            return False
        batch = await self._database.read(self._gather, cursor, drawn.upto)
        if batch.items:
            lag = (now - batch.items[0].event.recorded_at).total_seconds()
            self._metrics.sink_lag.labels(self._sink.name).set(max(lag, 0))
        try:
            await self._sink.publish([item.event for item in batch.items])
        except SinkAway as away:
            await self._step_back(now, cursor, away)
            return False
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._database.write(sinks.release, cursor.id, self._token)
            raise
        await self._told(cursor, batch, waiting)
        return True

    async def _told(self, cursor: Any, batch: reading.Batch, waiting: list[int]) -> None:
        moved = await self._database.write(sinks.move, cursor.id, self._token, batch.positions)
        self._metrics.announced.labels(self._sink.name).inc(len(batch.items))
        self._metrics.sink_up.labels(self._sink.name).set(1)
        if self._away:
            self._log.info("sink is back", sink=self._sink.name)
        self._away, self._resumes_at = 0, None
        if not moved:
            self._walk.again()
        elif batch.whole:
            waiting.pop(0)

    async def _step_back(self, now: datetime, cursor: Any, away: SinkAway) -> None:
        """One line when it goes away; then the pauses grow."""
        await self._database.write(sinks.release, cursor.id, self._token)
        if not self._away:
            self._log.warning("sink is away", sink=self._sink.name, detail=str(away))
        self._metrics.sink_up.labels(self._sink.name).set(0)
        pause = min(FIRST_PAUSE * (1 << min(self._away, 10)), LONGEST_PAUSE)
        self._away += 1
        self._resumes_at = now + pause * (1 - random.random() / 2)  # noqa: S311 (spreads workers, guards nothing)
        self._walk.again()

    def _claim(self, conn: Connection, tenant_id: int) -> Any:
        return sinks.claim(conn, clock(conn), self._sink.name, tenant_id, self._token)

    def _gather(self, conn: Connection, cursor: Any, upto: Mapping[str, int]) -> reading.Batch:
        return reading.gather(conn, tenant_of(conn, cursor.tenant_id), cursor.positions, upto, self._batch)


class DispatchingLoop:
    """Writes deliveries for webhooks."""

    def __init__(self, database: Database, batch: int = reading.BATCH) -> None:
        self._database = database
        self._batch = batch
        self._walk = Walk(database, webhooks.SINK, all_tenants=False)

    async def step(self, now: datetime) -> bool:
        """One batch of one tenant; whether there may be more at once."""
        ahead = await self._walk.ahead(now)
        if ahead is None:
            return False
        drawn, waiting = ahead
        if not await self._database.write(self._dispatch, waiting[0], drawn.upto):
            waiting.pop(0)
        return True

    def _dispatch(self, conn: Connection, tenant_id: int, upto: Mapping[str, int]) -> bool:
        return deliveries.dispatch(conn, clock(conn), tenant_of(conn, tenant_id), upto, self._batch)
