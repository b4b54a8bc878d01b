"""Whose a logbook's rows are: by the id, by the number where a row has no id that is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from campaigns import people
from campaigns.lists.faults import Fault, Remark, remark
from campaigns.logbooks.events import Event, Logbook
from campaigns.models import Customer, Debt
from campaigns.rows import columns_of, in_chunks
from campaigns.statements import Find

CUSTOMER, DEBT = columns_of(Customer), columns_of(Debt)
CHUNK = 5000
find_customers = Find(
    select(CUSTOMER.id, CUSTOMER.person_id).where(CUSTOMER.tenant_id == bindparam("tenant_id")), key=CUSTOMER.person_id
)
find_contracts = Find(
    select(DEBT.customer_id, DEBT.contract_number).where(DEBT.tenant_id == bindparam("tenant_id")),
    key=DEBT.customer_id,
)


@dataclass(frozen=True, slots=True)
class Owned:
    """The events with the people whose they are; `strangers` are on no list, or not one only."""

    events: list[tuple[int, Event]]
    rows: int
    strangers: list[Remark]


def owned(conn: Connection, tenant_id: int, book: Logbook, sole: bool = False) -> Owned:
    """Find everybody. A number that several people have means the one of the row's contract; where that does not tell,
    it means each of them, because each may have been reached, and each may have refused. `sole`: a consent of nobody
    knows whom is none."""
    by_key = people.by_key(conn, tenant_id, (event.key for event in book.events if event.key))
    unknown = [event for event in book.events if event.key not in by_key and event.phone]
    by_phone = people.by_phone(conn, tenant_id, (event.phone for event in unknown if event.phone))
    shared = {one for own in by_phone.values() if len(own) > 1 for one in own}
    contracts = _contracts(conn, tenant_id, sorted(shared))
    found: list[tuple[int, Event]] = []
    strangers: list[Remark] = []
    for event in book.events:
        own = [by_key[event.key]] if event.key in by_key else by_phone.get(event.phone or "", [])
        meant = _meant(own, event.contract, contracts)
        if not meant or (sole and event.granted and len(meant) > 1):
            strangers.append(_stranger(book, event, Fault.SEVERAL_PEOPLE if meant else Fault.ON_NO_LIST))
        else:
            found += [(person, event) for person in meant]
    return Owned(found, len(book.events) - len(strangers), strangers)


def _contracts(conn: Connection, tenant_id: int, person_ids: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for chunk in in_chunks(person_ids, CHUNK):
        people_of = {row.id: row.person_id for row in find_customers(conn, chunk, tenant_id=tenant_id)}
        for row in find_contracts(conn, people_of, tenant_id=tenant_id):
            found.setdefault(people_of[row.customer_id], set()).add(row.contract_number)
    return found


def _meant(own: Sequence[int], contract: str, contracts: Mapping[int, set[str]]) -> Sequence[int]:
    if not contract or len(own) < 2:
        return own
    return [one for one in own if contract in contracts.get(one, ())] or own


def _stranger(book: Logbook, event: Event, fault: Fault) -> Remark:
    phones = book.headers.phones
    header = book.headers.header("id") if event.key else book.headers.headers[phones[0]]
    return remark(event.row, header, event.key or event.phone or "", fault)
