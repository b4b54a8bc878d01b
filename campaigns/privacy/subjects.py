"""Who is meant by an id or a number, and everything that is kept about him."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, or_, select

from campaigns.models import (
    Call,
    Callback,
    Campaign,
    Change,
    Consent,
    Contact,
    Customer,
    Debt,
    Decision,
    Fact,
    ListImport,
    Number,
    Person,
    Receipt,
    Suppression,
)
from campaigns.phones import Phone, national, normalise
from campaigns.rows import columns_of, table

PERSON = columns_of(Person)
RECEIPT = columns_of(Receipt)
PAGE = 2000


def find(conn: Connection, tenant_id: int, whom: str) -> list[Any]:
    """The people with this id on a list, or with this number however it is spelled."""
    read = normalise(whom)
    spelled = {whom, read.e164} if isinstance(read, Phone) else {whom}
    number = columns_of(Number)
    owners = select(number.person_id).where(number.tenant_id == tenant_id, number.phone.in_(spelled))
    either = or_(PERSON.key.in_(spelled), PERSON.id.in_(owners))
    chosen = select(table(Person)).where(PERSON.tenant_id == tenant_id, either)
    return list(conn.execute(chosen.order_by(PERSON.id)))


def about(conn: Connection, person: Any) -> dict[str, list[dict[str, Any]]]:
    """Every row about a person, by what it is."""
    return {name: [dict(row._mapping) for row in conn.execute(chosen)] for name, chosen in _about(person).items()}


def _about(person: Any) -> dict[str, Select[Any]]:
    """Also those of others about his numbers: what the do-not-call list says of them."""
    customers = select(columns_of(Customer).id).where(_of(Customer, person))
    calls = select(columns_of(Call).id).where(_of(Call, person))
    phones = select(columns_of(Number).phone).where(_of(Number, person))
    listed = select(columns_of(Debt).list_import_id).where(_among(Debt, "customer_id", customers, person))
    campaigns = select(columns_of(Customer).campaign_id).where(_of(Customer, person))
    entry = columns_of(Suppression)
    named = or_(entry.subject.in_(phones), entry.subject == person.key)
    code, name = columns_of(Campaign).code, columns_of(Campaign).id
    return {
        "person": select(table(Person)).where(PERSON.tenant_id == person.tenant_id, PERSON.id == person.id),
        "numbers": _ordered(Number, _of(Number, person)),
        "campaigns": select(name, code).where(name.in_(campaigns)).order_by(name),
        "customers": _ordered(Customer, _of(Customer, person)),
        "contracts": _ordered(Debt, _among(Debt, "customer_id", customers, person)),
        "lists": _ordered(ListImport, _among(ListImport, "id", listed, person)),
        "calls": _ordered(Call, _of(Call, person)),
        "facts": _ordered(Fact, _among(Fact, "call_id", calls, person)),
        "changes": _ordered(Change, _among(Change, "customer_id", customers, person)),
        "decisions": _ordered(Decision, _among(Decision, "customer_id", customers, person)),
        "callbacks": _ordered(Callback, _among(Callback, "customer_id", customers, person)),
        "consents": _ordered(Consent, _of(Consent, person)),
        "contacts": _ordered(Contact, _of(Contact, person)),
        "do_not_call": select(table(Suppression)).where(entry.tenant_id == person.tenant_id, named).order_by(entry.id),
    }


def _of(model: Any, person: Any) -> Any:
    columns = columns_of(model)
    return (columns.tenant_id == person.tenant_id) & (columns.person_id == person.id)


def _among(model: Any, name: str, ids: Any, person: Any) -> Any:
    columns = columns_of(model)
    return (columns.tenant_id == person.tenant_id) & columns[name].in_(ids)


def _ordered(model: Any, which: Any) -> Select[Any]:
    return select(table(model)).where(which).order_by(columns_of(model).id)


def receipts_naming(conn: Connection, tenant_id: int, phones: Collection[str], after: int) -> tuple[list[int], int]:
    """Of the next page of raw hooks, those in which one of these numbers stands; and where the page after begins, zero
    where there is none. Their bodies are bytes, so they are looked through one by one."""
    chosen = select(RECEIPT.id, RECEIPT.body).where(RECEIPT.tenant_id == tenant_id, RECEIPT.id > after)
    page = conn.execute(chosen.order_by(RECEIPT.id).limit(PAGE)).all()
    # Without the zero or the country before it, a number stands in every way of writing it.
    needles = [national(phone).lstrip("0+").encode() for phone in phones]
    named = [row.id for row in page if any(needle in row.body for needle in needles)]
    return named, page[-1].id if len(page) == PAGE else 0
