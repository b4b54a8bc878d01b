"""A simulated process: the product's own loops over striking borders, and what of them is under way."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from campaigns.timing import Timing
from dialer.attending import AttendingLoop
from dialer.expiring import ExpiringLoop
from dialer.metrics import Metrics
from dialer.placing import PlacingLoop
from dialer.reconciling import ReconcilingLoop
from dialer.settling import SettlingLoop
from dialer.steering import SteeringLoop
from dialer.webhooks import Door, store
from tests.simulation.database import Inline, Store, Striking
from tests.simulation.post import Letter, Post
from tests.simulation.units import Border, Kind, Unit
from tests.simulation.wire import Accounts

METRICS = Metrics()
TIMING = Timing()
PAUSES = {
    "settling": 0.0,
    "answering": 0.0,
    "placing": 0.2,
    "steering": 0.4,
    "reconciling": 1.0,
    "attending": 0.5,
    "expiring": 1.0,
}
"""Seconds that a loop rests after it found nothing to do; a bell wakes settling at every hook."""


class Worker:
    """Alive until it crashes; deaf and still while it is frozen. `start_soon` makes it the placing loop's task group:
    what is started becomes a unit, whose turn is the scheduler's affair."""

    def __init__(self, name: str, store: Store, accounts: Accounts, events: asyncio.Runner) -> None:
        self.name = name
        self._events = events
        self.units: list[Unit] = []
        self.frozen_until: datetime | None = None
        self._database = Striking(store)
        vendors = accounts.as_vendors
        placing = PlacingLoop(self._database, vendors, TIMING, self, METRICS)
        settling = SettlingLoop(self._database, vendors, TIMING, lambda: None, METRICS)
        reconciling = ReconcilingLoop(self._database, vendors, TIMING, METRICS)
        steering = SteeringLoop(self._database, vendors, TIMING)
        self._answering = placing.answering
        self._attending = AttendingLoop(Inline(store), vendors, TIMING)
        self._rests_until: dict[str, datetime] = {}
        self._steps: dict[str, Callable[[datetime], Coroutine[Any, Any, bool]]] = {
            "settling": settling.step,
            "answering": self._answer,
            "placing": placing.step,
            "steering": steering.step,
            "reconciling": reconciling.step,
            "attending": self._attend,
            "expiring": ExpiringLoop(self._database, TIMING).step,
        }

    def awake(self, now: datetime) -> bool:
        return self.frozen_until is None or self.frozen_until <= now

    def idle(self, now: datetime) -> list[str]:
        """The loops that are between two steps and have rested; the writer of answers where there are any."""
        under_way = {unit.name for unit in self.units} | (set() if self.answers else {"answering"})
        rested = [name for name in PAUSES if self._rests_until.get(name, now) <= now]
        return [name for name in rested if name not in under_way]

    def leave(self, unit: Unit, now: datetime) -> None:
        """A unit has come to its end."""
        self.units.remove(unit)
        if unit.name in PAUSES and not unit.result:
            self._rests_until[unit.name] = now + timedelta(seconds=PAUSES[unit.name])

    def step(self, loop: str, now: datetime) -> Unit:
        """Begin a loop's next step; it may be late by the time that it comes to its first border."""
        return self._begin(loop, self._steps[loop](now))

    @property
    def answers(self) -> bool:
        """Whether the vendor answered what the ledger does not know yet."""
        return self._answering.waiting

    async def _answer(self, now: datetime) -> bool:
        return await self._answering.step()

    async def _attend(self, now: datetime) -> bool:
        """The step asks for all agents at once in a task group, so it runs as a whole in an event loop."""
        looked: bool = await Border(Kind.COMMIT, "attend", lambda: self._events.run(self._attending.step(now)))
        return looked

    def start_soon(self, work: Callable[..., Coroutine[Any, Any, Any]], /, *args: Any) -> Unit:
        return self._begin(work.__name__.strip("_"), work(*args))

    def serve(self, work: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> Unit:
        """Somebody asks for something over HTTP."""
        return self._begin(work.__name__, work(self._database, *args))

    def receive(self, door: Door, post: Post, letters: list[Letter]) -> Unit:
        """Hooks that came within a few milliseconds: one transaction, then the acknowledgement."""
        return self._begin("intake", self._receive(door, post, letters))

    async def _receive(self, door: Door, post: Post, letters: list[Letter]) -> None:
        acknowledged = False
        try:
            await self._database.write(store, [(door, letter.body) for letter in letters])
            await Border(Kind.ANSWER, "hooks", partial(post.acknowledge, letters))
            acknowledged = True
        finally:
            if not acknowledged:
                post.give_back(letters)

    def _begin(self, name: str, work: Coroutine[Any, Any, Any]) -> Unit:
        unit = Unit(name, work)
        self.units.append(unit)
        return unit

    def crash(self) -> None:
        for unit in self.units:
            unit.kill()
        self.units = []
