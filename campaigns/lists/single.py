"""One customer, told field by field: entered as a list of one row would be, or corrected."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from campaigns import ledger, people
from campaigns.lists import headers
from campaigns.lists.entries import Entry, ListedDebt, ListedPhone, ListFile
from campaigns.lists.faults import Remark
from campaigns.lists.gathering import gather
from campaigns.lists.loading import load
from campaigns.models import Customer, Debt
from campaigns.rows import columns_of, table
from campaigns.words import Role

COLUMN: Final = {
    Role.BORROWER: "phone",
    Role.CO_BORROWER: "co_borrower_phone",
    Role.GUARANTOR: "guarantor_phone",
    Role.REFERENCE: "reference_phone",
}
CUSTOMER, DEBT = columns_of(Customer), columns_of(Debt)


class BadRow(Exception):
    """What was told of a customer cannot stand; the remarks say where and why."""

    def __init__(self, remarks: Sequence[Remark]) -> None:
        super().__init__("; ".join(remark.en for remark in remarks))
        self.remarks = remarks


@dataclass(frozen=True, slots=True)
class Told:
    """A customer as somebody tells him. None: nothing is told of it. `phones` are numbers in any form with their roles,
    `variables` what a script may say of the contract."""

    id: str | None = None
    name: str | None = None
    address: str | None = None
    zone: str | None = None
    priority: int | None = None
    phones: Sequence[tuple[str, Role]] | None = None
    contract_number: str | None = None
    variables: Mapping[str, str | int] | None = None

    @property
    def tells_a_contract(self) -> bool:
        return self.contract_number is not None or self.variables is not None


def enter(conn: Connection, now: datetime, campaign: Any, told: Told, actor: str) -> str:
    """Put him on the campaign's list, or bring him to what is told; his id there. Raises `BadRow`."""
    listed = _read(told)
    return _load(conn, now, campaign, listed, told, actor)


def correct(conn: Connection, now: datetime, campaign: Any, customer: Any, told: Told, actor: str) -> None:
    """Change what is told of a customer of the campaign, and nothing else. Raises `BadRow`."""
    before = _entry(conn, customer)
    # A row without a number is none; whose those are that he has already is not asked here.
    standing = [(phone.e164, Role.BORROWER) for phone in before.phones]
    listed = _read(replace(told, id=None, phones=standing if told.phones is None else told.phones))
    [read] = listed.entries
    entry = replace(
        before,
        name=read.name or before.name,
        address=read.address or before.address,
        zone=read.zone or before.zone,
        priority=before.priority if told.priority is None else told.priority,
        phones=before.phones if told.phones is None else read.phones,
        debts=_debts(before.debts, read.debts) if told.tells_a_contract else before.debts,
    )
    _load(conn, now, campaign, replace(listed, entries=[entry]), told, actor)


def _debts(before: Sequence[ListedDebt], told: Sequence[ListedDebt]) -> list[ListedDebt]:
    named = {debt.contract_number for debt in told}
    return [*(debt for debt in before if debt.contract_number not in named), *told]


def _read(told: Told) -> ListFile:
    """As the one row of a list under its fields' own names. Raises `BadRow` for all that a list would remark."""
    cells = _cells(told)
    layout = headers.layout(list(cells), {name: name for name in cells if name in headers.FIELDS})
    digest = hashlib.sha256(repr(cells).encode()).hexdigest()
    listed = gather(layout, iter([(1, list(cells.values()))]), False, None, digest)
    if listed.remarks or not listed.entries:
        raise BadRow(listed.remarks)
    return listed


def _cells(told: Told) -> dict[str, str]:
    """The row by header. Numbers of one role stand in one cell, as lists have them."""
    cells = {name: getattr(told, name) for name in ("id", "name", "address", "zone", "priority", "contract_number")}
    for role, column in COLUMN.items():
        cells[column] = " / ".join(number for number, whose in told.phones or () if whose is role)
    cells |= told.variables or {}
    return {name: "" if value is None else str(value) for name, value in cells.items()}


def _load(conn: Connection, now: datetime, campaign: Any, listed: ListFile, told: Told, actor: str) -> str:
    [entry] = listed.entries
    # A contract that is told again corrects itself; another one is added to it.
    name = f"api {told.contract_number or entry.key}"
    load(conn, now, campaign, listed, actor, name, new_run=False)
    return entry.key


def _entry(conn: Connection, customer: Any) -> Entry:
    """The customer as a list would tell him that changes nothing."""
    [person] = people.read(conn, customer.tenant_id, [customer.person_id])
    numbers = people.numbers(conn, customer.tenant_id, [person.id]).get(person.id, [])
    mine = (DEBT.tenant_id == customer.tenant_id, DEBT.customer_id == customer.id, DEBT.removed_at.is_(None))
    debts = conn.execute(select(table(Debt)).where(*mine).order_by(DEBT.id))
    return Entry(
        key_kind=person.key_kind,
        key=person.key,
        name=customer.name,
        address=person.address,
        zone=person.zone,
        priority=conn.scalars(select(ledger.listed_priority()).where(CUSTOMER.id == customer.id)).one(),
        phones=[ListedPhone(one.phone, one.role, one.note) for one in numbers if one.removed_at is None],
        debts=[ListedDebt(one.contract_number, one.dpd, one.variables, one.uploaded, one.row_number) for one in debts],
    )
