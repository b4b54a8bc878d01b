"""Who changed what, over the API and by the command line: written in the transaction of the change, never pruned.

What comes here is masked already (`dialer/witness.py`): these rows are evidence, and no erasure could reach into them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from campaigns.models import Act
from campaigns.rows import columns_of, table
from campaigns.statements import Insert

ACT = columns_of(Act)


@dataclass(frozen=True, slots=True)
class Done:
    """One change: `client` is an API client's id, or `command line`; `method` a verb of HTTP, or `command`."""

    actor: str
    client: str
    request_id: str
    method: str
    route: str
    object: str
    asked: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


TOLD = tuple(field.name for field in fields(Done))
write_acts = Insert(Act, (*TOLD, "tenant_id", "result", "milliseconds", "at"))


@dataclass(frozen=True, slots=True)
class Asked:
    """Which acts are looked for; None narrows nothing. `since` and `until` bound the moment, the end excluded."""

    actor: str | None = None
    route: str | None = None
    object: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def record(conn: Connection, now: datetime, tenant_id: int, done: Done, result: int, milliseconds: int) -> None:
    """Keep what was done. `result` is the status that is answered, or an exit code."""
    row = {name: getattr(done, name) for name in TOLD}
    write_acts(conn, [row | {"tenant_id": tenant_id, "result": result, "milliseconds": milliseconds, "at": now}])


def acts_before(conn: Connection, tenant_id: int, before: int | None, limit: int, asked: Asked) -> list[Any]:
    """At most so many acts, the newest first."""
    chosen = select(table(Act)).where(ACT.tenant_id == tenant_id)
    for name in ("actor", "route", "object"):
        if (value := getattr(asked, name)) is not None:
            chosen = chosen.where(ACT[name] == value)
    if before is not None:
        chosen = chosen.where(ACT.id < before)
    if asked.since is not None:
        chosen = chosen.where(ACT.at >= asked.since)
    if asked.until is not None:
        chosen = chosen.where(ACT.at < asked.until)
    return list(conn.execute(chosen.order_by(ACT.id.desc()).limit(limit)))
