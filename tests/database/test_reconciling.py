"""What the vendor's records and its silence prove."""

from databases import Desk
from founding import START
from founding import calls as calls_of
from sqlalchemy import Connection

from campaigns import ledger
from campaigns.states import Fact
from campaigns.timing import Timing
from campaigns.words import CallState, FactKind, Mode, Outcome, Reason
from dialer import reconciling
from dialer.gateways import LiveCall, Record
from dialer.steering import Course, arrived, close_the_door

from .test_corners import at, tell
from .test_settling import Scene, scene

TIMING = Timing()
GRACE = TIMING.take_back_grace


def look(conn: Connection, of: Scene, call: int, *records: Record, live: str | None = None) -> dict[str, int]:
    """One look at a call, asked and written down at the connection's own time; what was counted."""
    now = conn.get_execution_options()["clock"]()
    named = {record.customer_id: [record] for record in records if record.customer_id}
    lives = [LiveCall("V", live, None, False, START)] if live else []
    evidence = reconciling.Evidence(now, {record.record_id: record for record in records}, named, lives)
    counted, _ = reconciling.conclude(conn, TIMING, of.of.account_id, [call], evidence, of.reader[of.of.account_id])
    return counted


def taken_back(database: Desk) -> tuple[Scene, int]:
    """A call that the vendor held when its queue was deleted, at START."""
    of = database.run(scene, Mode.AUTOCALL)
    (call,) = of.call_ids
    database.run(tell, call, Fact(FactKind.PLACED, START))
    database.run(ledger.fed, START, of.campaign.id)
    course = Course(of.campaign, "withdraw", Reason.TAKEN_BACK)
    assert database.run(at(START, close_the_door, TIMING, course))
    database.run(at(START, arrived, TIMING, course))
    return of, call


def state_of(database: Desk, of: Scene, call: int) -> CallState:
    return CallState(database.run(calls_of, of.of.tenant_id)[call].state)


def test_two_looks_without_a_sign_give_back_who_was_taken_back(database: Desk) -> None:
    of, call = taken_back(database)
    seen = []
    for graces in (1, 2):
        database.run(at(START + graces * GRACE, look, of, call))
        seen.append(state_of(database, of, call))
    assert seen == [CallState.PLACED, CallState.RELEASED]


def test_who_hung_up_a_moment_before_the_first_look_is_found_by_his_record(database: Desk) -> None:
    """He lives no more and is not on record yet: one look would give back somebody who was rung."""
    of, call = taken_back(database)
    reference = database.run(calls_of, of.of.tenant_id)[call].reference
    record = Record("V", START, Outcome.BUSY, customer_id=reference, ended_at=START + GRACE, duration=9, billsec=0)
    database.run(at(START + GRACE, look, of, call))
    database.run(at(START + 2 * GRACE, look, of, call, record))
    known = database.run(calls_of, of.of.tenant_id)[call]
    assert (known.outcome, known.charged) == (Outcome.BUSY, True)


def test_who_is_seen_alive_after_he_was_taken_back_is_looked_at_twice_from_then_on(database: Desk) -> None:
    of, call = taken_back(database)
    phone = of.listed[0].phones[0]
    seen = []
    for graces, live in ((1, None), (2, phone), (3, None), (4, None)):
        database.run(at(START + graces * GRACE, lambda conn, live=live: look(conn, of, call, live=live)))
        seen.append(state_of(database, of, call))
    assert seen == [CallState.PLACED, CallState.PLACED, CallState.PLACED, CallState.RELEASED]


def test_another_process_that_looked_at_the_same_moment_is_not_the_second_look(database: Desk) -> None:
    of, call = taken_back(database)
    for _ in range(2):
        database.run(at(START + GRACE, look, of, call))
    assert state_of(database, of, call) is CallState.PLACED
