"""A report written out: as a table, CSV, XLSX or JSON, row by row whatever its size."""

import csv
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from campaigns import directory, reports
from campaigns.reports import Result
from dialer.commands.language import label
from dialer.commands.printing import as_json, at, note, show, spoken, table
from dialer.commands.session import Desk

RESULT = (
    "status",
    "reason",
    "attempts",
    "last_outcome",
    "last_call_at",
    "talk_seconds",
    "agent",
    "number_called",
    "recording_url",
)
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
ROWS_OF_A_SHEET = 1_048_576
LETTERS_OF_A_CELL = 32_767
# What a spreadsheet would run, and what it would turn into a number and spoil: telephones, ids, card numbers.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*", re.ASCII)
_SPOILT = re.compile(r"0\d+|\+\d[\d .-]*|84\d{9}|\d{12,}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Report:
    """The uploaded columns of a campaign's lists, and its rows to be read once."""

    code: str
    zone: str
    columns: Sequence[str]
    rows: Iterator[Result]

    @property
    def headers(self) -> list[str]:
        """Uploaded columns, then the results; one of ours whose name is taken says that it is a result."""
        taken = {name.casefold() for name in self.columns}
        return [*self.columns, *(f"result_{name}" if name in taken else name for name in RESULT)]


def report(desk: Desk, code: str, style: str, out: Path | None) -> int:
    """Write a campaign's report to a file or to standard output; how many rows."""
    campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
    under = reports.columns(desk.conn, campaign)
    rows = reports.results(desk.conn, desk.now, campaign, desk.tenant.zone, under)
    told = Report(code, desk.tenant.zone, under.names, rows)
    match style:
        case "xlsx":
            assert out is not None
            return _write_xlsx(told, out)
        case "csv":
            # The mark tells a spreadsheet that the letters are UTF-8.
            with _opened(out, "utf-8-sig") as file:
                return _write_csv(told, file)
        case "json":
            with _opened(out) as file:
                return _write_json(told, file)
    with _opened(out) as file:
        return _show(told, file)


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


def _cells(row: Result) -> list[str]:
    """Everything as text; the time of the last call as a spreadsheet reads it."""
    called = row.last_call_at.strftime("%Y-%m-%d %H:%M:%S") if row.last_call_at else None
    told = (getattr(row, name) if name != "last_call_at" else called for name in RESULT)
    return [*row.uploaded, *("" if value is None else str(value) for value in told)]


def _write_csv(told: Report, file: IO[str]) -> int:
    writer = csv.writer(file)
    writer.writerow([defended(header) for header in told.headers])
    count = 0
    for row in told.rows:
        writer.writerow([defended(cell) for cell in _cells(row)])
        count += 1
    return count


def defended(text: str) -> str:
    """A cell that a spreadsheet shows as it stands: never run as a formula, and a telephone keeps its zero.

    The tab before a number is not seen there and makes it text; readers of numbers pass over it.
    """
    if _SPOILT.fullmatch(text):
        return "\t" + text
    if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text):
        return "'" + text
    return text


def _write_xlsx(told: Report, out: Path) -> int:
    # Imported here: no other format needs it.
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with _replacing(out) as unfinished, xlsxwriter.Workbook(unfinished, options) as workbook:
        bold = workbook.add_format({"bold": True})
        while True:
            filled = _fill(workbook.add_worksheet(), told, bold)
            count += filled
            if filled < ROWS_OF_A_SHEET - 1:
                return count


def _fill(sheet: Any, told: Report, bold: Any) -> int:
    """A sheet's worth of rows under the headers; how many. Texts are written as texts, whatever they look like."""
    sheet.freeze_panes(1, 0)
    for column, header in enumerate(told.headers):
        sheet.write_string(0, column, header[:LETTERS_OF_A_CELL], bold)
    numbers = {len(told.columns) + RESULT.index(name) for name in ("attempts", "talk_seconds")}
    count = 0
    for count, row in enumerate(islice(told.rows, ROWS_OF_A_SHEET - 1), 1):
        for column, cell in enumerate(_cells(row)):
            if column in numbers:
                sheet.write_number(count, column, int(cell))
            elif cell:
                sheet.write_string(count, column, cell[:LETTERS_OF_A_CELL])
    return count


def _write_json(told: Report, file: IO[str]) -> int:
    """One object, written row by row."""
    head = json.dumps({"code": told.code, "columns": list(told.columns)}, ensure_ascii=False)
    file.write(head[:-1] + ', "rows": [')
    count = 0
    for count, row in enumerate(told.rows, 1):
        file.write(",\n" if count > 1 else "\n")
        file.write(as_json(_as_data(told, row)))
    file.write("]}\n")
    return count


def _as_data(told: Report, row: Result) -> dict[str, Any]:
    named = ("id", "name", "contract_number", *RESULT)
    return {"uploaded": dict(zip(told.columns, row.uploaded, strict=True))} | {n: getattr(row, n) for n in named}


def _show(told: Report, file: IO[str]) -> int:
    """Who, and what came of him; the first rows where there are many."""
    shown = [_line(told, row) for row in islice(told.rows, ON_A_TERMINAL)]
    more = sum(1 for _ in told.rows)
    show(table([label(heading) for heading in HEADINGS], shown), file)
    if more:
        note(f"{more} more rows; all of them with --format csv or --format xlsx --out FILE")
    return len(shown) + more


def _line(told: Report, row: Result) -> list[Any]:
    who = [row.id, row.name, row.contract_number, label(row.status), label(row.reason), row.attempts]
    outcome = label(row.last_outcome) if row.last_outcome else None
    called = [outcome, at(row.last_call_at, told.zone), spoken(row.talk_seconds), row.agent, row.number_called]
    return [*who, *called]
