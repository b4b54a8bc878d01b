"""Customers and their debts: put on the campaign's list by the ledger, and brought to what the list says of each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from campaigns import ledger
from campaigns.lists.entries import ListedDebt
from campaigns.lists.people import CHUNK, Enrolled
from campaigns.lists.writing import insert_all
from campaigns.models import Campaign, Customer, Debt
from campaigns.rows import columns_of, in_chunks, table
from campaigns.statements import Find

CUSTOMER: Final = columns_of(Customer)
DEBT: Final = columns_of(Debt)
TOLD: Final = ("dpd", "variables", "uploaded", "row_number", "list_import_id", "removed_at")
"""What a list says of a contract."""
find_listed: Final = Find(
    select(
        CUSTOMER.id,
        CUSTOMER.person_id,
        CUSTOMER.name,
        ledger.listed_priority().label("priority"),
        CUSTOMER.run_id,
        CUSTOMER.expires_at,
    ).where(CUSTOMER.tenant_id == bindparam("tenant_id"), CUSTOMER.campaign_id == bindparam("campaign_id")),
    key=CUSTOMER.person_id,
)
find_debts: Final = Find(
    select(DEBT.customer_id, DEBT.contract_number, DEBT.id, *(DEBT[column] for column in TOLD)).where(
        DEBT.tenant_id == bindparam("tenant_id")
    ),
    key=DEBT.customer_id,
)


def find_customers(conn: Connection, tenant_id: int, campaign_id: int, enrolled: Sequence[Enrolled]) -> dict[int, Any]:
    """The customers that the campaign has of these persons, by person; marks who was listed before."""
    known = [one.person_id for one in enrolled if not one.new_person]
    found = find_listed(conn, known, tenant_id=tenant_id, campaign_id=campaign_id)
    by_person = {row.person_id: row for row in found}
    for one in enrolled:
        one.listed_before = one.person_id in by_person
    return by_person


def enlist(
    conn: Connection,
    now: datetime,
    campaign: Campaign,
    run_id: int,
    enrolled: Sequence[Enrolled],
    before: dict[int, Any],
    actor: str,
    until: datetime | None = None,
) -> None:
    """Put newcomers on the list, and correct the name and the priority of those who stood there. `until`: no list names
    them, but a triggered call that is over then."""
    tenant_id, campaign_id = campaign.tenant_id, campaign.id or 0
    newcomers = [
        ledger.Enlisted(one.person_id, one.entry.key, one.entry.name, one.entry.priority, until)
        for one in enrolled
        if not one.listed_before
    ]
    made = ledger.enlist(conn, now, tenant_id, campaign_id, run_id, newcomers, actor)
    _meet(conn, tenant_id, campaign_id, [one for one in enrolled if not one.listed_before], made, before)
    renamed = []
    for one in enrolled:
        if not one.listed_before:
            one.customer_id = made[one.person_id]
            continue
        row = before[one.person_id]
        one.customer_id = row.id
        # A triggered call says nothing about his turn on the list.
        told = (one.entry.name or row.name, one.entry.priority if until is None else row.priority)
        if told != (row.name, row.priority):
            one.changed = True
            renamed.append({"b_id": row.id, "b_name": told[0], "b_priority": told[1]})
    ledger.rename(conn, now, tenant_id, sorted(renamed, key=lambda row: int(row["b_id"])))
    if until is None:
        ledger.adopt(conn, now, tenant_id, [row.id for row in before.values() if row.expires_at is not None], actor)


def _meet(
    conn: Connection,
    tenant_id: int,
    campaign_id: int,
    newcomers: Sequence[Enrolled],
    made: Mapping[int, int],
    before: dict[int, Any],
) -> None:
    """Who was put on the list by another transaction meanwhile stands there like those from before."""
    missed = [one for one in newcomers if one.person_id not in made]
    found = find_listed(conn, [one.person_id for one in missed], tenant_id=tenant_id, campaign_id=campaign_id)
    before |= {row.person_id: row for row in found}
    for one in missed:
        one.listed_before, one.new_person = True, False


def set_debts(
    conn: Connection,
    now: datetime,
    tenant_id: int,
    import_id: int,
    enrolled: Sequence[Enrolled],
    superseded: Collection[int] | None,
) -> None:
    """Bring each customer's contracts to what the list says.

    One that the list no longer names is marked as removed if it came with a `superseded` import (None: with any).
    """
    stored = _debts(conn, tenant_id, [one.customer_id for one in enrolled if one.listed_before])
    made: list[dict[str, Any]] = []
    corrected: list[dict[str, Any]] = []
    dropped: list[int] = []
    for one in sorted(enrolled, key=lambda one: one.customer_id):
        before = stored.get(one.customer_id, {})
        new, other = _compare(one, before, import_id)
        gone = _no_longer_named(one, before, superseded)
        if one.listed_before:
            one.changed |= bool(gone)
            one.changed_debts = len(new) + len(other)
        made += [{"tenant_id": tenant_id, "customer_id": one.customer_id, **row} for row in new]
        corrected += other
        dropped += gone
    insert_all(conn, Debt, made)
    _correct_debts(conn, tenant_id, corrected)
    for chunk in in_chunks(sorted(dropped), CHUNK):
        conn.execute(update(table(Debt)).where(DEBT.tenant_id == tenant_id, DEBT.id.in_(chunk)).values(removed_at=now))


def _compare(
    one: Enrolled, before: dict[str, Any], import_id: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The contracts to be made, in the order of their numbers, and those to be rewritten."""
    new, corrected = [], []
    for debt in sorted(one.entry.debts, key=lambda debt: debt.contract_number):
        row = before.get(debt.contract_number)
        if row is None:
            new.append(_told(debt, import_id))
        elif _differs(debt, row):
            told = {"id": row.id, **_told(debt, import_id), **_kept(debt, row)}
            corrected.append({f"b_{column}": v for column, v in told.items()})
    return new, corrected


def _no_longer_named(one: Enrolled, before: dict[str, Any], superseded: Collection[int] | None) -> list[int]:
    named = {debt.contract_number for debt in one.entry.debts}
    return [
        row.id
        for contract, row in before.items()
        if contract not in named and row.removed_at is None and (superseded is None or row.list_import_id in superseded)
    ]


def _debts(conn: Connection, tenant_id: int, customer_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for row in find_debts(conn, customer_ids, tenant_id=tenant_id):
        found.setdefault(row.customer_id, {})[row.contract_number] = row
    return found


def _differs(debt: ListedDebt, row: Any) -> bool:
    """A row that only moved within its file is the same."""
    if not debt.uploaded:
        return row.removed_at is not None or row.variables | debt.variables != row.variables
    said = (debt.dpd, debt.variables, debt.uploaded, None)
    return said != (row.dpd, row.variables, row.uploaded, row.removed_at)


def _kept(debt: ListedDebt, row: Any) -> dict[str, Any]:
    """What stays of a contract that is told without a file: its row in the file, and what that said besides."""
    if debt.uploaded:
        return {}
    stays = {column: getattr(row, column) for column in ("uploaded", "row_number", "list_import_id")}
    dpd = row.dpd if debt.dpd is None else debt.dpd
    return {**stays, "variables": row.variables | debt.variables, "dpd": dpd}


def _told(debt: ListedDebt, import_id: int) -> dict[str, Any]:
    return {
        "contract_number": debt.contract_number,
        "dpd": debt.dpd,
        "variables": debt.variables,
        "uploaded": debt.uploaded,
        "row_number": debt.row,
        "list_import_id": import_id,
        "removed_at": None,
    }


def _correct_debts(conn: Connection, tenant_id: int, rows: list[dict[str, Any]]) -> None:
    if rows:
        conn.execute(
            update(table(Debt))
            .where(DEBT.tenant_id == tenant_id, DEBT.id == bindparam("b_id"))
            .values({column: bindparam(f"b_{column}") for column in TOLD}),
            sorted(rows, key=lambda row: int(row["b_id"])),
        )
