"""An export: one reading transaction writes a file beside the database, which is then kept in it part by part."""

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from campaigns import exports, jobs, sheets
from campaigns.exports import Period
from campaigns.jobs import LARGEST_FILE, Failed
from campaigns.sheets import Sheet
from campaigns.words import ExportFormat, ExportKind, JobFault
from dialer.database import clock, hold_still
from dialer.errands.errand import Errand, campaign_of, folder, tenant_of


async def export(errand: Errand) -> None:
    """Raises `Failed`."""
    name = f"{errand.job.asked['what']}-{errand.job.reference}.{errand.job.asked['format']}"
    with folder() as place:
        path = place / name
        rows = await errand.database.read(_write, errand.job, path)
        await errand.tell(rows, rows)
        size = await errand.store(path)
    await errand.database.write(_finish, errand.job, name, size, rows)


def _write(conn: Connection, job: Any, path: Path) -> int:
    hold_still(conn)
    asked = job.asked
    period = Period(campaign_of(conn, job), _moment(asked["since"]), _moment(asked["until"]))
    told = exports.sheet(conn, clock(conn), tenant_of(conn, job), ExportKind(asked["what"]), period)
    rows = _put(told, ExportFormat(asked["format"]), path)
    if path.stat().st_size > LARGEST_FILE:
        raise Failed(JobFault.TOO_LARGE, f"the file has more than {LARGEST_FILE} bytes: ask for a shorter period")
    return rows


def _put(told: Sheet, style: ExportFormat, path: Path) -> int:
    match style:
        case ExportFormat.XLSX:
            return sheets.write_xlsx(told, path)
        case ExportFormat.CSV:
            # The mark tells a spreadsheet that the letters are UTF-8.
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                return sheets.write_csv(told, file)
        case ExportFormat.JSON:
            with path.open("w", encoding="utf-8") as file:
                return sheets.write_json(told, file)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _finish(conn: Connection, job: Any, name: str, size: int, rows: int) -> None:
    jobs.finish(conn, clock(conn), job, {"rows": rows}, rows, (name, size))
