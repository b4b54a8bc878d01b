"""`dialer export`: reports that the engine writes into files, ordered and fetched."""

import os
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from campaigns import directory, exports, jobs
from campaigns.exports import Period
from campaigns.pages import Cut
from campaigns.words import ExportFormat, ExportKind, JobKind, JobState
from dialer import ordering
from dialer.commands import periods
from dialer.commands.job import SHOWN, show_all, tell_ordered, told_of
from dialer.commands.language import either
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import say, say_json
from dialer.commands.session import Desk, change, look, opened

app = noun("Reports as files: results, calls or usage, written by the engine and kept for a day.")


@app.command(
    epilog=example(
        "dialer export order results --campaign NHAC-NO --format xlsx",
        "dialer export order usage --since 2026-11-01 --until 2026-11-30",
    )
)
def order(
    kind: Annotated[ExportKind, typer.Argument(help="What is to be written.")],
    campaign: Annotated[str | None, typer.Option(metavar="CODE", help="Needed for results; else every one.")] = None,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="The first day, on the tenant's clock.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="The last day, on the tenant's clock.")] = None,
    format_: Annotated[ExportFormat, typer.Option("--format", help="In which form.")] = ExportFormat.CSV,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Order a report; the engine writes it as soon as it serves."""

    def work(desk: Desk) -> dict[str, Any]:
        of = directory.find_campaign(desk.conn, desk.tenant.id, campaign) if campaign else None
        zone = desk.tenant.zone
        period = Period(of, periods.begins(since, "since", zone), periods.ends(until, "until", zone))
        asked = exports.asked(kind, period, format_)
        return told_of(ordering.order(desk.conn, desk.now, desk.tenant.id, JobKind.EXPORT, asked, desk.actor, of))

    tell_ordered(change(tenant, work), as_json)


@app.command("list", epilog=example("dialer export list --state done"))
def list_(
    state: Annotated[JobState | None, typer.Option(help="Only those that stand so.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """The newest reports, and how they stand."""

    def work(desk: Desk) -> tuple[list[dict[str, Any]], str]:
        cut = Cut(SHOWN, "-created_at", window=None)
        rows = jobs.read_jobs(desk.conn, desk.tenant.id, cut, kind=JobKind.EXPORT, state=state).rows
        return [told_of(row) for row in rows], desk.tenant.zone

    rows, zone = look(tenant, work)
    if as_json:
        say_json({"exports": rows})
    else:
        show_all(rows, zone)


@app.command(epilog=example("dialer export fetch j_0123456789abcdef --out results.xlsx"))
def fetch(
    export: Annotated[str, typer.Argument(metavar="ID", help="The export's id.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it; else under its own name.")
    ] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Write an export's file. It is kept for a day after it was made."""

    async def run() -> tuple[Path, int]:
        async with opened(tenant) as session:
            job = await session.read(_ready, export)
            path = out or Path(job.file_name)
            unfinished, size, ordinal = path.with_name(f".{path.name}.unfinished"), 0, 0
            try:
                with unfinished.open("wb") as file:
                    while part := await session.database.read(jobs.read_part, job.tenant_id, job.id, ordinal):
                        size, ordinal = size + file.write(part), ordinal + 1
                os.replace(unfinished, path)
            finally:
                unfinished.unlink(missing_ok=True)
            return path, size

    path, size = anyio.run(run)
    if as_json:
        say_json({"id": export, "file": str(path), "bytes": size})
    else:
        say(either(f"{size} bytes written to {path}", f"đã ghi {size} byte vào {path}"))


def _ready(desk: Desk, export: str) -> Any:
    """The job, where its file is there. Raises `NotFound`, `NotNow`."""
    return jobs.with_file(desk.conn, desk.tenant.id, export, [JobKind.EXPORT])
