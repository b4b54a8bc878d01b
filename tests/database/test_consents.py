"""What people said: the newest record decides, and none is ever lost."""

from datetime import timedelta

import pytest
from databases import Desk
from founding import START, Someone, company, person
from sqlalchemy import Connection

from campaigns import consents
from campaigns.consents import Said
from campaigns.words import Purpose

HOUR = timedelta(hours=1)
MARKETING = Purpose.MARKETING


def found(conn: Connection) -> tuple[int, int, int]:
    """A tenant and two of its people."""
    of = company(conn)
    return of.tenant_id, person(conn, of, Someone("K1", ["+84900000001"])), person(conn, of, Someone("K2", []))


def said(person_id: int, granted: bool, hours: int = 0, **more: object) -> Said:
    told = {"channel": "web", "proof": "form 12", "at": START + hours * HOUR} | more
    return Said(person_id=person_id, purpose=told.pop("purpose", MARKETING), granted=granted, **told)  # type: ignore[arg-type]


def test_nothing_on_record_is_neither_a_consent_nor_a_refusal(database: Desk) -> None:
    tenant_id, one, other = database.run(found)
    assert database.run(consents.standing, tenant_id, [one, other], MARKETING, START) == {one: None, other: None}
    assert database.run(consents.standing, tenant_id, [], MARKETING, START) == {}


def test_the_newest_record_decides_whatever_the_order_of_writing(database: Desk) -> None:
    tenant_id, one, other = database.run(found)
    rows = [said(one, False, 2), said(one, True, 1), said(other, True, 2), said(other, False, 1)]
    assert database.run(consents.record, START, tenant_id, rows, "an") == 4
    later = START + 3 * HOUR
    assert database.run(consents.standing, tenant_id, [one, other], MARKETING, later) == {one: False, other: True}


def test_of_two_records_of_one_moment_the_one_written_later_decides(database: Desk) -> None:
    tenant_id, one, _ = database.run(found)
    database.run(consents.record, START, tenant_id, [said(one, True)], "an")
    database.run(consents.record, START, tenant_id, [said(one, False)], "an")
    assert database.run(consents.standing, tenant_id, [one], MARKETING, START) == {one: False}


def test_a_consent_ends_by_itself_and_begins_not_before_it_was_given(database: Desk) -> None:
    tenant_id, one, _ = database.run(found)
    database.run(consents.record, START, tenant_id, [said(one, True, 1, until=START + 3 * HOUR)], "an")
    in_force = [
        database.run(consents.standing, tenant_id, [one], MARKETING, START + hours * HOUR)[one] for hours in range(5)
    ]
    assert in_force == [None, True, True, None, None]


@pytest.mark.parametrize("purpose", Purpose)
def test_what_was_said_of_one_purpose_says_nothing_of_another(database: Desk, purpose: Purpose) -> None:
    tenant_id, one, _ = database.run(found)
    database.run(consents.record, START, tenant_id, [said(one, True, purpose=purpose)], "an")
    heard = {other: database.run(consents.standing, tenant_id, [one], other, START)[one] for other in Purpose}
    assert heard == {other: True if other is purpose else None for other in Purpose}


def test_the_same_record_again_changes_nothing(database: Desk) -> None:
    tenant_id, one, other = database.run(found)
    rows = [said(one, True), said(one, True), said(other, False, until=None)]
    assert database.run(consents.record, START, tenant_id, rows, "an") == 2
    assert database.run(consents.record, START + HOUR, tenant_id, rows, "binh") == 0
    assert database.run(consents.record, START, tenant_id, [said(one, True, proof="form 13")], "an") == 1


def test_the_history_tells_who_wrote_what_and_when(database: Desk) -> None:
    tenant_id, one, _ = database.run(found)
    database.run(consents.record, START + HOUR, tenant_id, [said(one, True)], "an")
    database.run(consents.record, START + 2 * HOUR, tenant_id, [said(one, False, 1, channel="phone", proof="")], "binh")
    first, second = database.run(consents.history, tenant_id, one)
    assert (first.granted, first.channel, first.proof, first.actor, first.at) == (True, "web", "form 12", "an", START)
    assert (second.granted, second.channel, second.actor, second.recorded_at) == (
        False,
        "phone",
        "binh",
        START + 2 * HOUR,
    )


def test_a_consent_with_one_company_is_nothing_to_another(database: Desk) -> None:
    tenant_id, one, _ = database.run(found)
    other_tenant, *_ = database.run(found)
    database.run(consents.record, START, tenant_id, [said(one, True)], "an")
    assert database.run(consents.standing, other_tenant, [one], MARKETING, START) == {one: None}
