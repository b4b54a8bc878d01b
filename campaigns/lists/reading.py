"""A file as rows of text: encodings, delimiters, workbooks. What the cells mean is not known here."""

import codecs
import csv
import hashlib
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from campaigns.lists.faults import UnreadableList

Row = tuple[int, list[str]]
"""The row's number, from 1 as a spreadsheet counts it, and its cells."""

DELIMITERS: Final = ";,\t|"
_SAMPLE: Final = 1 << 16
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_NOT_A_LIST: Final = "{} is neither a CSV file nor a workbook; save the list as XLSX or as CSV (UTF-8)."
_CONTROLS = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet, or a text cut at one delimiter. Rows of a `ragged` one may differ in length by somebody's mistake."""

    rows: Iterator[Row]
    ragged: bool


def fingerprint(path: Path) -> str:
    """SHA-256 of the file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def grids(path: Path) -> Iterator[Grid]:
    """The ways to read the file, likeliest first: a workbook's visible sheets, or a text by each delimiter.

    Raises `UnreadableList` for what is neither.
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    if not head.strip():
        raise UnreadableList(f"{path.name} is empty.")
    if head.startswith(_WORKBOOKS):
        return _sheets(path)
    if head.lstrip()[:5].lower() in (b"<html", b"<tabl", b"<!doc"):
        raise UnreadableList(f"{path.name} is a web page under a spreadsheet's name; open it and save it as XLSX.")
    return _texts(path, head)


def _sheets(path: Path) -> Iterator[Grid]:
    # Imported here: a process that only dials needs no reader of workbooks.
    import python_calamine as calamine

    try:
        with calamine.load_workbook(path) as workbook:
            for sheet in workbook.sheets_metadata:
                if sheet.visible is calamine.SheetVisibleEnum.Visible and sheet.typ is calamine.SheetTypeEnum.WorkSheet:
                    rows = workbook.get_sheet_by_name(sheet.name).iter_rows()
                    yield Grid(((n, [as_text(cell) for cell in row]) for n, row in enumerate(rows, 1)), ragged=False)
    except calamine.PasswordError as error:
        raise UnreadableList(f"{path.name} has a password; save it without one.") from error
    except calamine.CalamineError as error:
        raise UnreadableList(f"{path.name} is broken ({error}); open it and save it again as XLSX.") from error


def as_text(cell: Any) -> str:
    """A typed cell as it reads: whole numbers without a decimal point, days in ISO."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time.min else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _texts(path: Path, head: bytes) -> Iterator[Grid]:
    encoding = _encoding(path, head)
    sample = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head)
    if _CONTROLS.search(sample):
        raise UnreadableList(_NOT_A_LIST.format(path.name))
    for delimiter in _delimiters(sample.splitlines(keepends=True)[:200]):
        with path.open(encoding=encoding, newline="") as file:
            yield Grid(enumerate(_records(_clean(file, encoding), delimiter, path.name), 1), ragged=True)


def _encoding(path: Path, head: bytes) -> str:
    told = next((encoding for bom, encoding in _BOMS if head.startswith(bom)), None) or _unmarked_utf16(head)
    for encoding in (told,) if told else ("utf-8", "cp1258"):
        if _decodes(path, encoding):
            return encoding
    raise UnreadableList(_NOT_A_LIST.format(path.name))


def _unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without a mark shows by its zero bytes: every Latin letter has one."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) <= len(head) // 8:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _decodes(path: Path, encoding: str) -> bool:
    """Whether the whole file reads in this encoding, found out before the first row is used."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_SAMPLE):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _clean(lines: Iterable[str], encoding: str) -> Iterator[str]:
    """Without zero characters, which databases refuse. Windows-1258 writes its tones apart from the letters."""
    for line in lines:
        if "\0" in line:
            line = line.replace("\0", "")
        yield unicodedata.normalize("NFC", line) if encoding == "cp1258" else line


def _delimiters(lines: list[str]) -> list[str]:
    """The characters that may stand between cells, first the one that cuts most rows alike."""
    if lines and (told := re.fullmatch(r"sep=(.)\s*", lines[0])):
        return [told[1]]
    return sorted(DELIMITERS, key=lambda delimiter: -_regularity(lines, delimiter))


def _regularity(lines: list[str], delimiter: str) -> int:
    widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells)
    return max(((width - 1) * count for width, count in widths.items()), default=0)


def _records(lines: Iterable[str], delimiter: str, name: str) -> Iterator[list[str]]:
    """The rows of a delimited text. A cell may hold line breaks and be of any length.

    A quotation mark that nobody closed would swallow the rows behind it, so a cell over several lines must be quoted
    by the book; within a line, stray marks are taken as they stand.
    """
    csv.field_size_limit(sys.maxsize)
    taken: list[str] = []

    def tapped() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    for number, cells in enumerate(csv.reader(tapped(), delimiter=delimiter), 1):
        if len(taken) > 1:
            _refuse_swallowed(taken, delimiter, name, number)
        taken.clear()
        yield cells


def _refuse_swallowed(lines: list[str], delimiter: str, name: str, number: int) -> None:
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        raise UnreadableList(
            f"{name}: a quotation mark in row {number} is not closed where its cell ends; correct that row."
        ) from error
