"""A report written out: as a table, CSV, XLSX or JSON, row by row whatever its size."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

from campaigns import directory, exports, sheets
from campaigns.sheets import Sheet
from dialer.commands.language import label
from dialer.commands.printing import at, note, show, spoken, table
from dialer.commands.session import Desk

HEADINGS = (
    "id",
    "name",
    "contract",
    "status",
    "reason",
    "attempts",
    "last outcome",
    "last call",
    "talk time",
    "agent",
    "number",
)
ON_A_TERMINAL = 200


def report(desk: Desk, code: str, style: str, out: Path | None) -> int:
    """Write a campaign's report to a file or to standard output; how many rows."""
    campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
    told = exports.results(desk.conn, desk.now, campaign, desk.tenant.zone)
    match style:
        case "xlsx":
            assert out is not None
            with _replacing(out) as unfinished:
                return sheets.write_xlsx(told, unfinished)
        case "csv":
            # The mark tells a spreadsheet that the letters are UTF-8.
            with _opened(out, "utf-8-sig") as file:
                return sheets.write_csv(told, file)
        case "json":
            with _opened(out) as file:
                return sheets.write_json(told, file)
    with _opened(out) as file:
        return _show(told, desk.tenant.zone, file)


@contextmanager
def _opened(out: Path | None, encoding: str = "utf-8") -> Iterator[IO[str]]:
    """Standard output, or a file that is there whole or not at all."""
    if out is None:
        if encoding == "utf-8-sig":
            sys.stdout.write("\ufeff")
        yield sys.stdout
        return
    with _replacing(out) as unfinished, unfinished.open("w", encoding=encoding, newline="") as file:
        yield file


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    unfinished = out.with_name(f".{out.name}.unfinished")
    try:
        yield unfinished
        os.replace(unfinished, out)
    finally:
        unfinished.unlink(missing_ok=True)


def _show(told: Sheet, zone: str, file: IO[str]) -> int:
    """Who, and what came of him; the first rows where there are many."""
    shown = [_line(row, zone) for row in islice(told.items, ON_A_TERMINAL)]
    more = sum(1 for _ in told.items)
    show(table([label(heading) for heading in HEADINGS], shown), file)
    if more:
        note(f"{more} more rows; all of them with --format csv or --format xlsx --out FILE")
    return len(shown) + more


def _line(row: Any, zone: str) -> list[Any]:
    who = [row.id, row.name, row.contract_number, label(row.status), label(row.reason), row.attempts]
    outcome = label(row.last_outcome) if row.last_outcome else None
    called = [outcome, at(row.last_call_at, zone), spoken(row.talk_seconds), row.agent, row.number_called]
    return [*who, *called]
