"""Evidence that would bring a call to life beside another of the same person."""

from datetime import timedelta

from databases import Desk
from founding import START, Someone, campaign, enlist
from founding import calls as calls_of
from sqlalchemy import Connection

from campaigns.states import Fact
from campaigns.timing import Timing
from campaigns.words import CallState, FactKind, Mode, Outcome, Reason
from dialer.gateways import Record

from .test_corners import arrive, at, dial, tell
from .test_reconciling import look, state_of
from .test_settling import Scene, body, scene

TIMING = Timing()
HOTLINE = "19001919"
LATER = START + timedelta(minutes=2)


def call_beside(conn: Connection, of: Scene) -> int:
    """The same person, called by another campaign."""
    other = campaign(conn, of.of, Mode.AUTOCALL)
    enlist(conn, START, other, [(of.listed[0].person_id, Someone("K", of.listed[0].phones))])
    (call,) = dial(conn, other, "beside")
    return call


def test_evidence_that_would_wake_a_call_beside_a_live_one_is_held_back_until_that_is_over(database: Desk) -> None:
    """The hooks of a call that somebody dialed by hand end our order, so another campaign calls the person; then a
    record tells that they were a stranger's, and that the order may still be on its way."""
    of = database.run(scene, Mode.AUTOCALL)
    (first,), phone = of.call_ids, of.listed[0].phones[0]
    database.run(tell, first, Fact(FactKind.PLACED, START))
    rings = Fact(FactKind.RINGING, START, hotline=HOTLINE)
    ends = Fact(FactKind.HANGUP, START, hotline=HOTLINE, duration=3, billsec=0)
    database.run(at(START, arrive, of, [body(fact, phone, "HAND") for fact in (rings, ends)], START))
    second = database.run(at(LATER, call_beside, of))
    stranger = Record("HAND", START, Outcome.BUSY, phone=phone, ended_at=START, duration=3, billsec=0)
    assert database.run(at(LATER, look, of, first, stranger))["held_back"] == 1
    assert state_of(database, of, first) is CallState.ENDED
    database.run(tell, second, Fact(FactKind.NOT_PLACED, LATER, reason=Reason.DECLINED))
    assert "held_back" not in database.run(at(LATER + TIMING.check_again, look, of, first, stranger))
    known = database.run(calls_of, of.of.tenant_id)[first]
    assert (known.state.live, known.vendor_call_id) == (True, None)
