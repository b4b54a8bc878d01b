"""Contacts that were no calls of ours: counted once each, found by person and by number."""

from datetime import timedelta

from databases import Desk
from founding import START, Someone, company, person
from sqlalchemy import Connection

from campaigns import contacts
from campaigns.contacts import Reached
from campaigns.words import Channel, Purpose

PHONE = "+84900000001"
HOUR = timedelta(hours=1)


def found(conn: Connection) -> tuple[int, int, int]:
    of = company(conn)
    return of.tenant_id, person(conn, of, Someone("K1", [PHONE])), person(conn, of, Someone("K2", [PHONE]))


def test_the_same_contact_is_counted_once(database: Desk) -> None:
    tenant_id, one, other = database.run(found)
    rows = [Reached(one, START, Channel.SMS), Reached(one, START, Channel.SMS), Reached(other, START, Channel.SMS)]
    assert database.run(contacts.record, START, tenant_id, rows, "an") == 2
    assert database.run(contacts.record, START, tenant_id, rows, "an") == 0


def test_another_moment_channel_or_contract_is_another_contact(database: Desk) -> None:
    tenant_id, one, _ = database.run(found)
    rows = [
        Reached(one, START, Channel.SMS),
        Reached(one, START + HOUR, Channel.SMS),
        Reached(one, START, Channel.ZALO),
        Reached(one, START, Channel.SMS, "HD1"),
    ]
    assert database.run(contacts.record, START, tenant_id, rows, "an") == 4


def test_the_gate_sees_all_that_it_counts_by(database: Desk) -> None:
    tenant_id, one, other = database.run(found)
    visit = Reached(one, START, Channel.VISIT, "HD1", PHONE, Purpose.DEBT_REMINDER, "Bank", True, "file visits.csv")
    database.run(contacts.record, START, tenant_id, [visit], "an")
    [seen] = database.run(contacts.moments, tenant_id, [one, other], START)
    assert (seen.person_id, seen.phone, seen.at, seen.channel) == (one, PHONE, START, Channel.VISIT)
    assert (seen.purpose, seen.advertiser, seen.contract_number) == (Purpose.DEBT_REMINDER, "Bank", "HD1")
    assert seen.conversation is True
    assert [row.person_id for row in database.run(contacts.moments_by_phone, tenant_id, [PHONE], START)] == [one]


def test_what_was_before_is_not_counted(database: Desk) -> None:
    tenant_id, one, _ = database.run(found)
    rows = [Reached(one, START + hours * HOUR, Channel.SMS, phone=PHONE) for hours in range(3)]
    database.run(contacts.record, START, tenant_id, rows, "an")
    assert len(database.run(contacts.moments, tenant_id, [one], START + HOUR)) == 2
    assert len(database.run(contacts.moments_by_phone, tenant_id, [PHONE], START + 2 * HOUR)) == 1


def test_a_contact_of_one_company_is_nothing_to_another(database: Desk) -> None:
    tenant_id, one, _ = database.run(found)
    other_tenant, *_ = database.run(found)
    database.run(contacts.record, START, tenant_id, [Reached(one, START, Channel.SMS, phone=PHONE)], "an")
    assert database.run(contacts.moments, other_tenant, [one], START) == []
    assert database.run(contacts.moments_by_phone, other_tenant, [PHONE], START) == []


def test_the_history_begins_with_the_newest(database: Desk) -> None:
    tenant_id, one, _ = database.run(found)
    rows = [Reached(one, START + hours * HOUR, Channel.SMS, source="file a.csv") for hours in range(2)]
    database.run(contacts.record, START + 5 * HOUR, tenant_id, rows, "an")
    told = database.run(contacts.history, tenant_id, one)
    assert [row.at for row in told] == [START + HOUR, START]
    assert {(row.source, row.actor, row.recorded_at) for row in told} == {("file a.csv", "an", START + 5 * HOUR)}
