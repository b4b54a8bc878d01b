"""The answer to a request that may come twice, kept for a day under the key that its client chose.

The key is written before the work is done, in the work's own transaction: of two that come at once the second waits for
the first and finds its answer, and of a request that failed nothing is left.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.models import KeptAnswer
from campaigns.rows import columns_of, table

KEPT = columns_of(KeptAnswer)
KEEP = timedelta(hours=24)
BATCH = 1000
MINE = (KEPT.tenant_id == bindparam("tenant"), KEPT.client_id == bindparam("client"), KEPT.name == bindparam("key"))
find_answer = select(KEPT.digest, KEPT.answer).where(*MINE)
write_answer = update(table(KeptAnswer)).where(*MINE).values(answer=bindparam("told"))


class OtherRequest(Exception):
    """Something else was asked under this key before."""


def once(
    conn: Connection, now: datetime, client: Any, name: str, digest: str, work: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """What `work` answers, or what it answered when it was asked the first time under this name; and whether that was
    before. Raises `OtherRequest`, and whatever `work` raises."""
    row = {"tenant_id": client.tenant_id, "client_id": client.id, "name": name, "digest": digest, "kept_at": now}
    mine = {"tenant": client.tenant_id, "client": client.id, "key": name}
    if not conn.execute(TAKING[conn.dialect.name], row | {"answer": {}, "old": now - KEEP}).all():
        known = conn.execute(find_answer, mine).one()
        if known.digest != digest:
            raise OtherRequest
        return known.answer, True
    answer = work()
    conn.execute(write_answer, mine | {"told": answer})
    return answer, False


def prune(conn: Connection, now: datetime) -> int:
    """Delete a small batch of answers that are kept no longer; how many."""
    old = select(KEPT.tenant_id, KEPT.client_id, KEPT.name).where(KEPT.kept_at <= now - KEEP)
    batch = conn.execute(old.order_by(KEPT.kept_at).limit(BATCH)).all()
    for row in batch:
        mine = (KEPT.tenant_id == row.tenant_id, KEPT.client_id == row.client_id, KEPT.name == row.name)
        conn.execute(delete(table(KeptAnswer)).where(*mine, KEPT.kept_at <= now - KEEP))
    return len(batch)


def _taking(dialect: Any) -> Any:
    """Takes the key where it is free, or what stands there is older than a day."""
    made = dialect.insert(table(KeptAnswer))
    fresh = {name: made.excluded[name] for name in ("digest", "answer", "kept_at")}
    keys = [KEPT.tenant_id, KEPT.client_id, KEPT.name]
    old = KEPT.kept_at <= bindparam("old")
    return made.on_conflict_do_update(index_elements=keys, set_=fresh, where=old).returning(KEPT.name)


TAKING: Mapping[str, Any] = {"postgresql": _taking(postgresql), "sqlite": _taking(sqlite)}
