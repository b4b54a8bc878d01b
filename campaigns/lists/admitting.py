"""Somebody comes onto a campaign's list without a file: by the same path as a file's customers, in the present run."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from campaigns import ledger
from campaigns.lists.entries import Entry, ListFile
from campaigns.lists.loading import LIST_IMPORT, Turn, current_run, load_part, lock, open_import
from campaigns.lists.people import Enrolled


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
    lock(conn, campaign)
    run_id = _run(conn, now, campaign, source)
    enrolled = Enrolled(entry)
    import_id = _import(conn, now, campaign, run_id, actor, source)
    turn = Turn(run_id, reopens=False, superseded=())
    load_part(conn, now, campaign, turn, import_id, [enrolled], today, actor, until)
    return enrolled


def _run(conn: Connection, now: datetime, campaign: Any, source: str) -> int:
    run = current_run(conn, campaign.tenant_id, campaign.id)
    if run is not None:
        return int(run.id)
    return ledger.open_run(conn, now, campaign.tenant_id, campaign.id, source)


def _import(conn: Connection, now: datetime, campaign: Any, run_id: int, actor: str, source: str) -> int:
    """One import a run and source: contracts must tell where they come from."""
    mine = (LIST_IMPORT.tenant_id == campaign.tenant_id, LIST_IMPORT.campaign_id == campaign.id)
    known = select(LIST_IMPORT.id).where(
        *mine, LIST_IMPORT.sha256 == "", LIST_IMPORT.run_id == run_id, LIST_IMPORT.file_name == source
    )
    found = conn.scalar(known.limit(1))
    return found or open_import(conn, now, campaign, ListFile((), []), run_id, actor, source)
