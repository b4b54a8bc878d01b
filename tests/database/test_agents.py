"""Who can take a call now, and what an agent's calls make of him."""

from datetime import timedelta
from typing import Any

import pytest
from databases import Desk
from founding import START, Company, account, agent, campaign, company, read
from sqlalchemy import Connection, update

from campaigns import agents, ledger
from campaigns.ledger import Heard, Told
from campaigns.models import Agent
from campaigns.rows import columns_of, table
from campaigns.states import Fact
from campaigns.timing import Timing
from campaigns.words import FactKind, Mode, Outcome, Presence, Reason

from .test_settling import Scene, scene

TIMING = Timing()
LATER = START + timedelta(minutes=5)
MISSED = (
    Fact(FactKind.RINGING, START),
    Fact(FactKind.RECORD, LATER, duration=20, billsec=0, disposition=Outcome.INVALID, ended_at=LATER),
)
TALKED = (
    Fact(
        FactKind.RECORD, LATER, duration=60, billsec=40, disposition=Outcome.ANSWERED, ended_at=LATER, extension="101"
    ),
)


def floor(conn: Connection, **columns: Any) -> tuple[Company, Any, int]:
    of = company(conn)
    one = campaign(conn, of, Mode.CLICK2CALL)
    return of, one, agent(conn, of, one, "101", **columns)


def free(desk: Desk, one: Any, now: Any = START) -> list[int]:
    return [row.id for row in desk.run(agents.available, now, TIMING, one.tenant_id, one.id)]


def told(desk: Desk, of: Scene, *facts: Fact) -> Any:
    """The agent of the scene's only call, after these facts about it."""
    (call,) = of.call_ids
    desk.run(ledger.apply, LATER, TIMING, [Told(call, fact) for fact in facts])
    return desk.run(only_agent, of)


def only_agent(conn: Connection, of: Scene) -> Any:
    (found,) = agents.roster(conn, of.of.tenant_id)
    return read(conn, Agent, found.id)


def test_who_is_logged_in_and_ready_can_take_a_call(database: Desk) -> None:
    _, one, extension = database.run(floor)
    assert free(database, one) == [extension]


@pytest.mark.parametrize(
    "columns",
    [
        {"logged_in": False},
        {"logged_in": None},
        {"logged_in_seen_at": START - TIMING.agent_snapshot - timedelta(milliseconds=1)},
        {"logged_in_seen_at": None},
        {"presence": Presence.PAUSED},
        {"presence": Presence.RESTING},
        {"wrap_up_until": START + timedelta(milliseconds=1)},
        {"busy_until": START + timedelta(milliseconds=1)},
    ],
    ids=lambda columns: "-".join(f"{name}" for name in columns),
)
def test_who_is_not_ready_takes_none(database: Desk, columns: dict[str, Any]) -> None:
    _, one, _ = database.run(lambda conn: floor(conn, **columns))
    assert free(database, one) == []


@pytest.mark.parametrize("name", ["wrap_up_until", "busy_until"])
def test_who_was_busy_until_this_moment_is_free(database: Desk, name: str) -> None:
    _, one, extension = database.run(lambda conn: floor(conn, **{name: START}))
    assert free(database, one) == [extension]


def test_the_longest_idle_comes_first(database: Desk) -> None:
    of, one, first = database.run(floor)
    ended = START - timedelta(minutes=1)
    second = database.run(lambda conn: agent(conn, of, one, "102", last_call_ended_at=ended))
    third = database.run(lambda conn: agent(conn, of, one, "103", last_call_ended_at=ended - timedelta(minutes=1)))
    assert free(database, one) == [third, second, first]


def test_an_agent_of_another_campaign_is_not_taken(database: Desk) -> None:
    of, _, _ = database.run(floor)
    other = database.run(campaign, of, Mode.CLICK2CALL)
    assert free(database, other) == []


def test_in_a_call_of_ours_or_of_others_he_takes_no_other(database: Desk) -> None:
    of = database.run(scene, Mode.CLICK2CALL)
    assert free(database, of.campaign) == []
    told(database, of, *TALKED)
    assert len(free(database, of.campaign, LATER + timedelta(minutes=1))) == 0
    database.run(seen, of, LATER + timedelta(minutes=1))
    assert len(free(database, of.campaign, LATER + timedelta(minutes=1))) == 1
    phone = of.listed[0].phones[0]
    database.run(ledger.hear, LATER, TIMING, [Heard(of.of.tenant_id, of.of.account_id, "IN", phone, True, "101")])
    assert free(database, of.campaign, LATER + timedelta(minutes=1)) == []


def seen(conn: Connection, of: Scene, now: Any) -> None:
    agents.seen(conn, now, {only_agent(conn, of).id: True})


def test_the_same_extension_of_another_account_is_another_agent(database: Desk) -> None:
    of, _, first = database.run(floor)
    elsewhere = database.run(account, of)
    other = database.run(campaign, elsewhere, Mode.CLICK2CALL)
    second = database.run(agent, elsewhere, other, "101")
    database.run(busy, first)
    assert free(database, other) == [second]


def busy(conn: Connection, agent_id: int) -> None:
    conn.execute(update(table(Agent)).where(columns_of(Agent).id == agent_id).values(presence=Presence.PAUSED))


def test_after_a_conversation_he_has_his_wrap_up(database: Desk) -> None:
    of = database.run(scene, Mode.CLICK2CALL)
    found = told(database, of, *TALKED)
    assert found.wrap_up_until == LATER + timedelta(seconds=of.campaign.wrap_up)
    assert (found.last_call_ended_at, found.missed_in_a_row, found.presence) == (LATER, 0, Presence.READY)


def test_after_a_call_that_nobody_answered_he_has_none(database: Desk) -> None:
    of = database.run(scene, Mode.CLICK2CALL)
    found = told(database, of, replaced(Outcome.NO_ANSWERED))
    assert (found.wrap_up_until, found.last_call_ended_at) == (None, LATER)


def replaced(outcome: Outcome) -> Fact:
    return Fact(FactKind.RECORD, LATER, duration=20, billsec=0, disposition=outcome, ended_at=LATER)


@pytest.mark.parametrize(("misses", "presence"), [(1, Presence.READY), (2, Presence.READY), (3, Presence.RESTING)])
def test_after_three_missed_calls_in_a_row_he_rests(database: Desk, misses: int, presence: Presence) -> None:
    of = database.run(scene, Mode.CLICK2CALL)
    before = update(table(Agent)).where(columns_of(Agent).tenant_id == of.of.tenant_id)
    database.run(lambda conn: conn.execute(before.values(missed_in_a_row=misses - 1)) and None)
    found = told(database, of, *MISSED)
    assert (found.missed_in_a_row, found.presence) == (misses, presence)


def test_a_call_that_he_took_forgives_what_he_missed(database: Desk) -> None:
    of = database.run(scene, Mode.CLICK2CALL)
    before = update(table(Agent)).where(columns_of(Agent).tenant_id == of.of.tenant_id)
    database.run(lambda conn: conn.execute(before.values(missed_in_a_row=2)) and None)
    assert told(database, of, *TALKED).missed_in_a_row == 0


def test_a_missed_call_told_twice_is_missed_once(database: Desk) -> None:
    of = database.run(scene, Mode.CLICK2CALL)
    told(database, of, *MISSED)
    assert told(database, of, *MISSED).missed_in_a_row == 1


def test_ready_forgives_and_ends_the_rest(database: Desk) -> None:
    of, one, extension = database.run(lambda conn: floor(conn, presence=Presence.RESTING, missed_in_a_row=3))
    assert free(database, one) == []
    assert database.run(agents.say, START, of.tenant_id, "101", Presence.READY, "agent") == 1
    assert free(database, one) == [extension]
    assert database.run(read, Agent, extension).missed_in_a_row == 0


@pytest.mark.parametrize(
    ("reason", "column"), [(Reason.AGENT_AWAY, "logged_in_seen_at"), (Reason.AGENT_BUSY, "busy_until")]
)
def test_what_the_vendor_says_of_him_when_placing_is_remembered(database: Desk, reason: Reason, column: str) -> None:
    of = database.run(scene, Mode.CLICK2CALL)
    found = told(database, of, Fact(FactKind.NOT_PLACED, LATER, reason=reason))
    assert getattr(found, column) >= LATER
    assert found.logged_in is (reason is not Reason.AGENT_AWAY)
    assert found.missed_in_a_row == 0


def test_a_campaigns_agents_are_these_and_only_these(database: Desk) -> None:
    of, one, _ = database.run(floor)
    database.run(agents.assign, START, one, {"102": "anh", "103": None})
    database.run(agents.assign, START, one, {"103": "binh", "104": None})
    found = {row.extension: row.vendor_user for row in database.run(agents.roster, of.tenant_id, one.id)}
    assert found == {"103": "binh", "104": None}
    everybody = {row.extension for row in database.run(agents.roster, of.tenant_id)}
    assert everybody == {"101", "102", "103", "104"}
