"""List files as people's programs write them."""

import csv
import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

TONES = "\u0300\u0301\u0303\u0309\u0323"
HEADER = ["Mã KH", "Họ tên", "SĐT", "Số HĐ", "Số tiền quá hạn"]


def csv_text(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


def write_csv(path: Path, rows: Sequence[Sequence[str]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    text = csv_text(rows, delimiter)
    path.write_bytes(windows_1258(text) if encoding == "cp1258" else text.encode(encoding))
    return path


def windows_1258(text: str) -> bytes:
    """Vietnamese as old Windows programs save it: each tone stands behind its letter."""
    letters = []
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        bare = unicodedata.normalize("NFC", "".join(p for p in parts if p not in TONES))
        letters.append(bare + "".join(p for p in parts if p in TONES))
    return "".join(letters).encode("cp1258")


def write_xlsx(path: Path, *sheets: Sequence[Sequence[Any]], hidden: Sequence[int] = ()) -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy", "strings_to_formulas": False}) as book:
        for number, rows in enumerate(sheets):
            sheet = book.add_worksheet()
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
            if number in hidden:
                sheet.hide()
            elif number == min(set(range(len(sheets))) - set(hidden)):
                sheet.activate()
                sheet.set_first_sheet()
    return path
