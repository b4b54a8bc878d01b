"""Somebody comes onto a campaign's list because a call to him was ordered: in the present run, by `loading.load_part`.

An order only adds. What a list said of him stays, and where no contract is told nobody waits for an import. Who is
told as a customer (`single`) is brought to what is told, as by a list of one row. That replaces, and is an import.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from campaigns import ledger
from campaigns.lists.entries import Entry, ListFile
from campaigns.lists.loading import LIST_IMPORT, Turn, current_run, load_part, lock, open_import
from campaigns.lists.people import Enrolled
from campaigns.statements import ONE

NO_IMPORT = 0
"""Where nothing is told of a contract, none must tell where it comes from."""
find_import = (
    select(LIST_IMPORT.id)
    .where(
        LIST_IMPORT.tenant_id == bindparam("tenant"),
        LIST_IMPORT.campaign_id == bindparam("campaign"),
        LIST_IMPORT.run_id == bindparam("run"),
        LIST_IMPORT.file_name == bindparam("source"),
        LIST_IMPORT.sha256 == "",
    )
    .limit(ONE)
)


def admit(
    conn: Connection,
    now: datetime,
    campaign: Any,
    entry: Entry,
    actor: str,
    source: str,
    today: date,
    until: datetime | None = None,
) -> Enrolled:
    """Bring the campaign to what is said of one customer; contracts are only added. `source` stands where a file's name
    would. `until`: as for `contracts.enlist`, and his other numbers stay as they are."""
    if entry.debts:
        # A list's row of the same contract must not be lost beside it. Whoever tells of none waits for nobody.
        lock(conn, campaign)
    run_id = _run(conn, now, campaign, source)
    enrolled = Enrolled(entry)
    import_id = _import(conn, now, campaign, run_id, actor, source) if entry.debts else NO_IMPORT
    turn = Turn(run_id, reopens=False, superseded=())
    load_part(conn, now, campaign, turn, import_id, [enrolled], today, actor, until)
    return enrolled


def _run(conn: Connection, now: datetime, campaign: Any, source: str) -> int:
    run = current_run(conn, campaign.tenant_id, campaign.id)
    if run is None:
        # Of two that come first one opens it, and the other finds it.
        lock(conn, campaign)
        run = current_run(conn, campaign.tenant_id, campaign.id)
    if run is not None:
        return int(run.id)
    return ledger.open_run(conn, now, campaign.tenant_id, campaign.id, source)


def _import(conn: Connection, now: datetime, campaign: Any, run_id: int, actor: str, source: str) -> int:
    """One import a run and source: contracts must tell where they come from."""
    which = {"tenant": campaign.tenant_id, "campaign": campaign.id, "run": run_id, "source": source}
    found = conn.scalar(find_import, which)
    return found or open_import(conn, now, campaign, ListFile((), []), run_id, actor, source)
