"""Tables written out, row by row whatever their size: CSV that runs nothing in a spreadsheet, XLSX, JSON."""

import csv
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

ROWS_OF_A_SHEET: Final = 1_048_576
LETTERS_OF_A_CELL: Final = 32_767
# What a spreadsheet would run, and what it would turn into a number and spoil: telephones, ids, card numbers.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*", re.ASCII)
_SPOILT = re.compile(r"0\d+|\+\d[\d .-]*|84\d{9}|\d{12,}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to be written once. `rows` are texts under the headers; those at `numbers` are whole numbers.

    In JSON it is one object: what `head` says, and under `rows` what `data` makes of each of `items`.
    """

    headers: Sequence[str]
    items: Iterator[Any]
    cells: Callable[[Any], Sequence[str]]
    data: Callable[[Any], Mapping[str, Any]]
    numbers: Collection[int] = ()
    head: Mapping[str, Any] = field(default_factory=dict)


def as_json(told: Any) -> str:
    """Moments as ISO 8601 in UTC, durations as seconds."""
    return json.dumps(told, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, date) else str(value)


def defended(text: str) -> str:
    """A cell that a spreadsheet shows as it stands: never run as a formula, and a telephone keeps its zero.

    The tab before a number is not seen there and makes it text; readers of numbers pass over it.
    """
    if _SPOILT.fullmatch(text):
        return "\t" + text
    if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text):
        return "'" + text
    return text


def write_csv(sheet: Sheet, file: IO[str]) -> int:
    """How many rows were written under the headers."""
    writer = csv.writer(file)
    writer.writerow([defended(header) for header in sheet.headers])
    count = 0
    for item in sheet.items:
        writer.writerow([defended(cell) for cell in sheet.cells(item)])
        count += 1
    return count


def write_json(sheet: Sheet, file: IO[str]) -> int:
    """One object, written row by row."""
    head = as_json(dict(sheet.head))[:-1]
    file.write(f'{head}{", " if sheet.head else ""}"rows": [')
    count = 0
    for count, item in enumerate(sheet.items, 1):
        file.write(",\n" if count > 1 else "\n")
        file.write(as_json(sheet.data(item)))
    file.write("]}\n")
    return count


def write_xlsx(sheet: Sheet, path: Path) -> int:
    # Imported here: no other format needs it.
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with xlsxwriter.Workbook(path, options) as workbook:
        bold = workbook.add_format({"bold": True})
        while True:
            filled = _fill(workbook.add_worksheet(), sheet, bold)
            count += filled
            if filled < ROWS_OF_A_SHEET - 1:
                return count


def _fill(page: Any, sheet: Sheet, bold: Any) -> int:
    """A page's worth of rows under the headers; how many. Texts are written as texts, whatever they look like."""
    page.freeze_panes(1, 0)
    for column, header in enumerate(sheet.headers):
        page.write_string(0, column, header[:LETTERS_OF_A_CELL], bold)
    count = 0
    for count, item in enumerate(islice(sheet.items, ROWS_OF_A_SHEET - 1), 1):
        for column, cell in enumerate(sheet.cells(item)):
            if cell and column in sheet.numbers:
                page.write_number(count, column, int(cell))
            elif cell:
                page.write_string(count, column, cell[:LETTERS_OF_A_CELL])
    return count
