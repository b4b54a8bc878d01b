"""The answer to a request that may come twice, kept for a day under the key that its client chose.

The key is written before the work is done, in the work's own transaction: of two that come at once the second waits for
the first and finds its answer, and of a request that failed nothing is left.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.models import KeptAnswer
from campaigns.rows import columns_of, table

KEPT = columns_of(KeptAnswer)
KEEP = timedelta(hours=24)
BATCH = 1000


class OtherRequest(Exception):
    """Something else was asked under this key before."""


def once(
    conn: Connection, now: datetime, client: Any, name: str, digest: str, work: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """What `work` answers, or what it answered when it was asked the first time under this name; and whether that was
    before. Raises `OtherRequest`, and whatever `work` raises."""
    row = {"tenant_id": client.tenant_id, "client_id": client.id, "name": name, "digest": digest, "kept_at": now}
    if not conn.execute(_taking(conn, now), row | {"answer": {}}).all():
        known = conn.execute(select(table(KeptAnswer)).where(*_mine(client, name))).one()
        if known.digest != digest:
            raise OtherRequest
        return known.answer, True
    answer = work()
    conn.execute(update(table(KeptAnswer)).where(*_mine(client, name)).values(answer=answer))
    return answer, False


def prune(conn: Connection, now: datetime) -> int:
    """Delete a small batch of answers that are kept no longer; how many."""
    old = select(KEPT.tenant_id, KEPT.client_id, KEPT.name).where(KEPT.kept_at <= now - KEEP)
    batch = conn.execute(old.order_by(KEPT.kept_at).limit(BATCH)).all()
    for row in batch:
        mine = (KEPT.tenant_id == row.tenant_id, KEPT.client_id == row.client_id, KEPT.name == row.name)
        conn.execute(delete(table(KeptAnswer)).where(*mine, KEPT.kept_at <= now - KEEP))
    return len(batch)


def _mine(client: Any, name: str) -> tuple[Any, ...]:
    return KEPT.tenant_id == client.tenant_id, KEPT.client_id == client.id, KEPT.name == name


def _taking(conn: Connection, now: datetime) -> Any:
    """Takes the key where it is free, or what stands there is older than a day."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    made = dialect.insert(table(KeptAnswer))
    fresh = {name: made.excluded[name] for name in ("digest", "answer", "kept_at")}
    keys = [KEPT.tenant_id, KEPT.client_id, KEPT.name]
    return made.on_conflict_do_update(index_elements=keys, set_=fresh, where=KEPT.kept_at <= now - KEEP).returning(
        KEPT.name
    )
