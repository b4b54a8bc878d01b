"""Workers that announce a small company's ledger into a sink that remembers, and that die in the middle."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from anyio import lowlevel
from sqlalchemy import Connection

from campaigns.events import frontier, reading
from campaigns.events.kinds import Event
from database.sealed import Evidence, Timed
from dialer.announcing import AnnouncingLoop, tenant_of
from dialer.metrics import Metrics
from dialer.sinks import SinkAway

_names = itertools.count(1)


class Died(Exception):
    """The process is no more: nothing of it runs on."""


class Remembering:
    """A sink that keeps what it was told, in the order in which it came, and is away when it is said to be."""

    def __init__(self) -> None:
        self.name = f"sink{next(_names)}"
        self.told: list[Event] = []
        self.takes: int | None = None
        """So many more events, and then it is away; None: all."""

    async def publish(self, events: Sequence[Event]) -> None:
        for event in events:
            if self.takes == 0:
                raise SinkAway("away")
            self.takes = None if self.takes is None else self.takes - 1
            self.told.append(event)
            # Another worker may be told something in between.
            await lowlevel.checkpoint()

    async def aclose(self) -> None: ...

    def first_told(self, tenant: str) -> dict[str, list[Event]]:
        """A company's events by key, each once, where it came first."""
        seen: dict[str, Event] = {}
        for event in self.told:
            if event.tenant == tenant:
                seen.setdefault(event.id, event)
        by_key: dict[str, list[Event]] = defaultdict(list)
        for event in seen.values():
            by_key[event.key].append(event)
        return dict(by_key)


class Worker:
    """An announcing loop on a company's clock. It may die between telling and moving the cursor."""

    def __init__(self, of: Evidence, sink: Remembering, batch: int = 500) -> None:
        self._of = of
        self.metrics = Metrics()
        self.loop = AnnouncingLoop(Timed(of.desk, of), sink, self.metrics, batch)
        self.sink = sink

    def step(self) -> bool:
        return self._of.desk.portal.call(self.loop.step, self._of.now)

    def all_of_it(self) -> None:
        """Until it finds nothing more to tell."""
        while self.step():
            pass

    def dies_after_telling(self) -> None:
        """The sink takes what there is, and the cursor is never moved nor given back."""

        async def die(*_: Any) -> None:
            raise Died

        self.loop._told = die  # type: ignore[method-assign]
        try:
            self.all_of_it()
        except Died:
            return


def code(of: Evidence) -> str:
    """What a company is called."""
    return str(of.desk.run(tenant_of, of.of.tenant_id).code)


def everything(of: Evidence) -> list[Event]:
    """What the ledger has to tell of a company, read at once."""

    def read(conn: Connection) -> list[Event]:
        upto = frontier.draw(conn).upto
        return [item.event for item in reading.gather(conn, tenant_of(conn, of.of.tenant_id), {}, upto, 10_000).items]

    return of.desk.run(read)
