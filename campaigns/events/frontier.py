"""Up to which ids every row is there for good, so that events are read without a hole and nobody waits.

Ids are given when a row is inserted and seen when its transaction commits, so on PostgreSQL a smaller id may still
appear after a larger one. Whoever may hold such an id also holds the lock on its table that every inserting statement
takes before it begins, until its transaction ends. So a frontier is settled as soon as none of those who held such a
lock when it was drawn holds it any more. A backup or a long report takes no such lock, and delays nothing.

All ids are read in one statement, from one snapshot: where one transaction waited for another's row, the earlier one's
rows are never beyond a frontier that has the later one's before it. On SQLite there is one writer, and a frontier is
settled at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text

from campaigns.events.sources import SOURCES

WRITING = text(
    """SELECT DISTINCT virtualtransaction FROM pg_locks JOIN pg_class ON pg_class.oid = pg_locks.relation
    WHERE mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND relname = ANY (:names)"""
)


@dataclass(frozen=True, slots=True)
class Frontier:
    """`upto`: the largest id of each source. `awaited`: the transactions that may still bring one below."""

    upto: Mapping[str, int]
    awaited: frozenset[str] = frozenset()


def draw(conn: Connection) -> Frontier:
    """A frontier at this moment."""
    largest = [select(func.max(source.place)).scalar_subquery().label(source.name) for source in SOURCES]
    row = conn.execute(select(*largest)).one()
    upto = {name: int(value or 0) for name, value in row._mapping.items()}
    # After the ids were read: who begins in between is awaited without need, and nobody is forgotten.
    return Frontier(upto, _writing(conn))


def settled(conn: Connection, drawn: Frontier) -> bool:
    """Whether nothing can appear before the frontier any more. Asked in another transaction than it was drawn in."""
    return not drawn.awaited or drawn.awaited.isdisjoint(_writing(conn))


def waiting(conn: Connection, drawn: Frontier, clean: Mapping[str, int]) -> set[int]:
    """The tenants with rows between what is known to be told and the frontier."""
    found: set[int] = set()
    for source in SOURCES:
        after, upto = clean.get(source.name, 0), drawn.upto[source.name]
        if upto > after:
            tenants = select(source.tenant).where(source.place > after, source.place <= upto).distinct()
            found.update(conn.scalars(tenants))
    return found


def _writing(conn: Connection) -> frozenset[str]:
    if conn.dialect.name != "postgresql":
        return frozenset()
    names = [source.table_name for source in SOURCES]
    return frozenset(conn.scalars(WRITING, {"names": names}))
