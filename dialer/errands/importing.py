"""An import: the list that was sent is read in a thread, and loaded in one transaction with the job's end."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import anyio.to_thread
from sqlalchemy import Connection

from campaigns import jobs, lists
from campaigns.jobs import Failed
from campaigns.lists import ListFile, Remark, UnreadableList
from campaigns.terms import BadTerms
from campaigns.words import JobFault
from dialer.database import clock
from dialer.errands.errand import Errand, campaign_of, folder

SHOWN = 1000
"""So many rejected rows a result names; it counts them all."""
RUNS = {"auto": None, "new": True, "same": False}


async def import_list(errand: Errand) -> None:
    """Raises `Failed`: nothing of it stays then."""
    with folder() as place:
        path = place / Path(errand.job.file_name or "list.csv").name
        await errand.fetch(path)
        campaign = await errand.database.read(campaign_of, errand.job)
        listed = await anyio.to_thread.run_sync(_read, path, errand.job.asked, list(campaign.variables))
    await errand.tell(0, listed.rows_read)
    if errand.job.asked["mode"] == "all_or_nothing" and listed.rejects:
        raise Failed(
            JobFault.ROWS_REJECTED,
            f"{len(listed.rejects)} of {listed.rows_read} rows cannot stand, so none was taken",
            told(listed),
        )
    await errand.database.write(_load, errand, listed)


def _read(path: Path, asked: dict[str, Any], required: list[str]) -> ListFile:
    try:
        return lists.read(path, asked["map"], day_of(asked), required)
    except (UnreadableList, BadTerms) as error:
        raise Failed(JobFault.UNREADABLE, str(error)) from None


def _load(conn: Connection, errand: Errand, listed: ListFile) -> None:
    job, now = errand.job, clock(conn)
    campaign = campaign_of(conn, job)
    counts = lists.load(
        conn, now, campaign, listed, job.actor, job.file_name, RUNS[job.asked["run"]], day_of(job.asked)
    )
    jobs.finish(conn, now, job, told(listed) | {"counts": counts.as_json()}, listed.rows_read)


def day_of(asked: dict[str, Any]) -> date | None:
    return date.fromisoformat(asked["numbers_as_of"]) if asked["numbers_as_of"] else None


def told(listed: ListFile) -> dict[str, Any]:
    """What is said of the rows that were not kept, and of the cells that were left out; never what stood there."""
    rejected = Counter(remark.reason.value for remark in listed.rejects)
    counts = {"rows_read": listed.rows_read, "kept": listed.kept, "duplicates": listed.duplicates}
    return {
        "counts": counts | {"rejected": dict(sorted(rejected.items()))},
        "rejected": [_row(one) for one in sorted(listed.rejects, key=lambda one: one.row)[:SHOWN]],
        "remarks": [_row(one) for one in sorted((*listed.repeats, *listed.notes), key=lambda one: one.row)[:SHOWN]],
    }


def _row(one: Remark) -> dict[str, Any]:
    return {"row": one.row, "column": one.column, "reason": one.reason.value, "vi": one.vi, "en": one.en}
