"""On the do-not-call list, and off it again, each in one step: entries, what they cover, and whoever is freed by it.

The command line and the API change the list by these functions only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from campaigns import copies, dnc, ledger
from campaigns.dnc import Entry
from campaigns.rows import in_chunks

CHUNK = 5000


@dataclass(frozen=True, slots=True)
class Barred:
    """How many entries are new, how many stood there, and the live calls that they come too late for, as
    `dnc.live_calls` gives them."""

    added: int
    already: int
    late: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lifted:
    """The subjects that were on the list, and how many customers may be called again because of it."""

    subjects: Sequence[str]
    reopened: int


def bar(
    conn: Connection, now: datetime, tenant_id: int, entries: Sequence[Entry], actor: str, campaign: str | None = None
) -> Barred:
    """Put these on the list, effective from the next call on. `campaign`: the code of the one that they are for."""
    copies.give_way(conn, now, tenant_id, entries)
    added = dnc.suppress(conn, now, tenant_id, entries, actor)
    late = [call for chunk in in_chunks(entries, CHUNK) for call in dnc.live_calls(conn, tenant_id, chunk)]
    # A campaign's entry says nothing of other campaigns.
    return Barred(added, len(entries) - added, [call for call in late if campaign in (None, call.campaign)])


def free(
    conn: Connection, now: datetime, tenant_id: int, subjects: Sequence[str], actor: str, campaign_id: int | None = None
) -> Lifted:
    """Take these off the list; customers who were final because of it are called again while recalls remain."""
    lifted = dnc.lift(conn, now, tenant_id, subjects, actor, campaign_id)
    copies.restore(conn, now, tenant_id, lifted)
    freed = dnc.listed_with(conn, tenant_id, lifted)
    return Lifted(lifted, ledger.reconsider(conn, now, tenant_id, freed, actor))
