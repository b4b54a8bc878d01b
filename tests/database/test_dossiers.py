"""What the gate is shown: the number whose turn it is, and everything that stands against it."""

from collections.abc import Collection, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from databases import Desk
from founding import (
    START,
    Company,
    Listed,
    Someone,
    brief,
    calls,
    campaign,
    company,
    customers,
    enlist,
    person,
    read,
    run_of,
)
from sqlalchemy import Connection, insert, update

from campaigns import dnc, dossiers, ledger, queue
from campaigns.dnc import Entry
from campaigns.dossiers import Candidate, Hopeless
from campaigns.ledger import Heard, Intent
from campaigns.models import Campaign, Debt, ListImport, Number, Person, Tenant
from campaigns.rows import columns_of, table
from campaigns.timing import Timing
from campaigns.words import Mode, Purpose, Reason, Role, Status, Subject

from .test_queue import clearance

TIMING = Timing()
HOME, WORK, MOTHER = "+84900000001", "+84900000002", "+84900000003"


def listed(conn: Connection, someone: Someone, mode: Mode = Mode.AUTOCALL, **terms: Any) -> tuple[Company, Any, Listed]:
    of = company(conn)
    one = campaign(conn, of, mode, **terms)
    (customer,) = enlist(conn, START, one, [(person(conn, of, someone), someone)])
    return of, one, customer


def gathered(
    conn: Connection, of: Company, one: Any, attempts: int = 0, fixed: dict[int, Any] | None = None
) -> Candidate | Hopeless:
    """The dossier of the campaign's only customer, as if he had had so many attempts."""
    (row,) = customers(conn, of.tenant_id).values()
    shown = type("Row", (), {**row._mapping, "attempts": attempts})
    tenant = read(conn, Tenant, of.tenant_id)
    candidates, hopeless = dossiers.gather(conn, START, TIMING, brief(conn, tenant, one), [shown], fixed)
    (found,) = [*candidates, *hopeless]
    return found


def dialed(desk: Desk, of: Company, one: Any, attempts: int = 0) -> str | Reason:
    found = desk.run(gathered, of, one, attempts)
    return found.dossier.phone if isinstance(found, Candidate) else found.reason


def suppress(conn: Connection, of: Company, *entries: Entry) -> None:
    dnc.suppress(conn, START, of.tenant_id, entries, "test")


def test_numbers_take_turns_one_an_attempt(database: Desk) -> None:
    of, one, _ = database.run(listed, Someone("K1", [HOME, WORK]))
    assert [dialed(database, of, one, attempts) for attempts in range(4)] == [HOME, WORK, HOME, WORK]


def test_the_order_is_the_lists_order(database: Desk) -> None:
    of, one, _ = database.run(listed, Someone("K1", [WORK, HOME]))
    assert dialed(database, of, one) == WORK


def test_a_suppressed_number_loses_its_turn_to_the_next(database: Desk) -> None:
    of, one, _ = database.run(listed, Someone("K1", [HOME, WORK]))
    database.run(suppress, of, Entry(Subject.NUMBER, HOME))
    assert {dialed(database, of, one, attempts) for attempts in range(3)} == {WORK}


def test_with_every_number_suppressed_the_customer_is_on_the_list_himself(database: Desk) -> None:
    of, one, _ = database.run(listed, Someone("K1", [HOME, WORK]))
    database.run(suppress, of, Entry(Subject.NUMBER, HOME), Entry(Subject.NUMBER, WORK))
    found = database.run(gathered, of, one)
    assert isinstance(found, Hopeless)
    assert (found.status, found.reason) == (Status.DNC, Reason.SUPPRESSED)


def test_a_suppressed_person_is_not_called_at_any_number(database: Desk) -> None:
    of, one, _ = database.run(listed, Someone("K1", [HOME, WORK]))
    database.run(suppress, of, Entry(Subject.PERSON, "K1"))
    assert dialed(database, of, one) is Reason.SUPPRESSED


def test_who_has_no_id_is_known_and_suppressed_by_his_first_number(database: Desk) -> None:
    """Also when a later list brings another number of his: the entry of the person means him."""
    of, one, customer = database.run(listed, Someone(HOME, [HOME]))
    person_ = columns_of(Person)
    as_number = update(table(Person)).where(person_.id == customer.person_id).values(key_kind=Subject.NUMBER)
    database.run(lambda conn: conn.execute(as_number) and None)
    assert dialed(database, of, one) == HOME
    database.run(suppress, of, Entry(Subject.PERSON, HOME))
    assert dialed(database, of, one) is Reason.SUPPRESSED


def test_a_reference_persons_number_never_has_a_turn(database: Desk) -> None:
    of, one, _ = database.run(listed, Someone("K1", [MOTHER, HOME], [Role.REFERENCE, Role.BORROWER]))
    assert {dialed(database, of, one, attempts) for attempts in range(4)} == {HOME}


@pytest.mark.parametrize("purpose", list(Purpose))
def test_with_only_a_reference_person_there_is_nobody_to_call(database: Desk, purpose: Purpose) -> None:
    someone = Someone("K1", [MOTHER], [Role.REFERENCE])
    of, one, _ = database.run(lambda conn: listed(conn, someone, purpose=purpose))
    assert dialed(database, of, one) is Reason.NO_LIABLE_NUMBER


def test_without_a_number_there_is_nobody_to_call(database: Desk) -> None:
    of, one, _ = database.run(listed, Someone("K1", []))
    found = database.run(gathered, of, one)
    assert isinstance(found, Hopeless)
    assert (found.status, found.reason) == (Status.FAIL, Reason.NO_NUMBER)


def test_a_number_that_a_corrected_list_no_longer_names_is_not_dialed(database: Desk) -> None:
    of, one, customer = database.run(listed, Someone("K1", [HOME, WORK]))
    number = columns_of(Number)
    mine = (number.person_id == customer.person_id, number.phone == HOME)
    gone = update(table(Number)).where(*mine).values(removed_at=START)
    database.run(lambda conn: conn.execute(gone) and None)
    assert dialed(database, of, one) == WORK


def test_a_call_that_was_handed_over_is_judged_by_its_own_number(database: Desk) -> None:
    of, one, customer = database.run(listed, Someone("K1", [HOME, WORK]))
    fixed = {customer.customer_id: SimpleNamespace(id=0, phone=WORK, callback_id=None)}
    found = database.run(gathered, of, one, 0, fixed)
    assert isinstance(found, Candidate)
    assert found.dossier.phone == WORK
    database.run(suppress, of, Entry(Subject.NUMBER, WORK))
    found = database.run(gathered, of, one, 0, fixed)
    # Also where another number of his might still be rung.
    assert isinstance(found, Hopeless)
    assert found.reason is Reason.SUPPRESSED


def variables(
    conn: Connection, one: Any, customer: Listed, debts: Sequence[tuple[str, int | None, dict[str, Any]]]
) -> None:
    listing = columns_of(ListImport)
    row = {
        "tenant_id": one.tenant_id,
        "campaign_id": one.id,
        "run_id": run_of(conn, one),
        "file_name": "list.csv",
        "sha256": "",
        "headers": [],
        "counts": {},
        "imported_by": "",
        "imported_at": START,
    }
    made = conn.execute(insert(table(ListImport)).returning(listing.id), row).scalar_one()
    for place, (contract, dpd, told) in enumerate(debts):
        debt = {"contract_number": contract, "dpd": dpd, "variables": told, "uploaded": [], "row_number": place}
        owner = {"tenant_id": one.tenant_id, "customer_id": customer.customer_id, "list_import_id": made}
        conn.execute(insert(table(Debt)), debt | owner)


def test_the_script_is_told_of_the_contract_that_is_longest_overdue(database: Desk) -> None:
    of, one, customer = database.run(lambda conn: listed(conn, Someone("K1", [HOME]), variables=["amount"]))
    debts = [("A", 5, {"amount": 100}), ("B", 40, {"amount": 200, "secret": 1}), ("C", None, {"amount": 300})]
    database.run(variables, one, customer, debts)
    found = database.run(gathered, of, one)
    assert isinstance(found, Candidate)
    assert found.dossier.variables == {"amount": 200}
    assert found.dossier.missing == ()


def test_a_variable_that_the_contract_lacks_is_missing(database: Desk) -> None:
    of, one, customer = database.run(lambda conn: listed(conn, Someone("K1", [HOME]), variables=["amount", "due"]))
    database.run(variables, one, customer, [("A", 5, {"amount": 0})])
    found = database.run(gathered, of, one)
    assert isinstance(found, Candidate)
    assert found.dossier.missing == ("due",)


def test_without_a_contract_every_variable_is_missing(database: Desk) -> None:
    of, one, _ = database.run(lambda conn: listed(conn, Someone("K1", [HOME]), variables=["amount"]))
    found = database.run(gathered, of, one)
    assert isinstance(found, Candidate)
    assert found.dossier.missing == ("amount",)


def test_a_number_in_a_call_of_another_campaign_is_busy(database: Desk) -> None:
    of, one, customer = database.run(listed, Someone("K1", [HOME]))
    other = database.run(campaign, of)
    (elsewhere,) = database.run(enlist, START, other, [(customer.person_id, Someone("K1", [HOME]))])

    def shown(conn: Connection) -> Any:
        rows = [row for row in customers(conn, of.tenant_id).values() if row.id == customer.customer_id]
        (found,), _ = dossiers.gather(conn, START, TIMING, brief(conn, read(conn, Tenant, of.tenant_id), one), rows)
        return found.dossier

    run = database.run(lambda conn: customers(conn, of.tenant_id)[elsewhere.customer_id].run_id)
    database.run(lambda conn: _call(conn, other, elsewhere, run))
    dossier = database.run(shown)
    assert (dossier.number_in_call, dossier.person_in_call) == (True, True)


def _call(conn: Connection, other: Any, elsewhere: Listed, run_id: int) -> None:
    queue.claim(conn, START, TIMING, other, 1, "token")
    cleared = clearance(elsewhere.customer_id, elsewhere.person_id, HOME, START)
    ledger.intend(conn, START, TIMING, other, [Intent(cleared, "d1", run_id, 1, Role.BORROWER)], "token")


@pytest.mark.parametrize("inbound", [False, True])
def test_a_call_that_we_did_not_order_keeps_number_and_person_busy(database: Desk, inbound: bool) -> None:
    of, one, _ = database.run(listed, Someone("K1", [HOME]))
    heard = Heard(of.tenant_id, of.account_id, "X1", HOME, inbound)
    assert database.run(ledger.hear, START, TIMING, [heard])
    found = database.run(gathered, of, one)
    assert isinstance(found, Candidate)
    assert (found.dossier.number_in_call, found.dossier.person_in_call) == (True, True)


def test_a_person_may_be_in_every_zone_that_his_number_and_his_list_name(database: Desk) -> None:
    of, one, _ = database.run(listed, Someone("K1", [HOME], zone="America/New_York"))
    found = database.run(gathered, of, one)
    assert isinstance(found, Candidate)
    assert set(found.dossier.zones) == {"Asia/Ho_Chi_Minh", "America/New_York"}
    of, one, _ = database.run(listed, Someone("K1", [HOME]))
    found = database.run(gathered, of, one)
    assert isinstance(found, Candidate)
    assert found.dossier.zones == ("Asia/Ho_Chi_Minh",)


def test_calls_that_must_not_ring_any_more_are_found(database: Desk) -> None:
    of, one, customer = database.run(listed, Someone("K1", [HOME, WORK]))
    run = database.run(lambda conn: customers(conn, of.tenant_id)[customer.customer_id].run_id)
    database.run(lambda conn: _call(conn, one, customer, run))

    def forbidden(conn: Connection) -> Collection[int]:
        tenant, current = read(conn, Tenant, of.tenant_id), read(conn, Campaign, one.id)
        held = list(calls(conn, of.tenant_id).values())
        return dossiers.forbidden(conn, START, TIMING, brief(conn, tenant, current), held)

    assert not database.run(forbidden)
    database.run(suppress, of, Entry(Subject.NUMBER, WORK))
    assert not database.run(forbidden)
    database.run(suppress, of, Entry(Subject.NUMBER, HOME))
    assert set(database.run(forbidden)) == {customer.customer_id}


def test_people_of_another_tenant_are_never_looked_at(database: Desk) -> None:
    first, one, _ = database.run(listed, Someone("K1", [HOME]))
    second, other, _ = database.run(listed, Someone("K1", [HOME]))
    database.run(suppress, first, Entry(Subject.NUMBER, HOME), Entry(Subject.PERSON, "K1"))
    assert dialed(database, first, one) is Reason.SUPPRESSED
    assert dialed(database, second, other) == HOME
