"""The do-not-call list: whom it names, where it holds, and that it forgets nothing."""

from datetime import timedelta
from typing import Any

from databases import Desk
from founding import START, Company, Someone, campaign, company, debtors, enlist, person
from sqlalchemy import Connection

from campaigns import dnc
from campaigns.dnc import Entry
from campaigns.words import Purpose, Scope, Subject

PHONE, OTHER = "+84900000001", "+84900000002"
LATER = START + timedelta(days=1)


def add(desk: Desk, of: Company, *entries: Entry, when: Any = START, by: str = "an") -> int:
    return desk.run(dnc.suppress, when, of.tenant_id, entries, by)


def barred(
    desk: Desk, of: Company, one: Any, purpose: Purpose = Purpose.DEBT_REMINDER, tenant: Company | None = None
) -> tuple[set[str], set[str]]:
    tenant_id = (tenant or of).tenant_id
    return desk.run(dnc.suppressed, tenant_id, one.id, purpose, [PHONE, OTHER], ["K1", "K2"])


def found(conn: Connection) -> tuple[Company, Any, Any]:
    of = company(conn)
    return of, campaign(conn, of), campaign(conn, of)


def test_an_entry_of_the_tenant_holds_in_all_its_campaigns(database: Desk) -> None:
    of, one, other = database.run(found)
    assert add(database, of, Entry(Subject.NUMBER, PHONE)) == 1
    assert barred(database, of, one) == barred(database, of, other) == ({PHONE}, set())


def test_an_entry_of_a_campaign_holds_in_it_alone(database: Desk) -> None:
    of, one, other = database.run(found)
    add(database, of, Entry(Subject.NUMBER, PHONE, one.id))
    assert barred(database, of, one) == ({PHONE}, set())
    assert barred(database, of, other) == (set(), set())


def test_an_entry_of_one_tenant_is_nothing_to_another(database: Desk) -> None:
    of, _, _ = database.run(found)
    strangers, theirs, _ = database.run(found)
    add(database, of, Entry(Subject.NUMBER, PHONE))
    assert barred(database, strangers, theirs) == (set(), set())


def test_a_person_is_suppressed_by_his_id_and_a_number_by_its_digits(database: Desk) -> None:
    of, one, _ = database.run(found)
    add(database, of, Entry(Subject.PERSON, "K1"), Entry(Subject.NUMBER, OTHER))
    assert barred(database, of, one) == ({OTHER}, {"K1"})


def test_the_national_register_blocks_marketing_only(database: Desk) -> None:
    of, one, _ = database.run(found)
    add(database, of, Entry(Subject.NUMBER, PHONE, purpose=Purpose.MARKETING.value))
    assert barred(database, of, one, Purpose.MARKETING) == ({PHONE}, set())
    assert barred(database, of, one, Purpose.DEBT_REMINDER) == (set(), set())


def test_an_entry_for_every_purpose_blocks_every_purpose(database: Desk) -> None:
    of, one, _ = database.run(found)
    add(database, of, Entry(Subject.NUMBER, PHONE))
    assert all(barred(database, of, one, purpose) == ({PHONE}, set()) for purpose in Purpose)


def test_the_same_entry_again_adds_nothing(database: Desk) -> None:
    of, one, _ = database.run(found)
    entries = [Entry(Subject.NUMBER, PHONE), Entry(Subject.NUMBER, PHONE), Entry(Subject.NUMBER, PHONE, one.id)]
    assert add(database, of, *entries) == 2
    assert add(database, of, *entries) == 0
    assert add(database, of, Entry(Subject.NUMBER, PHONE, purpose=Purpose.MARKETING.value)) == 1


def test_what_is_lifted_holds_no_more_and_is_remembered(database: Desk) -> None:
    of, one, _ = database.run(found)
    add(database, of, Entry(Subject.NUMBER, PHONE, reason="asked on the telephone"), by="an")
    assert database.run(dnc.lift, LATER, of.tenant_id, [PHONE, OTHER], "binh") == [PHONE]
    assert barred(database, of, one) == (set(), set())
    (entry,) = database.run(dnc.history, of.tenant_id, PHONE)
    assert (entry.actor, entry.since, entry.lifted_by, entry.until) == ("an", START, "binh", LATER)
    assert (entry.scope, entry.reason) == (Scope.TENANT, "asked on the telephone")


def test_lifting_twice_lifts_once(database: Desk) -> None:
    of, _, _ = database.run(found)
    add(database, of, Entry(Subject.NUMBER, PHONE))
    database.run(dnc.lift, LATER, of.tenant_id, [PHONE], "binh")
    assert database.run(dnc.lift, LATER + timedelta(days=1), of.tenant_id, [PHONE], "chi") == []
    (entry,) = database.run(dnc.history, of.tenant_id, PHONE)
    assert (entry.lifted_by, entry.until) == ("binh", LATER)


def test_who_is_suppressed_again_after_a_lift_has_two_entries(database: Desk) -> None:
    of, one, _ = database.run(found)
    add(database, of, Entry(Subject.NUMBER, PHONE))
    database.run(dnc.lift, LATER, of.tenant_id, [PHONE], "binh")
    assert add(database, of, Entry(Subject.NUMBER, PHONE), when=LATER) == 1
    assert barred(database, of, one) == ({PHONE}, set())
    assert [entry.until for entry in database.run(dnc.history, of.tenant_id, PHONE)] == [LATER, None]


def test_lifting_the_tenants_entry_leaves_the_campaigns(database: Desk) -> None:
    of, one, other = database.run(found)
    add(database, of, Entry(Subject.NUMBER, PHONE), Entry(Subject.NUMBER, PHONE, one.id))
    assert database.run(dnc.lift, LATER, of.tenant_id, [PHONE], "binh") == [PHONE]
    assert barred(database, of, one) == ({PHONE}, set())
    assert barred(database, of, other) == (set(), set())
    assert database.run(dnc.lift, LATER, of.tenant_id, [PHONE], "binh", one.id) == [PHONE]
    assert barred(database, of, one) == (set(), set())


def test_whom_an_entry_concerns_is_found_by_number_and_by_id(database: Desk) -> None:
    of, one, other = database.run(found)
    first, second = Someone("K1", [PHONE]), Someone("K2", [OTHER, PHONE])

    def listed(conn: Connection) -> list[int]:
        people = [(person(conn, of, someone), someone) for someone in (first, second)]
        everybody = enlist(conn, START, one, people) + enlist(conn, START, other, people[:1])
        debtors(conn, of, one, 2)
        return [customer.customer_id for customer in everybody]

    ids = database.run(listed)
    assert database.run(dnc.listed_with, of.tenant_id, [PHONE]) == sorted(ids)
    assert database.run(dnc.listed_with, of.tenant_id, ["K1"]) == sorted([ids[0], ids[2]])
    assert database.run(dnc.listed_with, of.tenant_id, ["+84999999999"]) == []


def test_a_long_list_goes_in_by_parts(database: Desk) -> None:
    of, one, _ = database.run(found)
    entries = [Entry(Subject.NUMBER, f"+8491{number:07}") for number in range(1203)]
    assert add(database, of, *entries) == 1203
    asked = [entry.subject for entry in entries] + [PHONE]
    numbers, _ = database.run(dnc.suppressed, of.tenant_id, one.id, Purpose.SERVICE, asked, [])
    assert len(numbers) == 1203
