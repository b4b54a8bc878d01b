"""Files that name people and nothing else: a column of list ids (who was withdrawn), or of numbers (who must not be
called). Their headers are recognised like a list's; a file with a single column needs none."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Final

from campaigns.lists import reading
from campaigns.lists.cells import Found, numbers
from campaigns.lists.faults import Fault, Remark, UnreadableList, remark
from campaigns.lists.headers import SEARCHED, layout
from campaigns.lists.reading import Row
from campaigns.phones import Phone, normalise
from campaigns.words import Role

MOSTLY: Final = 0.5
"""The share of a column's cells that must be numbers where no header says what they are."""


@dataclass(frozen=True, slots=True)
class NumberFile:
    """The numbers of a file, each once, in E.164. A row without a single one stands in `rejects`; `notes` tell of what
    was left out of rows that had one."""

    phones: list[str]
    rows_read: int
    rejects: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)

    @property
    def rejected(self) -> dict[str, int]:
        return dict(sorted(Counter(found.reason.value for found in self.rejects).items()))


@dataclass(frozen=True, slots=True)
class _Table:
    """The columns that matter, under what headers, and the rows below."""

    columns: Mapping[int, str]
    rows: Iterator[Row]


def read_ids(path: Path) -> list[str]:
    """The list ids that a file names, each once, in its order. Raises `UnreadableList`, and OSError without a file."""
    found = _find(path, _id_columns)
    if found is None:
        raise UnreadableList(f"{path.name} has no column of ids; head it Mã KH or customer id.")
    ids = (_cell(cells, index) for _, cells in found.rows for index in found.columns)
    return list(dict.fromkeys(filter(None, ids)))


def read_numbers(path: Path) -> NumberFile:
    """The numbers that a file names. Raises `UnreadableList`, and OSError without a file."""
    found = _find(path, _number_columns)
    if found is None:
        raise UnreadableList(f"{path.name} has no column of telephone numbers; head it Số điện thoại or phone.")
    phones: dict[str, None] = {}
    rejects: list[Remark] = []
    notes: list[Remark] = []
    rows_read = 0
    for row, cells in found.rows:
        if not "".join(cells).strip():
            continue
        rows_read += 1
        told, faults = _numbers_in(found.columns, row, cells)
        phones.update(dict.fromkeys(told))
        if told:
            notes += faults
        else:
            rejects.append(faults[0] if faults else remark(row, "", "", Fault.NO_PHONE))
    return NumberFile(list(phones), rows_read, rejects, notes)


def _numbers_in(columns: Mapping[int, str], row: int, cells: Sequence[str]) -> tuple[list[str], list[Remark]]:
    """A row's numbers, and what in its cells is none."""
    phones: list[str] = []
    faults: list[Remark] = []
    for index, header in columns.items():
        text = _cell(cells, index)
        for item in numbers(text, Role.UNKNOWN):
            if isinstance(item, Found):
                phones.append(item.phone.e164)
            else:
                faults.append(remark(row, header, text, item.fault))
    return phones, faults


def _cell(cells: Sequence[str], index: int) -> str:
    return cells[index].strip() if index < len(cells) else ""


def _find(path: Path, columns_in: Callable[[list[Row]], tuple[int, dict[int, str]] | None]) -> _Table | None:
    """The first way of reading the file in which the columns are found."""
    for grid in reading.grids(path):
        top = list(islice(grid.rows, SEARCHED))
        if found := columns_in(top):
            start, columns = found
            return _Table(columns, chain(top[start:], grid.rows))
    return None


def _id_columns(top: list[Row]) -> tuple[int, dict[int, str]] | None:
    """Where the ids begin, and in which column: under a header, or in the only one there is."""
    for position, (_, cells) in enumerate(top):
        known = layout(cells, {}).attributes
        if "id" in known:
            return position + 1, {known["id"]: cells[known["id"]]}
    filled = {index for _, cells in top for index, cell in enumerate(cells) if cell.strip()}
    return (0, dict.fromkeys(filled, "")) if len(filled) == 1 else None


def _number_columns(top: list[Row]) -> tuple[int, dict[int, str]] | None:
    """Where the numbers begin, and in which columns: under headers, or in the first that mostly holds numbers."""
    for position, (_, cells) in enumerate(top):
        phones = layout(cells, {}).phones
        if phones:
            return position + 1, {column.index: column.header for column in phones}
    width = max((len(cells) for _, cells in top), default=0)
    for index in range(width):
        filled = [text for _, cells in top if (text := _cell(cells, index))]
        read = sum(isinstance(normalise(text), Phone) for text in filled)
        if read and read >= MOSTLY * len(filled):
            return 0, {index: ""}
    return None
