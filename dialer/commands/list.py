"""`dialer list`: customers come in, and people are taken off again."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer
from rich.console import Console

from campaigns import directory, lists, withdrawals
from campaigns.lists import ListCounts, ListFile
from campaigns.lists.cells import day
from campaigns.registers import read_ids
from campaigns.terms import BadTerms
from campaigns.withdrawals import Underway, Withdrawal
from dialer import logs
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import note, say, say_json
from dialer.commands.rejects import write_rejects
from dialer.commands.session import Desk, change, opened
from dialer.logs import log

app = noun("Lists of customers: import them, withdraw people from them.")
Code = Annotated[str, typer.Argument(metavar="CODE", help="The campaign's code.", show_default=False)]
FILE_ENDINGS = (".csv", ".xlsx", ".xls", ".ods", ".txt", ".tsv")


class Run(StrEnum):
    """Which pass over the customers (đợt gọi) a list belongs to."""

    AUTO = "auto"
    NEW = "new"
    SAME = "same"


@app.command("import", epilog=example("dialer list import NHAC-NO danh-sach.xlsx --map phone='Di động'"))
def import_(
    code: Code,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX.", show_default=False)],
    map_: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Name a column; may be repeated.")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write what was wrong; else beside the list.")
    ] = None,
    numbers_as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day of numbers that tell none; else today.")
    ] = None,
    run: Annotated[Run, typer.Option(help="Another run, the same, or by the day.")] = Run.AUTO,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Bring the campaign to what a list says. The same file again changes nothing, a corrected one updates."""
    mapping = _mapping(map_ or [])
    as_of = _day(numbers_as_of)
    new_run = {Run.AUTO: None, Run.NEW: True, Run.SAME: False}[run]

    async def work() -> tuple[ListFile, ListCounts, Path | None]:
        async with opened(tenant) as session:
            required = await session.read(_required, code)
            with _busy(f"reading {file.name}"):
                listed = lists.read(file, mapping, as_of, required)
            told = write_rejects(listed.remarks, rejects, file)
            with _busy(f"loading {len(listed.entries)} customers"):
                counts = await session.write(_load, code, listed, file.name, new_run, as_of)
            if session.settings.log_format == "json":
                _log_rows(code, await session.read(_written, code))
            return listed, counts, told

    listed, counts, told = anyio.run(work)
    if as_json:
        say_json(counts.as_json() | {"rejects_file": str(told) if told else None})
    else:
        _show(counts, listed, told)


@app.command(epilog=example("dialer list withdraw NHAC-NO KH0042 KH0043 --reason paid"))
def withdraw(
    code: Code,
    whom: Annotated[list[str], typer.Argument(metavar="FILE|ID...", help="List ids, or files that hold them.")],
    reason: Annotated[str, typer.Option(help="Why, for their history; as in paid.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Take people off a campaign: from the next claim on they are not called."""
    ids = [one for named in whom for one in _ids(named)]

    def work(desk: Desk) -> Withdrawal:
        campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
        return withdrawals.withdraw(desk.conn, desk.now, campaign, ids, desk.actor, reason)

    done = change(tenant, work)
    if as_json:
        say_json(asdict(done))
        return
    say(f"{done.withdrawn} withdrawn, {done.final} were final already, {len(done.unknown)} are not on the list")
    for one in done.unknown:
        note(f"not on the list: {one}")
    say_underway(done.underway)


def say_underway(calls: Sequence[Underway]) -> None:
    """What a decision comes too late for, one call a line."""
    for call in calls:
        fate = "being taken back from the vendor's queue" if call.recalled else "cannot be stopped any more"
        say(f"{call.campaign} {call.customer} {call.number}: {call.state}, {fate}")


def _required(desk: Desk, code: str) -> list[str]:
    """The variables without which no script could be played."""
    return list(directory.find_campaign(desk.conn, desk.tenant.id, code).variables)


def _load(
    desk: Desk, code: str, listed: ListFile, file_name: str, new_run: bool | None, as_of: date | None
) -> ListCounts:
    campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
    return lists.load(desk.conn, desk.now, campaign, listed, desk.actor, file_name, new_run, as_of)


def _written(desk: Desk, code: str) -> list[tuple[int, int, int]]:
    return lists.written(desk.conn, directory.find_campaign(desk.conn, desk.tenant.id, code))


def _log_rows(code: str, rows: list[tuple[int, int, int]]) -> None:
    """One line a row for whoever collects logs: by the customer's id the engine's lines go on."""
    logs.configure("INFO", "json")
    for imported, row, customer in rows:
        log("lists").info("listed", campaign=code, list=imported, row=row, customer=customer)


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        field, _, column = pair.partition("=")
        if not (field.strip() and column.strip()):
            raise BadTerms("map", f"{pair} must be FIELD=COLUMN, as in phone=Mobile")
        mapping[field.strip()] = column.strip()
    return mapping


def _day(text: str | None) -> date | None:
    found = day(text) if text else None
    if text is not None and found is None:
        raise BadTerms("numbers_as_of", "must be a day such as 2024-07-31 or 31/07/2024")
    return found


def _ids(named: str) -> list[str]:
    """An id, or those in a file of that name."""
    path = Path(named)
    return read_ids(path) if path.is_file() or path.suffix.lower() in FILE_ENDINGS else [named]


def _busy(doing: str) -> AbstractContextManager[Any]:
    """A sign of life for whoever watches a long file."""
    return Console(stderr=True).status(doing) if sys.stderr.isatty() else nullcontext()


def _show(counts: ListCounts, listed: ListFile, told: Path | None) -> None:
    rejected = sum(counts.rejected.values())
    say(f"{counts.rows_read} rows: {counts.kept} kept, {rejected} rejected, {counts.duplicates} duplicates")
    say(f"of those kept: {counts.updated} updated, {counts.unchanged} unchanged; {counts.on_dnc} people on DNC")
    for reason, count in counts.rejected.items():
        say(f"  {reason}: {count}")
    if counts.needs_review:
        note(f"{counts.needs_review} numbers may be land lines of before 2018 and are not called for a debt")
    if told is not None:
        note(f"{len(listed.remarks)} remarks written to {told}")
