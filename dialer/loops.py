"""A loop is a `step(now)` that is repeated: at once while there is work, else when somebody rings or time is up."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import anyio
import anyio.lowlevel

from dialer.database import DATABASE_ERRORS, Database, clock
from dialer.logs import log
from dialer.metrics import Metrics

Step = Callable[[datetime], Awaitable[bool]]
AFTER_TROUBLE = 1.0
CLOCK_JUMP = 5.0


class Bell:
    """Rung when there may be work. Rings while nobody listens are not lost."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def ring(self) -> None:
        self._event.set()

    async def wait(self, at_most: float) -> None:
        with anyio.move_on_after(at_most):
            await self._event.wait()
        self._event = anyio.Event()


class ClockWatch:
    """Compares the clock by which everything is due with the time that passed."""

    def __init__(self) -> None:
        self._seen: tuple[datetime, float] | None = None

    def jumped(self, now: datetime) -> float:
        """By how many seconds the clock moved more (or less: negative) than time passed since the last look; 0 where
        that is no more than a transaction may take."""
        passed, before = anyio.current_time(), self._seen
        self._seen = (now, passed)
        if before is None:
            return 0
        by = (now - before[0]).total_seconds() - (passed - before[1])
        return by if abs(by) >= CLOCK_JUMP else 0


class Loop:
    """One station of the engine. `every` is the longest pause between two looks, in seconds. A step that asks
    the database for the time by itself needs no transaction for it here: `now` is then any clock."""

    def __init__(
        self,
        name: str,
        step: Step,
        database: Database,
        every: float,
        metrics: Metrics | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.name = name
        self.bell = Bell()
        self.steps = 0
        self._step = step
        self._database = database
        self._every = every
        self._metrics = metrics
        self._now = now
        self._stopping = False
        self.ended = anyio.Event()
        self._log = log(name)

    def stop(self) -> None:
        """End after the step that is running."""
        self._stopping = True
        self.bell.ring()

    async def run(self) -> None:
        """Step until stopped. A step that fails is reported and tried again: the database holds what it left."""
        try:
            while not self._stopping:
                pause = await self._once()
                self.steps += 1
                if pause:
                    await self.bell.wait(pause)
        finally:
            self.ended.set()

    async def _once(self) -> float:
        """One step; how long to pause after it."""
        try:
            now = self._now() if self._now else await self._database.read(clock)
            busy = await self._step(now)
        except Exception as error:
            self._report(error)
            return AFTER_TROUBLE
        await anyio.lowlevel.checkpoint()
        return 0 if busy else self._every

    def _report(self, error: Exception) -> None:
        """A database that is away is one plain line; a surprise keeps its traceback."""
        name = type(error).__name__
        if isinstance(error, DATABASE_ERRORS):
            self._log.error("step failed", error=name, detail=str(getattr(error, "orig", error)))
        else:
            self._log.exception("step failed", error=name)
        if self._metrics is not None:
            self._metrics.failures.labels(self.name, name).inc()
