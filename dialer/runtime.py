"""The composition root: opens, starts and stops everything, in an order.

Stopping: placing ends first and gives back what it claimed; hooks and settling go on until the calls in flight are
settled or the grace is over; then the server, the vendors' connections, the database.
"""

import fcntl
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import anyio
from aiohttp import web
from anyio.abc import TaskGroup
from sqlalchemy import Connection, and_, func, select
from sqlalchemy.engine import make_url

from campaigns.models import Call
from campaigns.rows import LIVE, columns_of
from campaigns.words import CallState
from dialer import migrations
from dialer.announcing import AnnouncingLoop, DispatchingLoop
from dialer.api.lines import Lines
from dialer.api.peers import Peers, networks
from dialer.api.server import Api
from dialer.api.tls import context_of
from dialer.attending import AttendingLoop
from dialer.database import Database, open_database
from dialer.delivering import DeliveringLoop
from dialer.expiring import ExpiringLoop
from dialer.guarding import GuardingLoop
from dialer.logs import log
from dialer.loops import ClockWatch, Loop, Step
from dialer.placing import PlacingLoop
from dialer.posting import Poster
from dialer.pruning import PruningLoop
from dialer.reconciling import ReconcilingLoop
from dialer.registering import RegisteringLoop, doors_of
from dialer.sealing import SealingLoop
from dialer.settings import Settings
from dialer.settling import SettlingLoop
from dialer.sinks import Sink
from dialer.sinks.journal import JournalSink
from dialer.sinks.kafka import KafkaSink
from dialer.steering import SteeringLoop
from dialer.vault import Vault, open_vault
from dialer.vendors import Vendors, own_clock
from dialer.webhooks import Webhooks
from dialer.working import WorkingLoop

ROLES = ("all", "web", "engine")
WATCH_EVERY = 0.1
PRUNE_EVERY = 3600.0
SEAL_EVERY = 15.0
BEAT_EVERY = 5.0
ANNOUNCE_EVERY = 0.5
EXPIRE_EVERY = 5.0


class AlreadyServing(Exception):
    """Another process serves this embedded database; the message says which folder."""


class BadRole(Exception):
    """A role that this database cannot have; the message says why."""


async def serve(
    settings: Settings, host: str, port: int, role: str, on_ready: Callable[[str], None] = lambda _url: None
) -> None:
    """Run until SIGTERM or SIGINT. `on_ready` gets the server's address when hooks may come."""
    _check_role(settings, role)
    context_of(settings)
    with alone(settings):
        database = open_database(settings.url)
        try:
            if _embedded(settings):
                await migrations.upgrade_any(settings.url, database)
            await database.read(migrations.require_head)
            vault = open_vault(settings)
            async with Vendors(database, vault, settings.speed) as vendors:
                await Engine(settings, database, vault, vendors, role).run(host, port, on_ready)
        finally:
            await database.close()


def _embedded(settings: Settings) -> bool:
    return make_url(settings.url).get_backend_name() == "sqlite"


def _check_role(settings: Settings, role: str) -> None:
    if role not in ROLES:
        raise BadRole(f"role {role} is not one of {', '.join(ROLES)}")
    if role != "all" and _embedded(settings):
        raise BadRole(f"role {role} needs PostgreSQL: the embedded database is served by one process, with role all")


@contextmanager
def alone(settings: Settings) -> Any:
    """Hold the embedded database's data folder for one serving process. Raises `AlreadyServing`."""
    if not _embedded(settings):
        yield
        return
    folder = Path(make_url(settings.url).database or "").resolve().parent
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "serve.lock", "w", encoding="ascii") as file:
        _lock(file, folder)
        yield


def served(settings: Settings) -> bool | None:
    """Whether a process serves the embedded database now; None on PostgreSQL, where workers leave no mark."""
    if not _embedded(settings):
        return None
    lock = Path(make_url(settings.url).database or "").resolve().parent / "serve.lock"
    if not lock.exists():
        return False
    with open(lock, encoding="ascii") as file:
        try:
            # Shared, and given back at once: two who ask do not take each other for an engine.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _lock(file: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise AlreadyServing(f"another `dialer serve` already works in {folder}: stop it first") from None


class Engine:
    """The loops and the server of one process."""

    def __init__(self, settings: Settings, database: Database, vault: Vault, vendors: Vendors, role: str) -> None:
        self._settings = settings
        self._database = database
        self._vault = vault
        self._vendors = vendors
        self._role = role
        self.metrics = vendors.metrics
        self._clock = ClockWatch()
        self._outdated: migrations.Outdated | None = None
        self._poster = Poster(settings.egress)
        self._sinks = _sinks(settings) if role != "web" else []
        self._log = log("runtime")

    async def run(self, host: str, port: int, on_ready: Callable[[str], None]) -> None:
        stopping = self._stopping = anyio.Event()
        async with anyio.create_task_group() as tasks, anyio.create_task_group() as wire:
            tasks.start_soon(_watch_signals, stopping)
            loops = self._loops(wire)
            async with self._server(host, port, loops, tasks) as address:
                public = self._settings.public_url.rstrip("/") or address
                loops["registering"] = self._registering(public)
                loops["heartbeat"] = Loop("heartbeat", self._beat, self._database, BEAT_EVERY, self.metrics)
                for loop in loops.values():
                    tasks.start_soon(loop.run)
                if "placing" in loops:
                    tasks.start_soon(self.placing.answering.run)
                self._log.info("serving", address=address, role=self._role, database=_name(self._settings.url))
                on_ready(address)
                await stopping.wait()
                await self._stop(loops)
            await self._poster.aclose()
            for sink in self._sinks:
                await sink.aclose()
            wire.cancel_scope.cancel()
            tasks.cancel_scope.cancel()
        if self._outdated is not None:
            raise self._outdated

    async def _beat(self, now: datetime) -> bool:
        """Whether the schema is still this program's (else drain: another worker upgraded it), and time goes on."""
        if by := self._clock.jumped(now):
            self.metrics.clock_jumps.inc()
            self._log.warning("clock jumped", seconds=round(by, 1))
        try:
            await self._database.read(migrations.require_head)
        except migrations.Outdated as outdated:
            if self._outdated is None:
                self._log.error("schema changed: draining", detail=str(outdated))
            self._outdated = outdated
            self.metrics.outdated.set(1)
            self._stopping.set()
        return False

    def _loops(self, wire: TaskGroup) -> dict[str, Loop]:
        settings, timing = self._settings, self._settings.timing
        database, vendors = self._database, self._vendors
        brisk = max(0.2 / settings.speed, 0.04)
        loops: dict[str, Loop] = {}
        if self._role == "web":
            return loops
        self.placing = PlacingLoop(database, vendors, timing, wire, self.metrics, lambda: loops["placing"].bell.ring())
        loops["placing"] = Loop("placing", self.placing.step, database, brisk, self.metrics, own_clock)
        settling = SettlingLoop(database, vendors, timing, loops["placing"].bell.ring, self.metrics)
        loops["settling"] = Loop("settling", settling.step, database, max(1 / settings.speed, 0.05), self.metrics)
        reconciling = ReconcilingLoop(database, vendors, timing, self.metrics)
        loops["reconciling"] = Loop(
            "reconciling", reconciling.step, database, max(1 / settings.speed, 0.1), self.metrics
        )
        steering = SteeringLoop(database, vendors, timing)
        loops["steering"] = Loop("steering", steering.step, database, brisk * 2, self.metrics)
        kept, delivered = timedelta(days=settings.receipt_days), timedelta(days=settings.delivery_days)
        pruning = PruningLoop(database, kept, self._vault, self.metrics, delivered)
        loops["pruning"] = Loop("pruning", pruning.step, database, PRUNE_EVERY, self.metrics)
        sealing = SealingLoop(database, self._vault)
        loops["sealing"] = Loop("sealing", sealing.step, database, SEAL_EVERY, self.metrics)
        guarding = GuardingLoop(database, vendors, timing)
        loops["guarding"] = Loop("guarding", guarding.step, database, max(1 / settings.speed, 0.1), self.metrics)
        expiring = ExpiringLoop(database, timing)
        loops["expiring"] = Loop(
            "expiring", expiring.step, database, max(EXPIRE_EVERY / settings.speed, 0.1), self.metrics
        )
        attending = AttendingLoop(database, vendors, timing)
        loops["attending"] = Loop("attending", attending.step, database, 0.5, self.metrics)
        working = WorkingLoop(database, self._vault, settings.public_url)
        loops["working"] = Loop("working", working.step, database, 0.5, self.metrics)
        return loops | self._announcing()

    def _announcing(self) -> dict[str, Loop]:
        """One loop a sink: none waits for another that is away."""
        database, metrics = self._database, self.metrics
        steps: dict[str, Step] = {
            f"announcing-{sink.name}": AnnouncingLoop(database, sink, metrics).step for sink in self._sinks
        }
        steps["dispatching"] = DispatchingLoop(database).step
        steps["delivering"] = DeliveringLoop(database, self._vault, self._poster, metrics).step
        return {name: Loop(name, step, database, ANNOUNCE_EVERY, metrics) for name, step in steps.items()}

    def _registering(self, public: str) -> Loop:
        registering = RegisteringLoop(self._database, self._vendors, self._vault, public)
        return Loop("registering", registering.step, self._database, 60, self.metrics)

    @asynccontextmanager
    async def _server(self, host: str, port: int, loops: dict[str, Loop], tasks: TaskGroup) -> AsyncIterator[str]:
        bell = loops["settling"].bell.ring if "settling" in loops else lambda: None
        webhooks = Webhooks(self._database, self._settings, doors_of(self._database, self._vault), bell, self.metrics)
        tasks.start_soon(webhooks.intake.run)
        lines, context = Lines(), context_of(self._settings)
        peers = Peers(networks(self._settings.trusted_proxies))
        app = webhooks.application(self._missing(loops), [lines.middleware, peers.middleware])
        Api(self._database, self._settings, self._vault, metrics=self.metrics).mount(app)
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        tasks.start_soon(lines.watch, runner)
        site = web.TCPSite(runner, host, port, ssl_context=context, reuse_address=True)
        try:
            await site.start()
            bound = runner.addresses[0]
            yield f"{'https' if context else 'http'}://{bound[0]}:{bound[1]}"
        finally:
            with anyio.CancelScope(shield=True):
                await runner.cleanup()

    def _missing(self, loops: dict[str, Loop]) -> Callable[[], Any]:
        async def missing() -> list[str]:
            lost = [loop.name for loop in loops.values() if loop.ended.is_set()]
            try:
                with anyio.fail_after(5):
                    await self._database.read(migrations.require_head)
            except Exception as error:
                lost.append(f"database: {type(error).__name__}")
            return lost

        return missing

    async def _stop(self, loops: dict[str, Loop]) -> None:
        self._log.info("stopping", grace=self._settings.stop_grace)
        for name in ("placing", "registering", "attending"):
            if name in loops:
                loops[name].stop()
                await loops[name].ended.wait()
        if "placing" in loops:
            with anyio.move_on_after(self._settings.stop_grace):
                await self._quiet()
        for loop in loops.values():
            loop.stop()
        for loop in loops.values():
            await loop.ended.wait()
        if "placing" in loops:
            # What the vendor has answered by now nobody else knows.
            await self.placing.answering.finish()
        self._log.info("stopped")

    async def _quiet(self) -> None:
        """Wait until nothing is on the wire, and no call of ours is live or waits for its verdict."""
        # Other processes settle calls too, so there is no event to wait for: the database is looked at.
        while self.placing.on_wire or await self._database.read(in_flight):  # noqa: ASYNC110
            await anyio.sleep(WATCH_EVERY)


def in_flight(conn: Connection) -> int:
    """Calls that are live, or over and without a verdict."""
    call = columns_of(Call)
    # A call without a verdict is one that is still to be checked.
    pending = and_(call.check_at.is_not(None), call.state == CallState.ENDED)
    return sum(int(conn.scalar(select(func.count()).where(which)) or 0) for which in (LIVE, pending))


def _sinks(settings: Settings) -> list[Sink]:
    """The sinks that the settings name. Raises `SinkMissing`."""
    sinks: list[Sink] = [JournalSink()] if settings.events_log else []
    return [*sinks, KafkaSink(settings)] if settings.kafka_servers else sinks


async def _watch_signals(stopping: anyio.Event) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            stopping.set()


def _name(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)
