"""Who changed what, over the API and by the command line: written in the transaction of the change, never pruned.

What comes here is masked already (`dialer/witness.py`): these rows are evidence, and no erasure could reach into them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from campaigns import pages
from campaigns.models import Act
from campaigns.pages import Cut, Listing, Part, Sort
from campaigns.rows import columns_of
from campaigns.statements import Insert

ACT = columns_of(Act)
SORTS: pages.Sorts = {"at": Sort((ACT.at, ACT.id))}


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


def read_acts(conn: Connection, tenant_id: int, asked: Asked, cut: Cut) -> Part:
    scope = [ACT.tenant_id == tenant_id]
    if asked.since is not None:
        scope.append(ACT.at >= asked.since)
    if asked.until is not None:
        scope.append(ACT.at < asked.until)
    filters = pages.matching(actor=asked.actor, route=asked.route, object=asked.object)
    return pages.read(conn, Listing(Act, SORTS, scope, (), filters), cut)
