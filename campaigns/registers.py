"""Files that name people and nothing else: a column of list ids (who was withdrawn), or of numbers (who must not be
called). Their headers are recognised like a list's; a file with a single column needs none."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    with _opened(path, _headed_ids, _bare_ids) as found:
        if found is None:
            raise UnreadableList(f"{path.name} has no column of ids; head it Mã KH or customer id.")
        ids = (_cell(cells, index) for _, cells in found.rows for index in found.columns)
        return list(dict.fromkeys(filter(None, ids)))


def read_numbers(path: Path) -> NumberFile:
    """The numbers that a file names. Raises `UnreadableList`, and OSError without a file."""
    with _opened(path, _headed_numbers, _bare_numbers) as found:
        if found is None:
            raise UnreadableList(f"{path.name} has no column of telephone numbers; head it Số điện thoại or phone.")
        return _read_numbers(found)


def _read_numbers(found: _Table) -> NumberFile:
    phones: dict[str, None] = {}
    rejects: list[Remark] = []
    notes: list[Remark] = []
    rows_read = 0
    for row, cells in found.rows:
        told, faults = _numbers_in(found.columns, row, cells)
        if not told and not "".join(cells).strip():
            continue
        rows_read += 1
        for phone in told:
            phones[phone] = None
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
        # A register has a million cells that are a number and nothing else.
        whole = normalise(text)
        if isinstance(whole, Phone):
            phones.append(whole.e164)
            continue
        for item in numbers(text, Role.UNKNOWN):
            if isinstance(item, Found):
                phones.append(item.phone.e164)
            else:
                faults.append(remark(row, header, text, item.fault))
    return phones, faults


def _cell(cells: Sequence[str], index: int) -> str:
    return cells[index].strip() if index < len(cells) else ""


Columns = dict[int, str]
"""Where what is looked for stands, and under which header."""


@contextmanager
def _opened(
    path: Path, headed: Callable[[Sequence[str]], Columns], bare: Callable[[list[Row]], Columns]
) -> Iterator[_Table | None]:
    """The first way of reading the file in which a header names the columns; or else what the likeliest way holds
    without one. The file is open meanwhile."""
    for grid in reading.grids(path):
        top = list(islice(grid.rows, SEARCHED))
        for position, (_, cells) in enumerate(top):
            if columns := headed(cells):
                yield _Table(columns, chain(top[position + 1 :], grid.rows))
                return
    for grid in islice(reading.grids(path), 1):
        top = list(islice(grid.rows, SEARCHED))
        columns = bare(top)
        yield _Table(columns, chain(top, grid.rows)) if columns else None


def _headed_ids(cells: Sequence[str]) -> Columns:
    known = layout(cells, {}).attributes
    return {known["id"]: cells[known["id"]]} if "id" in known else {}


def _bare_ids(top: list[Row]) -> Columns:
    """The only column that there is."""
    filled = {index for _, cells in top for index, cell in enumerate(cells) if cell.strip()}
    return dict.fromkeys(filled, "") if len(filled) == 1 else {}


def _headed_numbers(cells: Sequence[str]) -> Columns:
    return {column.index: column.header for column in layout(cells, {}).phones}


def _bare_numbers(top: list[Row]) -> Columns:
    """The first column that mostly holds numbers."""
    for index in range(max((len(cells) for _, cells in top), default=0)):
        filled = [text for _, cells in top if (text := _cell(cells, index))]
        read = sum(isinstance(normalise(text), Phone) for text in filled)
        if read and read >= MOSTLY * len(filled):
            return {index: ""}
    return {}
