"""Which row is the header, and what each of its columns holds."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from campaigns.lists.faults import UnreadableList
from campaigns.lists.reading import Row
from campaigns.lists.vocabulary import (
    ATTRIBUTES,
    FIELD_OF_HEADER,
    OTHER_AMOUNTS,
    PHONE_FIELDS,
    VARIABLES,
    Kind,
    fold_header,
    phone_column_role,
)
from campaigns.phones import mask
from campaigns.words import Role

SEARCHED: Final = 30
"""How many rows of a file are looked through for its header."""
FIELDS: Final = (*ATTRIBUTES, *PHONE_FIELDS, *VARIABLES)


@dataclass(frozen=True, slots=True)
class PhoneColumn:
    index: int
    header: str
    role: Role


@dataclass(frozen=True, slots=True)
class VariableColumn:
    """A column that a script may speak of as `name`."""

    index: int
    header: str
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a list hold. `attributes` gives the column's index by the name in `ATTRIBUTES`."""

    headers: tuple[str, ...]
    phones: tuple[PhoneColumn, ...]
    attributes: Mapping[str, int]
    variables: tuple[VariableColumn, ...]
    contract: int | None


def phone_field_role(field: str) -> Role | None:
    """Whose numbers a mapped field holds; further columns of a kind are mapped as `phone_2`, `reference_phone_2`."""
    return PHONE_FIELDS.get(re.sub(r"_[2-9]$", "", field))


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Refuse a field that is no word, or nearly one of ours: then a slip of the hand is likelier than a variable."""
    for field in mapping:
        if phone_field_role(field):
            continue
        if not re.fullmatch(r"[a-z][a-z0-9_]*", field):
            raise UnreadableList(f"--map {field}=…: there is no such field; the fields are {', '.join(FIELDS)}.")
        if field not in FIELDS and (near := get_close_matches(field, FIELDS, 1, 0.8)):
            raise UnreadableList(f"--map {field}=…: there is no such field; did you mean {near[0]}?")


def find(rows: Sequence[Row], mapping: Mapping[str, str]) -> tuple[int, Layout] | None:
    """The header among a file's first rows: its position and layout, or None where no row has a telephone column.

    The row with most known columns is the header, for a title may hold one known word by chance. A second header
    under it, in the other language, is passed over.
    """
    layouts = [(position, layout(cells, mapping)) for position, (_, cells) in enumerate(rows)]
    usable = [(position, found) for position, found in layouts if found.phones]
    if not usable:
        return None
    position, best = max(usable, key=lambda each: (_known(each[1]), -each[0]))
    while any(p == position + 1 and len(f.phones) == len(best.phones) for p, f in usable):
        position += 1
    return position, best


def _known(found: Layout) -> int:
    ours = sum(column.name in VARIABLES for column in found.variables)
    return len(found.phones) + len(found.attributes) + ours


def layout(cells: Sequence[str], mapping: Mapping[str, str]) -> Layout:
    """The columns that these cells name, were they a header. A mapped field is looked for in its column only."""
    headers = tuple(" ".join(cell.split()) for cell in cells)
    owner = _mapped(headers, mapping)
    phones = [PhoneColumn(i, headers[i], role) for field, i in owner.items() if (role := phone_field_role(field))]
    taken = set(owner.values())
    for index, header in enumerate(headers):
        role = None if index in taken else phone_column_role(header)
        if role and not (role is Role.BORROWER and "phone" in owner):
            phones.append(PhoneColumn(index, header, role))
            taken.add(index)
    for field, index in _claimed(headers, taken, set(owner)).items():
        owner[field] = index
    attributes = {field: index for field, index in owner.items() if field in ATTRIBUTES}
    return Layout(
        headers=headers,
        phones=tuple(sorted(phones, key=lambda column: column.index)),
        attributes=attributes,
        variables=_variables(headers, owner, phones),
        contract=owner.get("contract_number"),
    )


def _mapped(headers: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Where the columns that `--map` names stand; what is not there is left out."""
    exact = {header: index for index, header in reversed(list(enumerate(headers)))}
    folded = {fold_header(header): index for index, header in reversed(list(enumerate(headers)))}
    places = {f: exact.get(" ".join(column.split()), folded.get(fold_header(column))) for f, column in mapping.items()}
    return {field: index for field, index in places.items() if index is not None}


def _claimed(headers: Sequence[str], taken: Collection[int], mapped: Collection[str]) -> dict[str, int]:
    """The fields that the free columns name; of two columns for one field, the better name has it."""
    claims: dict[str, tuple[int, int]] = {}
    for index, header in enumerate(headers):
        if index not in taken and (claim := FIELD_OF_HEADER.get(fold_header(header))):
            field, rank = claim
            if field not in mapped:
                claims[field] = min(claims.get(field, (rank, index)), (rank, index))
    return {field: index for field, (_, index) in claims.items()}


def _variables(
    headers: Sequence[str], owner: Mapping[str, int], phones: Sequence[PhoneColumn]
) -> tuple[VariableColumn, ...]:
    """Columns under the contract's names, under mapped names, and all that is unknown under its own header."""
    named = [(i, f, VARIABLES.get(f, Kind.TEXT)) for f, i in owner.items() if f not in ATTRIBUTES]
    named = [column for column in named if not phone_field_role(column[1])]
    taken = {*owner.values(), *(phone.index for phone in phones)}
    free = [(i, header, _own_kind(header)) for i, header in enumerate(headers) if header and i not in taken]
    return tuple(VariableColumn(i, headers[i], name, kind) for i, name, kind in sorted((*named, *free)))


def _own_kind(header: str) -> Kind:
    return Kind.AMOUNT if OTHER_AMOUNTS.fullmatch(fold_header(header)) else Kind.TEXT


def complaint(name: str, rows: Sequence[Row], mapping: Mapping[str, str]) -> UnreadableList:
    """Why no header was found among these rows, and what to do."""
    layouts = [layout(cells, mapping) for _, cells in rows]
    best = max(layouts, key=lambda found: (_known(found), sum(map(bool, found.headers))), default=None)
    if best is None or not any(best.headers):
        return UnreadableList(f"{name} has no rows.")
    if missing := absent(best, mapping):
        return missing
    shown = listed(best.headers)
    if _known(best):
        return UnreadableList(f"{name} has no telephone column; name it with --map phone=COLUMN, one of: {shown}.")
    return UnreadableList(
        f"{name} has no header that is known in its first {SEARCHED} rows; name its columns, beginning with "
        f"--map phone=COLUMN, one of: {shown}."
    )


def absent(found: Layout, mapping: Mapping[str, str]) -> UnreadableList | None:
    """What to say when `--map` names a column that the header has not."""
    there = _mapped(found.headers, mapping)
    for field, column in mapping.items():
        if field not in there:
            return UnreadableList(
                f"--map {field}={column}: the list has no such column; it has {listed(found.headers)}."
            )
    return None


def lacking(found: Layout, required: Collection[str]) -> UnreadableList | None:
    """What to say when a variable that the campaign's script needs has no column at all."""
    for name in required:
        if name not in {column.name for column in found.variables}:
            columns = listed(found.headers)
            return UnreadableList(
                f"The list has no {name}; name its column with --map {name}=COLUMN, one of: {columns}."
            )
    return None


def listed(headers: Sequence[str]) -> str:
    """Column names for a message. Where a list has no header these are somebody's data, so numbers are masked."""
    return ", ".join(
        re.sub(r"[+\d][\d .-]{5,}\d", lambda digits: mask(digits[0]), header)[:40] for header in headers if header
    )
