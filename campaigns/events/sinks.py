"""Cursors: how far a tenant's events were told in a sink. Who tells holds a lease; a dead worker's is taken over."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select, update

from campaigns.models import Sink, Tenant
from campaigns.rows import columns_of, insert_ignoring, table

SINK = columns_of(Sink)
TENANT = columns_of(Tenant)
LEASE = timedelta(seconds=60)


def found(conn: Connection, name: str, tenant_ids: Collection[int], positions: Mapping[str, int]) -> None:
    """Cursors for those tenants that have none in this sink, from these positions on."""
    rows = [{"tenant_id": one, "name": name, "positions": dict(positions)} for one in sorted(tenant_ids)]
    insert_ignoring(conn, Sink, rows)


def found_all(conn: Connection, name: str, upto: Mapping[str, int], since: datetime) -> None:
    """A cursor for each tenant. A sink that is new begins at the frontier; a tenant that came to a sink which was
    there already, or after this moment, is told of from its very first row on."""
    standing = conn.scalar(select(SINK.id).where(SINK.name == name).limit(1)) is not None
    without = lacking(conn, name)
    late = [row.id for row in without if standing or row.created_at > since]
    found(conn, name, late, {})
    found(conn, name, [row.id for row in without if row.id not in late], upto)


def lacking(conn: Connection, name: str) -> list[Any]:
    """The tenants without a cursor in this sink."""
    having = select(SINK.tenant_id).where(SINK.name == name)
    return list(conn.execute(select(TENANT.id, TENANT.created_at).where(TENANT.id.not_in(having))))


def tenants(conn: Connection, name: str) -> dict[int, Mapping[str, int]]:
    """The positions of every tenant in this sink."""
    rows = conn.execute(select(SINK.tenant_id, SINK.positions).where(SINK.name == name))
    return {row.tenant_id: row.positions for row in rows}


def claim(conn: Connection, now: datetime, name: str, tenant_id: int, token: str) -> Any | None:
    """The cursor, held for a while; None while another worker holds it."""
    free = or_(SINK.lease_until.is_(None), SINK.lease_until < now, SINK.lease_token == token)
    mine = (SINK.tenant_id == tenant_id, SINK.name == name, free)
    held = update(table(Sink)).where(*mine).values(lease_token=token, lease_until=now + LEASE)
    return conn.execute(held.returning(*SINK)).first()


def move(conn: Connection, cursor_id: int, token: str, positions: Mapping[str, int]) -> bool:
    """What was told is behind the cursor now; False where another worker took it over."""
    mine = (SINK.id == cursor_id, SINK.lease_token == token)
    moved = update(table(Sink)).where(*mine).values(positions=dict(positions), lease_token=None, lease_until=None)
    return conn.execute(moved).rowcount > 0


def release(conn: Connection, cursor_id: int, token: str) -> None:
    """Let another worker try."""
    mine = (SINK.id == cursor_id, SINK.lease_token == token)
    conn.execute(update(table(Sink)).where(*mine).values(lease_token=None, lease_until=None))


def locked(conn: Connection, name: str, tenant_id: int) -> Any | None:
    """The cursor's row, locked until the transaction ends."""
    mine = (SINK.tenant_id == tenant_id, SINK.name == name)
    return conn.execute(select(table(Sink)).where(*mine).with_for_update()).first()


def advance(conn: Connection, name: str, upto: Mapping[str, int]) -> None:
    """Nobody has anything left before the frontier: the next search begins there."""
    idle = (SINK.name == name, SINK.lease_token.is_(None))
    for row in conn.execute(select(SINK.id, SINK.positions).where(*idle).order_by(SINK.id).with_for_update()).all():
        positions = {source: max(place, row.positions.get(source, 0)) for source, place in upto.items()}
        if positions != row.positions:
            rest_at(conn, row.id, positions)


def rest_at(conn: Connection, cursor_id: int, positions: Mapping[str, int]) -> None:
    """Set a cursor whose row is locked."""
    conn.execute(update(table(Sink)).where(SINK.id == cursor_id).values(positions=dict(positions)))
