"""The next events of a tenant before a frontier, in order; and events again, by the rows from which they are made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection

from campaigns.events.kinds import Event
from campaigns.events.sources import BY_NAME, SOURCES, Source

BATCH = 500
"""Rows of a source that are read at once."""


@dataclass(frozen=True, slots=True)
class Item:
    """An event, and the row from which it is made."""

    event: Event
    source: str
    row_id: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in order, and the positions after them. `whole`: nothing is left before the frontier."""

    items: Sequence[Item]
    positions: Mapping[str, int]
    whole: bool


@dataclass(frozen=True, slots=True)
class _Read:
    """What a source gave: its rows, and where each stands among those of all sources: by its moment, which is never
    earlier than that of a row before it, and then in the order of the sources."""

    source: Source
    rows: Sequence[Any]
    stands: Sequence[tuple[datetime, int]]
    full: bool

    def within(self, horizon: tuple[datetime, int] | None) -> int:
        """How many of the rows are not beyond it."""
        return len(self.rows) if horizon is None else sum(one <= horizon for one in self.stands)

    def reached(self, count: int, before: int, upto: int) -> int:
        """The position after so many of the rows."""
        if count == len(self.rows) and not self.full:
            return max(before, upto)
        return int(self.rows[count - 1].place) if count else before


def gather(
    conn: Connection, tenant: Any, positions: Mapping[str, int], upto: Mapping[str, int], batch: int = BATCH
) -> Batch:
    """The tenant's next events. What one source has more of than is read at once holds back later rows of the others:
    a source keeps the order of its ids, and sources are merged by the moments at which their rows were written."""
    reads = [
        _read(conn, tenant, source, ordinal, positions.get(source.name, 0), upto[source.name], batch)
        for ordinal, source in enumerate(SOURCES)
    ]
    horizon = min((read.stands[-1] for read in reads if read.full), default=None)
    told: list[tuple[datetime, int, int, Item]] = []
    reached: dict[str, int] = {}
    for read in reads:
        name, count = read.source.name, read.within(horizon)
        for place, (row, stands) in enumerate(zip(read.rows[:count], read.stands, strict=False)):
            told.append((*stands, place, Item(read.source.told(row, tenant.code), name, row.row_id)))
        reached[name] = read.reached(count, positions.get(name, 0), upto[name])
    told.sort(key=lambda one: one[:3])
    return Batch([one[3] for one in told], reached, horizon is None)


def _read(conn: Connection, tenant: Any, source: Source, ordinal: int, after: int, upto: int, batch: int) -> _Read:
    rows = source.between(conn, tenant.id, after, upto, batch) if upto > after else []
    moments = accumulate((row.moment or row.given_at for row in rows), max)
    return _Read(source, rows, [(moment, ordinal) for moment in moments], len(rows) >= batch)


def again(conn: Connection, tenant: Any, named: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Event]:
    """The events of these rows, by source and row."""
    by_source: dict[str, set[int]] = {}
    for source, row_id in named:
        by_source.setdefault(source, set()).add(row_id)
    return {
        (name, row.row_id): BY_NAME[name].told(row, tenant.code)
        for name, ids in by_source.items()
        for row in BY_NAME[name].these(conn, tenant.id, ids)
    }
