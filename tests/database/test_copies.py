"""Whole copies of registers: what a new one holds is blocked, what it no longer holds is free, and nothing else."""

from datetime import timedelta

import pytest
from databases import Desk
from founding import START, Company, company

from campaigns import copies, dnc
from campaigns.copies import Changes, Copy
from campaigns.dnc import Entry
from campaigns.words import Purpose, Subject

A, B, C = "+84900000001", "+84900000002", "+84900000003"
DAY = timedelta(days=1)


def load(
    desk: Desk, of: Company, *phones: str, day: int = 0, name: str = "national", purpose: str = "marketing"
) -> Changes:
    now = START + day * DAY
    return desk.run(copies.load, now, of.tenant_id, Copy(name, purpose, now, frozenset(phones), "f.csv"), "an")


def blocked(desk: Desk, of: Company, purpose: Purpose = Purpose.MARKETING) -> set[str]:
    phones, _ = desk.run(dnc.suppressed, of.tenant_id, 0, purpose, [A, B, C], [])
    return phones


def test_a_copy_blocks_its_purpose_alone(database: Desk) -> None:
    of = database.run(company)
    assert load(database, of, A, B) == Changes([A, B], [], [], 0)
    assert blocked(database, of) == {A, B}
    assert blocked(database, of, Purpose.DEBT_REMINDER) == set()


def test_what_the_next_copy_no_longer_holds_is_free(database: Desk) -> None:
    of = database.run(company)
    load(database, of, A, B)
    assert load(database, of, B, C, day=1) == Changes([C], [], [A], 1)
    assert blocked(database, of) == {B, C}
    [entry] = database.run(dnc.history, of.tenant_id, A)
    assert (entry.source, entry.lifted_by, entry.until) == ("register:national", "register national", START + DAY)


def test_the_same_copy_again_changes_nothing(database: Desk) -> None:
    of = database.run(company)
    load(database, of, A, B)
    assert load(database, of, A, B) == Changes([], [], [], 2)


def test_a_copy_ends_nothing_that_others_put_on_the_list(database: Desk) -> None:
    of = database.run(company)
    own = Entry(Subject.NUMBER, A, purpose="marketing", source="command line")
    database.run(dnc.suppress, START, of.tenant_id, [own], "an")
    assert load(database, of, A, B).covered == [A]
    load(database, of, C, day=1)
    assert blocked(database, of) == {A, C}


def test_what_two_registers_hold_is_free_when_neither_does(database: Desk) -> None:
    of = database.run(company)
    load(database, of, A)
    load(database, of, A, B, name="partner")
    load(database, of, C, day=1)
    assert blocked(database, of) == {A, B, C}
    load(database, of, B, day=1, name="partner")
    assert blocked(database, of) == {B, C}


def test_a_number_that_is_lifted_by_hand_stays_where_a_register_has_it(database: Desk) -> None:
    of = database.run(company)
    load(database, of, A)
    assert database.run(dnc.lift, START, of.tenant_id, [A], "an") == []
    assert blocked(database, of) == {A}


def test_the_newest_copy_tells_how_fresh_we_are(database: Desk) -> None:
    of = database.run(company)
    assert database.run(copies.as_of, of.tenant_id, "national") is None
    load(database, of, A, day=1)
    load(database, of, A, B, day=2)
    assert database.run(copies.as_of, of.tenant_id, "national") == START + 2 * DAY
    assert database.run(copies.as_of, of.tenant_id, "partner") is None
    [newest] = database.run(copies.newest, of.tenant_id)
    assert (newest.name, newest.entries, newest.file_name, newest.actor) == ("national", 2, "f.csv", "an")


def test_a_copy_of_one_company_is_nothing_to_another(database: Desk) -> None:
    of, other = database.run(company), database.run(company)
    load(database, of, A)
    load(database, other, B)
    assert (blocked(database, of), blocked(database, other)) == ({A}, {B})


@pytest.mark.parametrize("purpose", ["all", "service"])
def test_a_register_may_block_another_purpose(database: Desk, purpose: str) -> None:
    of = database.run(company)
    load(database, of, A, purpose=purpose)
    assert blocked(database, of, Purpose.SERVICE) == {A}
    assert blocked(database, of) == ({A} if purpose == "all" else set())
