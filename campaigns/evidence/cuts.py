"""Up to which ids every row is there for good, so that a segment can be sealed without anybody waiting.

Ids are given when a row is inserted and seen when its transaction commits, so on PostgreSQL a smaller id may still
appear after a larger one. Whoever was at work when the cut was made may hold such an id; whoever begins later gets
larger ones. So a cut is closed as soon as none of those transactions is at work any more. No clock is compared, and a
clock that jumps does no harm. On SQLite there is one writer: a cut made in a writing transaction is closed at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, text

from campaigns.evidence.kinds import KINDS
from campaigns.models import Suppression
from campaigns.rows import columns_of

AT_WORK = text(
    """SELECT pid, xact_start::text AS begun, extract(epoch FROM clock_timestamp() - xact_start)::float AS age
    FROM pg_stat_activity WHERE xact_start IS NOT NULL AND datname = current_database() AND pid <> pg_backend_pid()"""
)


@dataclass(frozen=True, slots=True)
class Cut:
    """`at`: no row that is recorded later than the cut has an earlier moment. `upto`: the largest id of each kind.
    `awaited`: the transactions that may still bring an id below."""

    at: datetime
    upto: Mapping[str, int]
    awaited: frozenset[tuple[int, str]] = frozenset()


def cut(conn: Connection, now: datetime) -> Cut:
    """A cut at this moment, in a writing transaction."""
    upto = {kind.name: int(conn.scalar(select(func.max(kind.columns.id))) or 0) for kind in KINDS}
    if conn.dialect.name != "postgresql":
        return Cut(now, upto)
    # After the ids were read: who begins in between is awaited without need, and nobody is forgotten.
    at_work = conn.execute(AT_WORK).all()
    oldest = max((max(row.age, 0.0) for row in at_work), default=0.0)
    return Cut(now - timedelta(seconds=oldest), upto, frozenset((row.pid, row.begun) for row in at_work))


def closed(conn: Connection, made: Cut) -> bool:
    """Whether nothing can commit below the cut any more. Asked in another transaction than the cut's own."""
    if not made.awaited:
        return True
    return made.awaited.isdisjoint({(row.pid, row.begun) for row in conn.execute(AT_WORK)})


def waiting(conn: Connection, made: Cut, clean: Mapping[str, int]) -> list[int]:
    """The tenants with rows between what is known to be sealed and the cut, or with an entry that was lifted."""
    found: set[int] = set()
    for kind in KINDS:
        after, upto = clean.get(kind.name, 0), made.upto[kind.name]
        if upto > after:
            between = (kind.columns.id > after, kind.columns.id <= upto)
            found.update(conn.scalars(select(kind.columns.tenant_id).where(*between).distinct()))
    entry = columns_of(Suppression)
    lifted = (entry.until.is_not(None), entry.lifting_seal.is_(None))
    found.update(conn.scalars(select(entry.tenant_id).where(*lifted).distinct()))
    return sorted(found)
