"""The file that goes back to whoever brought the list: what was found, where, and why, in two languages."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from campaigns.lists.faults import Remark

COLUMNS: Final = ("row", "column", "value", "reason_vi", "reason_en")


def write_rejects(remarks: Iterable[Remark], path: Path) -> None:
    """Write the remarks as CSV that a spreadsheet opens with its letters whole (UTF-8 with a byte order mark)."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for found in remarks:
            writer.writerow([found.row, *map(defended, (found.column, found.value, found.vi, found.en))])


def defended(text: str) -> str:
    """A cell that a spreadsheet shows as it stands, and never runs as a formula."""
    return "'" + text if text.lstrip()[:1] in tuple("=+-@") or text[:1] in ("\t", "\r", "\n") else text
