"""Which row of a logbook is its header, and each row below it by field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from campaigns.lists import reading
from campaigns.lists.faults import UnreadableList
from campaigns.lists.headers import SEARCHED, layout, listed
from campaigns.lists.reading import Row
from campaigns.lists.vocabulary import fold_header
from campaigns.logbooks.vocabulary import FIELD_OF_HEADER


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands; `phones` are all columns of numbers."""

    headers: tuple[str, ...]
    fields: Mapping[str, int]
    phones: tuple[int, ...]

    @property
    def known(self) -> int:
        return len(self.fields) + len(self.phones)

    @property
    def usable(self) -> bool:
        return "at" in self.fields and bool(self.phones or "id" in self.fields)

    def header(self, field: str) -> str:
        return self.headers[self.fields[field]] if field in self.fields else ""


@dataclass(frozen=True, slots=True)
class Sheet:
    columns: Columns
    rows: Iterator[Row]
    ragged: bool


def open_sheet(path: Path) -> Sheet:
    """The file by the first way of reading it in which a header names whom and when. Raises `UnreadableList`, and
    OSError without a file."""
    best: Columns | None = None
    for grid in reading.grids(path):
        top = list(islice(grid.rows, SEARCHED))
        found = [(columns_of(cells), position) for position, (_, cells) in enumerate(top)]
        usable = [one for one in found if one[0].usable]
        if usable:
            columns, position = max(usable, key=lambda one: (one[0].known, -one[1]))
            return Sheet(columns, chain(top[position + 1 :], grid.rows), grid.ragged)
        candidates = [one for one, _ in found] + ([best] if best else [])
        best = max(candidates, key=lambda one: one.known, default=None)
    raise _complaint(path.name, best)


def columns_of(cells: Sequence[str]) -> Columns:
    """The columns that these cells name, were they a header."""
    known = layout(cells, {})
    fields = {"id": known.attributes["id"]} if "id" in known.attributes else {}
    if known.contract is not None:
        fields["contract"] = known.contract
    phones = tuple(column.index for column in known.phones)
    taken = {*fields.values(), *phones}
    for index, header in enumerate(known.headers):
        field = FIELD_OF_HEADER.get(fold_header(header))
        if index not in taken and field and field not in fields:
            fields[field] = index
    return Columns(known.headers, fields, phones)


def _complaint(name: str, best: Columns | None) -> UnreadableList:
    if best is None or not best.known:
        return UnreadableList(
            f"{name} has no header that is known; head its columns Mã KH or Số điện thoại, and Thời gian"
            " (customer id or phone, and time)."
        )
    lacking = "time; head it Thời gian or time" if "at" not in best.fields else "id and none of telephone numbers"
    return UnreadableList(f"{name} has no column of {lacking}; it has {listed(best.headers)}.")
