"""A person's own yes and no: one step, every campaign of his company, and nobody else's."""

from datetime import timedelta
from typing import Any

import pytest
from databases import Desk
from founding import START, Someone, campaign, company, customers, enlist, person
from sqlalchemy import Connection

from campaigns import consents, copies, dnc, ledger, optouts
from campaigns.consents import Said
from campaigns.copies import Copy
from campaigns.dnc import Entry
from campaigns.ledger import Closing
from campaigns.optouts import Refusal, Whom
from campaigns.words import Purpose, Reason, Role, Status, Subject

FIRST, SECOND, MOTHERS, STRANGERS = "+84900000001", "+84900000002", "+84900000003", "+84900000004"
LATER = START + timedelta(hours=1)
MARKETING = Purpose.MARKETING


class Town:
    """A company with two campaigns, and two people on both: `K1` with three numbers, `K2` who shares one of them."""

    def __init__(self, conn: Connection) -> None:
        self.of = company(conn)
        self.tenant_id = self.of.tenant_id
        self.campaigns = [campaign(conn, self.of), campaign(conn, self.of)]
        own = (Role.BORROWER, Role.BORROWER, Role.REFERENCE)
        everybody = [Someone("K1", [FIRST, SECOND, MOTHERS], own), Someone("K2", [SECOND])]
        self.people = [(person(conn, self.of, one), one) for one in everybody]
        self.first, self.second = (one for one, _ in self.people)
        self.listed = [enlist(conn, START, one, self.people) for one in self.campaigns]


def barred(desk: Desk, town: Town, purpose: Purpose = Purpose.DEBT_REMINDER) -> list[tuple[set[str], set[str]]]:
    """Whom each campaign must not call."""
    phones = [FIRST, SECOND, MOTHERS, STRANGERS]
    asked = (purpose, phones, ["K1", "K2"])
    return [desk.run(dnc.suppressed, town.tenant_id, one.id, *asked) for one in town.campaigns]


def refuse(desk: Desk, town: Town, whom: Whom, purpose: Purpose | None = None, **told: Any) -> optouts.OptedOut:
    return desk.run(optouts.opt_out, LATER, town.tenant_id, whom, Refusal(purpose, **told), "an")


@pytest.mark.parametrize("whom", [Whom(ids=["K1"]), Whom(phones=[FIRST])], ids=["by id", "by number"])
def test_one_step_suppresses_the_person_and_all_his_numbers_in_every_campaign(database: Desk, whom: Whom) -> None:
    town = database.run(Town)
    done = refuse(database, town, whom)
    assert (done.people, done.records, done.entries) == (1, len(Purpose), 3)
    assert barred(database, town) == [({FIRST, SECOND}, {"K1"})] * 2


def test_it_says_what_was_said_and_how(database: Desk) -> None:
    town = database.run(Town)
    refuse(database, town, Whom(ids=["K1"]), channel="zalo", proof="message 77", at=START)
    told = database.run(consents.history, town.tenant_id, town.first)
    assert {(one.purpose, one.granted, one.channel, one.proof, one.at) for one in told} == {
        (purpose, False, "zalo", "message 77", START) for purpose in Purpose
    }
    [entry] = database.run(dnc.history, town.tenant_id, "K1")
    assert (entry.source, entry.reason, entry.actor, entry.purpose) == ("opt-out zalo", "message 77", "an", "all")


@pytest.mark.parametrize("purpose", Purpose)
def test_a_refusal_blocks_what_it_says(database: Desk, purpose: Purpose) -> None:
    town = database.run(Town)
    refuse(database, town, Whom(ids=["K1"]), purpose)
    for other in Purpose:
        expected = ({FIRST, SECOND}, {"K1"}) if other is purpose else (set(), set())
        assert barred(database, town, other) == [expected] * 2


def test_the_mother_whose_number_he_gave_speaks_for_herself_alone(database: Desk) -> None:
    town = database.run(Town)
    done = refuse(database, town, Whom(phones=[MOTHERS]))
    assert done.people == 0
    assert barred(database, town) == [({MOTHERS}, set())] * 2


def test_who_stands_on_no_list_may_refuse_too(database: Desk) -> None:
    town = database.run(Town)
    done = refuse(database, town, Whom(phones=[STRANGERS], ids=["K99"]))
    assert (done.people, done.records, done.entries) == (0, 0, 2)
    assert barred(database, town) == [({STRANGERS}, set())] * 2


def test_what_is_refused_in_one_company_is_nothing_to_another(database: Desk) -> None:
    town, other = database.run(Town), database.run(Town)
    refuse(database, town, Whom(ids=["K1"]))
    assert barred(database, other) == [(set(), set())] * 2


def test_refusing_twice_changes_nothing(database: Desk) -> None:
    town = database.run(Town)
    refuse(database, town, Whom(ids=["K1"]))
    again = refuse(database, town, Whom(ids=["K1"]))
    assert (again.records, again.entries) == (0, 0)


def close_all(conn: Connection, town: Town, reason: Reason) -> None:
    closings = [Closing(one.customer_id, Status.DNC, reason) for listed in town.listed for one in listed]
    ledger.close(conn, LATER, town.tenant_id, closings, "test")


def waiting(desk: Desk, town: Town) -> set[int]:
    return {row.person_id for row in desk.run(customers, town.tenant_id).values() if not row.status.final}


def test_lifting_it_gives_him_another_chance_and_is_no_consent(database: Desk) -> None:
    town = database.run(Town)
    refuse(database, town, Whom(ids=["K1"]))
    database.run(close_all, town, Reason.SUPPRESSED)
    freed = database.run(optouts.lift, LATER, town.tenant_id, Whom(phones=[FIRST]), None, "binh", "his own wish")
    assert (freed.ended, freed.still) == (3, [])
    assert barred(database, town) == [(set(), set())] * 2
    assert town.first in waiting(database, town)
    standing = database.run(consents.standing, town.tenant_id, [town.first], MARKETING, LATER)
    assert standing == {town.first: False}
    [entry] = database.run(dnc.history, town.tenant_id, "K1")
    assert entry.lifted_by == "binh: his own wish"


def test_lifting_leaves_what_others_put_on_the_list(database: Desk) -> None:
    town = database.run(Town)
    database.run(dnc.suppress, START, town.tenant_id, [Entry(Subject.NUMBER, FIRST, source="file old.csv")], "an")
    refuse(database, town, Whom(ids=["K1"]))
    freed = database.run(optouts.lift, LATER, town.tenant_id, Whom(ids=["K1"]), None, "binh", "wish")
    assert (freed.ended, freed.still) == (2, [FIRST])


def test_a_number_that_two_people_refused_stays_until_both_are_lifted(database: Desk) -> None:
    town = database.run(Town)
    refuse(database, town, Whom(ids=["K1"]))
    refuse(database, town, Whom(ids=["K2"]))
    first = database.run(optouts.lift, LATER, town.tenant_id, Whom(ids=["K1"]), None, "binh", "wish")
    assert first.still == [SECOND]
    assert barred(database, town) == [({SECOND}, {"K2"})] * 2
    database.run(optouts.lift, LATER, town.tenant_id, Whom(ids=["K2"]), None, "binh", "wish")
    assert barred(database, town) == [(set(), set())] * 2


def yes(town: Town, at: Any, purpose: Purpose = MARKETING) -> list[Said]:
    return [Said(town.first, purpose, True, "web", at, "form 5")]


def test_who_consents_again_may_be_called_for_that_purpose(database: Desk) -> None:
    town = database.run(Town)
    for purpose in Purpose:
        refuse(database, town, Whom(ids=["K1"]), purpose)
    later = LATER + timedelta(hours=1)
    done = database.run(optouts.consent, later, town.tenant_id, yes(town, later), "binh")
    assert (done.records, done.ended, done.still) == (1, 3, [])
    assert barred(database, town, MARKETING) == [(set(), set())] * 2
    assert barred(database, town, Purpose.SERVICE) == [({FIRST, SECOND}, {"K1"})] * 2


def test_a_consent_of_before_the_refusal_frees_nobody(database: Desk) -> None:
    town = database.run(Town)
    refuse(database, town, Whom(ids=["K1"]), MARKETING)
    done = database.run(optouts.consent, LATER, town.tenant_id, yes(town, START), "binh")
    assert (done.records, done.ended) == (1, 0)
    assert barred(database, town, MARKETING) == [({FIRST, SECOND}, {"K1"})] * 2


def test_a_yes_to_one_purpose_does_not_end_a_no_to_all(database: Desk) -> None:
    town = database.run(Town)
    refuse(database, town, Whom(ids=["K1"]))
    later = LATER + timedelta(hours=1)
    done = database.run(optouts.consent, later, town.tenant_id, yes(town, later), "binh")
    assert (done.ended, done.still) == (0, [FIRST, SECOND, "K1"])


def test_whoever_was_final_for_want_of_a_consent_waits_again_with_it(database: Desk) -> None:
    town = database.run(Town)
    database.run(close_all, town, Reason.CONSENT_MISSING)
    done = database.run(optouts.consent, LATER, town.tenant_id, yes(town, START), "binh")
    assert done.reopened == 4  # K2, who shares a number, is looked at again too, and judged by the gate.
    assert town.first in waiting(database, town)


def test_what_he_said_himself_does_not_end_with_a_registers_next_copy(database: Desk) -> None:
    town = database.run(Town)
    copy = Copy("national", "marketing", START, frozenset([FIRST]))
    database.run(copies.load, START, town.tenant_id, copy, "an")
    refuse(database, town, Whom(ids=["K1"]), MARKETING)
    thinner = Copy("national", "marketing", LATER, frozenset([STRANGERS]))
    database.run(copies.load, LATER + timedelta(hours=1), town.tenant_id, thinner, "an")
    assert barred(database, town, MARKETING) == [({FIRST, SECOND, STRANGERS}, {"K1"})] * 2


@pytest.mark.parametrize("loaded_again", [False, True])
def test_whom_a_register_names_stays_blocked_when_his_own_refusal_is_lifted(database: Desk, loaded_again: bool) -> None:
    town = database.run(Town)
    copy = Copy("national", "marketing", START, frozenset([FIRST]))
    database.run(copies.load, START, town.tenant_id, copy, "an")
    refuse(database, town, Whom(ids=["K1"]), MARKETING)
    if loaded_again:
        database.run(copies.load, LATER + timedelta(hours=1), town.tenant_id, copy, "an")
    freed = database.run(
        optouts.lift, LATER + timedelta(hours=2), town.tenant_id, Whom(ids=["K1"]), None, "binh", "wish"
    )
    assert freed.still == [FIRST]
    assert barred(database, town, MARKETING) == [({FIRST}, set())] * 2
