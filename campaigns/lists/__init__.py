"""List files: read -> rows kept, rows rejected with a reason -> customers.

reading      a file as rows of text
headers      which row is the header, what its columns hold
vocabulary   the words of headers and of notes
cells        numbers, amounts, days
rows         one row
gathering    rows of one customer come together as entries
faults       what can be wrong, in two languages; rejects is the file that says so
loading      entries into the database: people and their numbers, then contracts
admitting    one customer by an order, which only adds; by the same path
single       one customer, told field by field
writing      many rows into one table, at the speed of the database
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from itertools import chain, islice
from pathlib import Path

from campaigns.lists import headers, reading
from campaigns.lists.admitting import admit
from campaigns.lists.entries import Entry, ListedDebt, ListedPhone, ListFile
from campaigns.lists.faults import Fault, Remark, UnreadableList
from campaigns.lists.gathering import gather
from campaigns.lists.loading import ListCounts, load, written
from campaigns.lists.patience import uncollected
from campaigns.lists.rejects import write_rejects
from campaigns.lists.single import BadRow, Told, correct, enter

__all__ = [
    "BadRow",
    "Entry",
    "Fault",
    "ListCounts",
    "ListFile",
    "ListedDebt",
    "ListedPhone",
    "Remark",
    "Told",
    "UnreadableList",
    "admit",
    "correct",
    "enter",
    "load",
    "read",
    "write_rejects",
    "written",
]


@uncollected()
def read(
    path: Path,
    mapping: Mapping[str, str] | None = None,
    numbers_as_of: date | None = None,
    required: Collection[str] = (),
) -> ListFile:
    """Read a CSV file or a workbook (XLSX, XLS, ODS) as a list of customers.

    `mapping` names columns by field (`--map FIELD=COLUMN`), `numbers_as_of` is the day of records that tell none
    themselves, `required` are variables without a column of which the list is of no use. Raises `UnreadableList` when
    nothing of the file can be used, and OSError when there is none.
    """
    mapping = mapping or {}
    headers.check_mapping(mapping)
    tops: list[list[reading.Row]] = []
    for grid in reading.grids(path):
        top = list(islice(grid.rows, headers.SEARCHED))
        if found := headers.find(top, mapping):
            position, layout = found
            if complaint := headers.absent(layout, mapping) or headers.lacking(layout, required):
                raise complaint
            rows: Iterator[reading.Row] = chain(top[position + 1 :], grid.rows)
            return gather(layout, rows, grid.ragged, numbers_as_of, reading.fingerprint(path))
        tops.append(top)
    raise headers.complaint(path.name, next(filter(None, tops), []), mapping)
