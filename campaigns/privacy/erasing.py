"""A person is forgotten: where his personal fields stood there are pseudonyms, or nothing.

At once go his name, address, agreed hours, numbers, script variables, uploaded cells, notes, proofs and the addresses
of recordings. What caps still count by (the numbers and contracts of calls and contacts, and the key by which a new
list would know him) stays until no window reaches it, and then goes too. What forbids to call him stays: nobody could
keep to it otherwise.
"""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, select, update

from campaigns import ledger
from campaigns.evidence import Pseudonyms
from campaigns.ledger import Closing, NotNow
from campaigns.models import (
    Call,
    Callback,
    Consent,
    Contact,
    Customer,
    Debt,
    Decision,
    Number,
    Person,
    Receipt,
    RulebookText,
    Suppression,
)
from campaigns.rows import columns_of, in_chunks, table
from campaigns.statements import Update, own
from campaigns.words import CallState, Promise, Reason, Status, Subject

CLEAR_FOR = timedelta(days=31)
"""The longest window of a cap of the shipped rulebooks; a tenant's own may reach further."""
CALL, CONTACT, CUSTOMER = columns_of(Call), columns_of(Contact), columns_of(Customer)
DEBT, DECISION, NUMBER, PERSON = columns_of(Debt), columns_of(Decision), columns_of(Number), columns_of(Person)
write_contacts = Update(Contact, own("phone", "contract_number"), where="contact.id = :id")
write_decisions = Update(Decision, own("facts"), where="decision.id = :id")
write_debts = Update(Debt, own("contract_number", "variables", "uploaded", "dpd", "removed_at"), where="debt.id = :id")
write_proofs = Update(Consent, own("proof"), where="consent.id = :id")
write_notes = Update(Callback, own("note", "phones", "promise", "closed_at"), where="callback.id = :id")
write_reasons = Update(Suppression, own("reason"), where="suppression.id = :id")


@dataclass(frozen=True, slots=True)
class Erased:
    """What was wiped, and from when on nothing of him stands in clear but the do-not-call list."""

    customers: int
    calls: int
    numbers: int
    receipts: int
    entries: int
    complete_at: datetime


def window(conn: Connection, tenant_id: int) -> timedelta:
    """How long something counts under any rulebook that the tenant ever called under."""
    text = columns_of(RulebookText)
    longest = CLEAR_FOR
    for told in conn.scalars(select(text.text).where(text.tenant_id == tenant_id)):
        for cap in tomllib.loads(told).get("caps", []):
            longest = max(longest, timedelta(days=cap.get("days", 0) + 1), timedelta(hours=cap.get("hours", 0)))
    return longest


def erase(
    conn: Connection, now: datetime, person: Any, pseudonyms: Pseudonyms, actor: str, receipts: list[int]
) -> Erased:
    """Withdraw and forget a person; `receipts` are the raw hooks that name him. Raises `NotNow` while a call with him
    is under way or its verdict is awaited: what comes in would write down again what was wiped."""
    customers = [row.id for row in conn.execute(select(CUSTOMER.id).where(_of(CUSTOMER, person)))]
    # The lease ends with this, so that no call of his can begin behind the question whether one is live.
    closings = [Closing(customer, Status.WITHDRAWN, Reason.WITHDRAWN) for customer in customers]
    ledger.close(conn, now, person.tenant_id, closings, actor, "erased on request")
    _refuse_under_way(conn, person)
    phones = list(conn.scalars(select(NUMBER.phone).where(_of(NUMBER, person))))
    entries = _forget_reasons(conn, person, phones, pseudonyms)
    _forget_promises(conn, now, person, customers, pseudonyms)
    calls = _forget(conn, now, person, customers, pseudonyms)
    conn.execute(delete(table(Number)).where(_of(NUMBER, person)))
    values: dict[str, Any] = {"name": "", "address": None, "agreed_hours": [], "erased_at": now}
    conn.execute(update(table(Person)).where(PERSON.id == person.id).values(**values))
    gone = _delete_receipts(conn, person, receipts)
    complete = now + window(conn, person.tenant_id)
    return Erased(len(customers), calls, len(phones), gone, entries, complete)


def _of(columns: Any, person: Any) -> Any:
    return and_(columns.tenant_id == person.tenant_id, columns.person_id == person.id)


def _refuse_under_way(conn: Connection, person: Any) -> None:
    # A call that is over and not yet settled waits for a hook that names him.
    settled = (CallState.SETTLED, CallState.RELEASED)
    open_calls = conn.scalar(select(func.count()).where(_of(CALL, person), CALL.state.not_in(settled)))
    if open_calls:
        raise NotNow("a call with him is under way: erase him when it is over and settled")


def _forget(conn: Connection, now: datetime, person: Any, customers: list[int], pseudonyms: Pseudonyms) -> int:
    """Everything but what caps may still count by."""
    counted = now - window(conn, person.tenant_id)
    calls = ledger.forget_calls(conn, person, pseudonyms.of, pseudonyms.document, counted)
    ledger.forget_customers(conn, now, person.tenant_id, customers, pseudonyms.of)
    _forget_contacts(conn, person, pseudonyms, counted)
    _forget_debts(conn, now, person, customers, pseudonyms)
    _forget_decisions(conn, person, customers, pseudonyms)
    consent = columns_of(Consent)
    proofs = conn.execute(select(consent.id, consent.proof).where(_of(consent, person)).order_by(consent.id))
    write_proofs(conn, [{"id": row.id, "proof": pseudonyms.of(row.proof)} for row in proofs.all()])
    return calls


def _forget_contacts(conn: Connection, person: Any, pseudonyms: Pseudonyms, counted: datetime) -> None:
    chosen = select(CONTACT.id, CONTACT.phone, CONTACT.contract_number).where(_of(CONTACT, person))
    rows = conn.execute(chosen.where(CONTACT.at <= counted).order_by(CONTACT.id)).all()
    told = [
        {
            "id": row.id,
            "phone": pseudonyms.of(row.phone) if row.phone else None,
            "contract_number": pseudonyms.of(row.contract_number),
        }
        for row in rows
    ]
    write_contacts(conn, told)


def _forget_debts(conn: Connection, now: datetime, person: Any, customers: list[int], pseudonyms: Pseudonyms) -> None:
    chosen = select(DEBT.id, DEBT.contract_number, DEBT.removed_at)
    mine = (DEBT.tenant_id == person.tenant_id, DEBT.customer_id.in_(customers))
    told = [
        {
            "id": row.id,
            "contract_number": pseudonyms.of(row.contract_number),
            "variables": {},
            "uploaded": [],
            "dpd": None,
            "removed_at": row.removed_at or now,
        }
        for row in conn.execute(chosen.where(*mine).order_by(DEBT.id)).all()
    ]
    write_debts(conn, told)


def _forget_decisions(conn: Connection, person: Any, customers: list[int], pseudonyms: Pseudonyms) -> None:
    mine = (DECISION.tenant_id == person.tenant_id, DECISION.customer_id.in_(customers))
    rows = conn.execute(select(DECISION.id, DECISION.facts).where(*mine).order_by(DECISION.id)).all()
    told = [(row.id, row.facts, pseudonyms.document(row.facts)) for row in rows]
    write_decisions(conn, [{"id": one, "facts": after} for one, before, after in told if after != before])


def _forget_promises(
    conn: Connection, now: datetime, person: Any, customers: list[int], pseudonyms: Pseudonyms
) -> None:
    callback = columns_of(Callback)
    mine = (callback.tenant_id == person.tenant_id, callback.customer_id.in_(customers))
    told = [
        {
            "id": row.id,
            "note": pseudonyms.of(row.note),
            "phones": [],
            "promise": Promise.WITHDRAWN if row.promise is Promise.OPEN else row.promise,
            "closed_at": row.closed_at or now,
        }
        for row in conn.execute(select(table(Callback)).where(*mine).order_by(callback.id)).all()
    ]
    write_notes(conn, told)


def _forget_reasons(conn: Connection, person: Any, phones: list[str], pseudonyms: Pseudonyms) -> int:
    """What was noted with his entries of the do-not-call list; the entries stay. A number that somebody else has too
    keeps its note."""
    entry = columns_of(Suppression)
    others = select(NUMBER.phone).where(
        NUMBER.tenant_id == person.tenant_id, NUMBER.person_id != person.id, NUMBER.phone.in_(phones)
    )
    shared = set(conn.scalars(others))
    subjects = [phone for phone in phones if phone not in shared]
    subjects += [person.key] if person.key_kind is Subject.PERSON else []
    mine = (entry.tenant_id == person.tenant_id, entry.subject.in_(subjects))
    rows = conn.execute(select(entry.id, entry.reason).where(*mine).order_by(entry.id)).all()
    write_reasons(conn, [{"id": row.id, "reason": pseudonyms.of(row.reason)} for row in rows])
    return len(rows)


def _delete_receipts(conn: Connection, person: Any, named: list[int]) -> int:
    """Those in which he is named, and those by which something was learned of his calls."""
    receipt = columns_of(Receipt)
    linked = ledger.receipts_of(conn, person)
    gone = 0
    for chunk in in_chunks(sorted({*named, *linked}), 500):
        settled = (receipt.tenant_id == person.tenant_id, receipt.id.in_(chunk), receipt.settled_at.is_not(None))
        gone += conn.execute(delete(table(Receipt)).where(*settled)).rowcount
    return gone


def due(conn: Connection, now: datetime, limit: int = 20) -> list[Any]:
    """Some people who were erased, of whom no cap counts anything any more, and who still have their key. Who stands
    on a list again has numbers again, and is a customer like any other."""
    listed_again = exists().where(NUMBER.tenant_id == PERSON.tenant_id, NUMBER.person_id == PERSON.id)
    erased = (PERSON.erased_at <= now - CLEAR_FOR, PERSON.key.not_like("h:%"), ~listed_again)
    found = list(conn.execute(select(table(Person)).where(*erased).order_by(PERSON.erased_at).limit(limit)))
    return [person for person in found if person.erased_at <= now - window(conn, person.tenant_id)]


def finish(conn: Connection, now: datetime, person: Any, pseudonyms: Pseudonyms) -> None:
    """Nothing of him is counted any more: the rest goes, and what late records brought in again."""
    customers = [row.id for row in conn.execute(select(CUSTOMER.id).where(_of(CUSTOMER, person)))]
    _forget(conn, now, person, customers, pseudonyms)
    _delete_receipts(conn, person, [])
    keyed = update(table(Person)).where(PERSON.id == person.id)
    conn.execute(keyed.values(key=pseudonyms.of(person.key)))
