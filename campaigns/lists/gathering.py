"""From rows to customers: what is no row of the list is passed over, rows of one customer come together."""

from collections.abc import Iterator
from datetime import date

from campaigns.lists.entries import Entry, ListFile
from campaigns.lists.faults import Fault, Remark, remark
from campaigns.lists.headers import Layout
from campaigns.lists.reading import Row
from campaigns.lists.rows import Line, read_row
from campaigns.lists.vocabulary import TOTALS, fold
from campaigns.words import Subject


def gather(layout: Layout, rows: Iterator[Row], ragged: bool, as_of: date | None, sha256: str) -> ListFile:
    """Go through the rows below the header. Blank rows, sums and repeated headers are no rows of the list."""
    entries: dict[tuple[Subject, str], Entry] = {}
    rejects: list[Remark] = []
    repeats: list[Remark] = []
    notes: list[Remark] = []
    kept = 0
    for number, cells in rows:
        line = _line(layout, number, cells, ragged, as_of)
        if isinstance(line, Remark):
            rejects.append(line)
        elif line and (again := _merge(entries, layout, line)):
            repeats.append(again)
        elif line:
            notes += line.notes
            kept += 1
    rows_read = kept + len(rejects) + len(repeats)
    return ListFile(layout.headers, list(entries.values()), rejects, repeats, notes, rows_read, sha256)


def _line(layout: Layout, number: int, cells: list[str], ragged: bool, as_of: date | None) -> Line | Remark | None:
    """What the row says, why it is rejected, or None for what is no row of the list."""
    width = len(layout.headers)
    # Some programs end their lines with empty cells; anything else beyond the header is a mishap.
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if not "".join(cells).strip() or (len(cells) == width and _repeats_header(layout, cells)):
        return None
    if ragged and len(cells) != width:
        told = {"found": len(cells), "expected": width}
        return None if _is_sum(cells) else remark(number, "", " | ".join(cells), Fault.RAGGED_ROW, **told)
    line = read_row(layout, number, cells, as_of)
    if isinstance(line, Remark) and _is_sum(cells) and not any(_tried(cells[p.index]) for p in layout.phones):
        return None
    return line


def _repeats_header(layout: Layout, cells: list[str]) -> bool:
    """Lists glued from several files, or printed by the page, say their header again."""
    index = layout.phones[0].index
    return cells[index].strip() == layout.headers[index] and tuple(" ".join(c.split()) for c in cells) == layout.headers


def _is_sum(cells: list[str]) -> bool:
    """Whether the first thing that a row says is that it is a sum."""
    first = next(filter(None, map(str.strip, cells)), "")
    return TOTALS.fullmatch(fold(first)) is not None


def _tried(text: str) -> bool:
    """Whether somebody meant this to be a telephone number, and not a count."""
    return sum(c.isdigit() for c in text) >= 7


def _merge(entries: dict[tuple[Subject, str], Entry], layout: Layout, line: Line) -> Remark | None:
    """Put the row under its customer: a new one, or another contract of one. The same contract again is a repeat."""
    entry = entries.get((line.key_kind, line.key))
    if entry is None:
        entries[line.key_kind, line.key] = _opened(line)
        return None
    if first := next((debt for debt in entry.debts if debt.contract_number == line.debt.contract_number), None):
        column = layout.attributes.get("id") if line.key_kind is Subject.PERSON else layout.phones[0].index
        where = column or 0
        return remark(line.debt.row, layout.headers[where], line.debt.uploaded[where], Fault.DUPLICATE, first=first.row)
    entry.debts.append(line.debt)
    known = {phone.e164 for phone in entry.phones}
    entry.phones += [phone for phone in line.phones if phone.e164 not in known]
    entry.name = entry.name or line.name
    entry.address = entry.address or line.address
    entry.zone = entry.zone or line.zone
    entry.priority = min(entry.priority, line.priority)
    entry.consents += [line.consent] if line.consent else []
    return None


def _opened(line: Line) -> Entry:
    return Entry(
        key_kind=line.key_kind,
        key=line.key,
        name=line.name,
        address=line.address,
        zone=line.zone,
        priority=line.priority,
        phones=line.phones,
        debts=[line.debt],
        consents=[line.consent] if line.consent else [],
    )
