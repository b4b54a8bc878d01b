"""One row of a list, read by the layout of its columns."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from campaigns.lists import cells as cell
from campaigns.lists.entries import ListedConsent, ListedDebt, ListedPhone
from campaigns.lists.faults import Fault, Remark, remark
from campaigns.lists.headers import Layout
from campaigns.lists.vocabulary import CONSENT, NOTHING, Kind, fold, role_noted
from campaigns.phones import BadPhone, ambiguous, national
from campaigns.words import LIABLE_ROLES, Role, Subject

MAX_KEY: Final = 200
"""The longest id or contract number; anything longer is a mishap, and databases cannot index it."""
_TELLING = re.compile(r"[1-9]")
_READERS: Final[dict[Kind, tuple[Callable[[str], str | int | None], Fault]]] = {
    Kind.AMOUNT: (cell.amount, Fault.BAD_AMOUNT),
    Kind.DATE: (cell.iso_day, Fault.BAD_DATE),
    Kind.COUNT: (cell.count, Fault.BAD_COUNT),
}


@dataclass(frozen=True, slots=True)
class Line:
    """What one row says."""

    key_kind: Subject
    key: str
    name: str
    address: str | None
    zone: str | None
    priority: int
    phones: list[ListedPhone]
    debt: ListedDebt
    consent: ListedConsent | None
    notes: list[Remark]


def read_row(layout: Layout, number: int, cells: list[str], as_of: date | None) -> Line | Remark:
    """The row, or why it cannot be kept: it needs one valid number, of whatever role.

    `as_of` is the day of records that tell none themselves.
    """
    notes: list[Remark] = []
    phones = _phones(layout, number, cells, notes)
    if not phones:
        column = layout.phones[0]
        return notes[0] if notes else remark(number, column.header, cells[column.index], Fault.NO_PHONE)
    key, contract = key_of(_attribute(layout, cells, "id")), key_of(_text(cells, layout.contract))
    if len(key) > MAX_KEY or len(contract) > MAX_KEY:
        return remark(number, "", max(key, contract, key=len), Fault.KEY_TOO_LONG)
    return Line(
        key_kind=Subject.PERSON if key else Subject.NUMBER,
        key=key or _own(phones),
        name=_tidy(_attribute(layout, cells, "name")),
        address=_tidy(_attribute(layout, cells, "address")) or None,
        zone=_attribute(layout, cells, "zone") or None,
        priority=_priority(layout, number, cells, notes),
        phones=_listed(phones, _vintage(layout, number, cells, notes) or as_of),
        debt=_debt(layout, number, cells, contract, notes),
        consent=_consent(layout, number, cells, notes),
        notes=notes,
    )


def _text(cells: list[str], index: int | None) -> str:
    return "" if index is None else cells[index].strip()


def _attribute(layout: Layout, cells: list[str], name: str) -> str:
    return _text(cells, layout.attributes.get(name))


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def key_of(text: str) -> str:
    """An id or a contract number. A word for nothing is none, or all who have none would be one customer."""
    if not _TELLING.search(text) and fold(text) in NOTHING:
        return ""
    return unicodedata.normalize("NFC", text)


def _own(phones: dict[str, cell.Found]) -> str:
    """The number by which a customer without an id is known: his own rather than his mother's."""
    return next((e164 for e164, found in phones.items() if found.role in LIABLE_ROLES), next(iter(phones)))


def _phones(layout: Layout, number: int, cells: list[str], notes: list[Remark]) -> dict[str, cell.Found]:
    """The row's numbers, each once. A cell that holds something else too leaves one note."""
    phones: dict[str, cell.Found] = {}
    for column in layout.phones:
        text = cells[column.index]
        found = cell.numbers(text, _role(layout, cells, column.role)) if text else []
        for item in found:
            if isinstance(item, cell.Found):
                phones.setdefault(item.phone.e164, item)
        if bad := next((item for item in found if isinstance(item, BadPhone)), None):
            notes.append(remark(number, column.header, text, bad.fault))
    return phones


def _role(layout: Layout, cells: list[str], role: Role) -> Role:
    """Whose the numbers of a column are; a row may say itself whose its plain number is."""
    said = _attribute(layout, cells, "role")
    return role_noted(said, role) if said and role is Role.BORROWER else role


def _listed(phones: dict[str, cell.Found], vintage: date | None) -> list[ListedPhone]:
    """Numbers with their day. A row that still has an old mobile is old, whatever it says of its day."""
    old = any(found.phone.converted and found.phone.kind == "mobile" for found in phones.values())
    written = date.min if old else vintage
    return [
        ListedPhone(
            e164=e164,
            role=found.role,
            note=found.note,
            vintage=vintage,
            converted=found.phone.converted,
            needs_review=not found.phone.converted and ambiguous(national(e164), written),
        )
        for e164, found in phones.items()
    ]


def _vintage(layout: Layout, number: int, cells: list[str], notes: list[Remark]) -> date | None:
    text = _attribute(layout, cells, "as_of")
    told = cell.day(text) if text else None
    if text and not told:
        notes.append(remark(number, layout.headers[layout.attributes["as_of"]], text, Fault.BAD_DATE))
    return told


def _consent(layout: Layout, number: int, cells: list[str], notes: list[Remark]) -> ListedConsent | None:
    """The row's consent. One that lacks its day, its channel or its proof is none, and a note says so."""
    told = {name: _attribute(layout, cells, name) for name in CONSENT if name in layout.attributes}
    told = {name: text for name, text in told.items() if fold(text) not in NOTHING}
    if not told:
        return None
    on = cell.day(told.get("consent_date", ""))
    channel, proof = told.get("consent_channel", ""), told.get("consent_proof", "")
    if on and channel and proof:
        return ListedConsent(on, channel[:MAX_KEY], proof)
    where = next(name for name in CONSENT if name in layout.attributes)
    column = layout.attributes[where]
    notes.append(remark(number, layout.headers[column], cells[column], Fault.NO_PROOF))
    return None


def _priority(layout: Layout, number: int, cells: list[str], notes: list[Remark]) -> int:
    text = _attribute(layout, cells, "priority")
    told = cell.count(text) if text else 0
    if told is None:
        notes.append(remark(number, layout.headers[layout.attributes["priority"]], text, Fault.BAD_COUNT))
    return told or 0


def _debt(layout: Layout, number: int, cells: list[str], contract: str, notes: list[Remark]) -> ListedDebt:
    variables: dict[str, str | int] = {"contract_number": contract} if contract else {}
    for column in layout.variables:
        text = cells[column.index].strip()
        if not text or column.index == layout.contract:
            continue
        if column.kind is Kind.TEXT:
            variables[column.name] = text
            continue
        reader, fault = _READERS[column.kind]
        if (value := reader(text)) is not None:
            variables[column.name] = value
        elif fold(text) not in NOTHING:
            notes.append(remark(number, column.header, text, fault))
    dpd = variables.get("dpd")
    return ListedDebt(contract, dpd if isinstance(dpd, int) else None, variables, cells, number)
