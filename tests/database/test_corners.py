"""Corners where two truths meet. A mark says which of them the engine does not turn yet."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from databases import Desk, together
from founding import START, account, calls, campaign, company, customers, debtors
from sqlalchemy import Connection, select, text

from campaigns import ledger, queue, receipts
from campaigns.ledger import Closing, Told
from campaigns.models import Change
from campaigns.receipts import Delivery
from campaigns.rows import columns_of, table
from campaigns.states import Fact
from campaigns.timing import Timing
from campaigns.words import FactKind, Mode, Outcome, Reason, ReceiptOutcome, Status
from dialer import handovers, reconciling
from dialer.database import CLOCK
from dialer.gateways import Placed, Record
from dialer.settling import settle
from dialer.steering import Course, arrived, close_the_door

from .test_settling import Scene, body, hear, outcomes, scene

TIMING = Timing()
RINGING = Fact(FactKind.RINGING, START, call_id="V", hotline="19001919")
HANGUP = Fact(FactKind.HANGUP, START, call_id="V", hotline="19001919", duration=12, billsec=2)
CDR = Fact(FactKind.CDR, START, call_id="V", hotline="19001919", disposition=Outcome.ANSWERED)


def at(now: datetime, work: Callable[..., Any], *args: Any) -> Callable[[Connection], Any]:
    """The work, by a clock of its own."""
    return lambda conn: work(conn.execution_options(**{CLOCK: lambda: now}), *args)


def dial(conn: Connection, one: Any, token: str) -> list[int]:
    """What one step of placing commits."""
    chosen, _ = handovers.choose(conn, TIMING, one, 20, token)
    return sorted(handovers.commit(conn, TIMING, one, chosen, token).orders)


def tell(conn: Connection, call: int, *facts: Fact) -> None:
    ledger.apply(conn, START, TIMING, [Told(call, fact) for fact in facts])


def arrive(conn: Connection, of: Scene, bodies: Sequence[bytes], now: datetime) -> None:
    receipts.store(conn, [Delivery(of.of.tenant_id, of.of.account_id, raw, now) for raw in bodies])
    settle(conn, TIMING, of.reader)


@pytest.mark.parametrize(("hook", "truth"), [(2, 3), (3, 2)])
def test_the_records_talk_time_decides_whether_somebody_spoke(database: Desk, hook: int, truth: int) -> None:
    of = database.run(scene, Mode.AUTOCALL)
    said = {"duration": 12, "billsec": truth, "ended_at": START}
    record = Fact(FactKind.RECORD, START, call_id="V", disposition=Outcome.ANSWERED, confirms=True, **said)
    for fact in [replace(HANGUP, billsec=hook), CDR, record]:
        database.run(hear, of, [(0, fact)])
    (customer,) = database.run(customers, of.of.tenant_id).values()
    assert (customer.status is Status.ANSWERED) == (truth >= of.campaign.min_recall_duration)


def test_who_turns_out_to_be_in_a_call_after_he_was_claimed_is_not_called(database: Desk) -> None:
    of = database.run(company)
    one = database.run(campaign, of)
    database.run(debtors, of, one, 1)
    (call,) = database.run(at(START, dial, one, "first"))
    database.run(tell, call, Fact(FactKind.NOT_PLACED, START, reason=Reason.AGENT_BUSY))
    claimed, _ = database.run(at(START, handovers.choose, TIMING, one, 20, "second"))
    assert claimed
    database.run(tell, call, RINGING)
    database.run(at(START, handovers.commit, TIMING, one, claimed, "second"))
    assert list(database.run(calls, of.tenant_id)) == [call]


def test_fewer_recalls_act_from_the_next_claim(database: Desk) -> None:
    of = database.run(company)
    one = database.run(lambda conn: campaign(conn, of, max_recall_count=3, recall_delay=0))
    database.run(debtors, of, one, 1)
    for token in ("first", "second"):
        (call,) = database.run(at(START, dial, one, token))
        database.run(tell, call, Fact(FactKind.RECORD, START, billsec=0, disposition=Outcome.BUSY, ended_at=START))
    database.run(ledger.amend, START, one, {"max_recall_count": 0}, "test")
    assert database.run(at(START, dial, one, "third")) == []


def test_an_account_that_cannot_be_read_does_not_hold_up_the_others(fresh: Desk) -> None:
    of = fresh.run(scene, Mode.AUTOCALL)
    other = fresh.run(account, of.of)
    unread = [Delivery(other.tenant_id, other.account_id, b"%d" % number, START) for number in range(500)]
    fresh.run(receipts.store, unread)
    ringing = body(RINGING, of.listed[0].phones[0], "V")
    assert fresh.run(outcomes, of, [ringing]) == {ReceiptOutcome.APPLIED: 1}


def test_a_hook_without_a_number_finds_its_call_by_another_hook_of_the_batch(database: Desk) -> None:
    hangup = json.dumps({"call_id": "V", "state": "hangup", "duration": 5, "billsec": 0, "direction": "outbound"})
    for blanks in range(6):
        of = database.run(scene, Mode.AUTOCALL)
        ringing = body(RINGING, of.listed[0].phones[0], "V")
        # Receipts of a batch are read in the order of their hashes, which the blanks change.
        found = database.run(outcomes, of, [hangup.encode() + b" " * blanks, ringing])
        assert found == {ReceiptOutcome.APPLIED: 2}


def test_a_placing_answer_takes_its_call_id_from_a_call_that_was_taken_for_another(database: Desk) -> None:
    """Somebody dials the number by hand while ours is being placed: his hook is bound to ours, and ours to nobody."""
    of = database.run(scene, Mode.CLICK2CALL)
    phone = of.listed[0].phones[0]
    database.run(at(START, arrive, of, [body(RINGING, phone, "HAND")], START))
    database.run(at(START, arrive, of, [body(RINGING, phone, "OURS")], START))
    reference = database.run(calls, of.of.tenant_id)[of.call_ids[0]].reference
    answered = handovers.Answered(of.campaign, {reference: of.call_ids[0]}, [Placed(reference, "OURS")])
    database.run(at(START, handovers.record, TIMING, [answered]))
    assert database.run(calls, of.of.tenant_id)[of.call_ids[0]].vendor_call_id == "OURS"


def test_a_record_of_an_earlier_attempt_frees_the_call_that_was_taken_for_it(database: Desk) -> None:
    """The first attempt rings after it was given up; its hooks settle the second; its record comes during the third."""
    of = database.run(lambda conn: scene(conn, Mode.AUTOCALL, recall_delay=0, max_recall_count=5))
    first, later = of.call_ids[0], START + timedelta(hours=2)
    database.run(tell, first, Fact(FactKind.PLACED, START), Fact(FactKind.GIVEN_UP, START, reason=Reason.NO_EVIDENCE))
    (second,) = database.run(at(later, dial, of.campaign, "second"))
    database.run(tell, second, Fact(FactKind.PLACED, later))
    late = [RINGING, HANGUP, Fact(FactKind.CDR, START, hotline="19001919", disposition=Outcome.BUSY)]
    database.run(at(later, arrive, of, [body(fact, of.listed[0].phones[0], "X") for fact in late], later))
    (third,) = database.run(at(later, dial, of.campaign, "third"))
    rows = database.run(calls, of.of.tenant_id)
    record = Record("X", START, Outcome.BUSY, customer_id=rows[first].reference, ended_at=later, duration=12, billsec=2)
    database.run(at(later + timedelta(minutes=1), conclude, of, second, record, later + timedelta(minutes=1)))
    rows = database.run(calls, of.of.tenant_id)
    assert (rows[first].vendor_call_id, rows[first].outcome) == ("X", Outcome.BUSY)
    assert rows[third].state.live


def test_a_record_gives_a_call_back_all_that_was_said_of_it_beside_a_call_of_others(database: Desk) -> None:
    """Somebody dials the number by hand just before ours: his hooks are taken for ours, and ours for his."""
    of = database.run(scene, Mode.AUTOCALL)
    phone, ours = of.listed[0].phones[0], of.call_ids[0]
    database.run(tell, ours, Fact(FactKind.PLACED, START))
    for call_id in ("HAND", "OURS"):
        database.run(at(START, arrive, of, [body(fact, phone, call_id) for fact in (RINGING, HANGUP)], START))
    reference = database.run(calls, of.of.tenant_id)[ours].reference
    later = START + timedelta(minutes=1)
    record = Record("OURS", START, Outcome.BUSY, customer_id=reference, ended_at=START, duration=12, billsec=0)
    database.run(at(later, conclude, of, ours, record, later))
    known = database.run(calls, of.of.tenant_id)[ours]
    assert (known.vendor_call_id, known.ringing_at, known.outcome) == ("OURS", START, Outcome.BUSY)


def test_who_takes_a_queue_back_that_is_gone_already_leaves_its_calls_to_be_looked_after(database: Desk) -> None:
    """Two processes see it at once, and the slower one ends before it could tell the vendor."""
    of = database.run(lambda conn: scene(conn, Mode.AUTOCALL))
    database.run(tell, of.call_ids[0], Fact(FactKind.PLACED, START))
    database.run(ledger.fed, START, of.campaign.id)
    course = Course(of.campaign, "withdraw", Reason.TAKEN_BACK)
    assert database.run(at(START, close_the_door, TIMING, course))
    database.run(at(START, arrived, TIMING, course))
    assert not database.run(at(START, close_the_door, TIMING, course))
    assert database.run(calls, of.of.tenant_id)[of.call_ids[0]].check_at == START + TIMING.take_back_grace


def test_a_call_that_was_taken_for_two_others_in_turn_is_freed_from_both(database: Desk) -> None:
    """Its number is dialed by hand twice, and the records tell each time that it was not ours."""
    of = database.run(scene, Mode.CLICK2CALL)
    ours, phone = of.call_ids[0], of.listed[0].phones[0]
    for call_id in ("FIRST", "SECOND"):
        database.run(at(START, arrive, of, [body(RINGING, phone, call_id)], START))
        assert database.run(calls, of.of.tenant_id)[ours].vendor_call_id == call_id
        database.run(ledger.unbind, START, TIMING, ours, call_id, True)
    known, *others = database.run(calls, of.of.tenant_id).values()
    assert (known.vendor_call_id, known.ringing_at) == (None, None)
    assert [call.vendor_call_id for call in others if call.phone == phone] == ["FIRST", "SECOND"]


@pytest.mark.parametrize(("mode", "taken"), [(Mode.AUTOCALL, False), (Mode.AUTODIALER, True)])
def test_a_call_that_names_an_agent_is_not_taken_for_one_of_a_script(database: Desk, mode: Mode, taken: bool) -> None:
    """Else the end of a call that somebody dialed by hand would free a customer whom the vendor is yet to ring."""
    of = database.run(scene, mode)
    ringing = {"call_id": "V", "state": "ringing", "direction": "outbound", "from_number": "101", "extension": "101"}
    number = of.listed[0].phones[0].replace("+84", "0")
    raw = json.dumps({**ringing, "to_number": number}).encode()
    known = {key: replace(reader, extensions=frozenset({"101"})) for key, reader in of.reader.items()}

    def work(conn: Connection) -> None:
        receipts.store(conn, [Delivery(of.of.tenant_id, of.of.account_id, raw, START)])
        settle(conn, TIMING, known)

    database.run(work)
    ours, *theirs = database.run(calls, of.of.tenant_id).values()
    assert (ours.vendor_call_id == "V", [call.vendor_call_id for call in theirs]) == (taken, [] if taken else ["V"])


def conclude(conn: Connection, of: Scene, call: int, record: Record, asked_at: datetime) -> None:
    by_customer = {record.customer_id or "": [record]}
    evidence = reconciling.Evidence(asked_at, {record.record_id: record}, by_customer, [])
    reconciling.conclude(conn, TIMING, of.of.account_id, [call], evidence, of.reader[of.of.account_id])


def test_the_history_of_a_reconsidered_customer_says_what_he_became(database: Desk) -> None:
    of = database.run(company)
    one = database.run(campaign, of)
    (listed,) = database.run(debtors, of, one, 1)
    closing = Closing(listed.customer_id, Status.FAIL, Reason.NO_NUMBER)
    database.run(ledger.close, START, of.tenant_id, [closing], "test")
    database.run(ledger.reconsider, START, of.tenant_id, [listed.customer_id], "test")
    change = columns_of(Change)
    newest = select(table(Change)).where(change.customer_id == listed.customer_id).order_by(change.id.desc())
    told = database.run(lambda conn: conn.execute(newest).first())
    assert told is not None
    assert told.after == database.run(customers, of.tenant_id)[listed.customer_id].status


def test_settling_goes_on_while_another_worker_claims(postgresql: Desk) -> None:
    of = postgresql.run(scene, Mode.AUTOCALL)
    gate = together(2)

    def claim(conn: Connection) -> None:
        queue.lock(conn, of.of.tenant_id, of.campaign.id)
        gate()
        gate()

    def finish(conn: Connection) -> None:
        gate()
        conn.execute(text("SET LOCAL lock_timeout = '300ms'"))
        try:
            tell(conn, of.call_ids[0], HANGUP, CDR)
        finally:
            gate()

    postgresql.at_once(claim, finish)


@pytest.mark.parametrize("channels", [1, 2])
def test_no_campaign_starves_where_channels_are_fewer_than_campaigns(database: Desk, channels: int) -> None:
    of = database.run(lambda conn: company(conn, channels=channels))
    each = [database.run(campaign, of) for _ in range(3)]
    for one in each:
        database.run(debtors, of, one, 12)
    for round_ in range(9):
        for one in each:
            database.run(at(START + timedelta(seconds=round_), dial, one, f"{one.id}-{round_}"))
        live = [call.id for call in database.run(calls, of.tenant_id).values() if call.state.live]
        assert len(live) == channels
        database.run(tell, live[0], Fact(FactKind.RECORD, START, billsec=9, disposition=Outcome.ANSWERED))
    called = {call.campaign_id for call in database.run(calls, of.tenant_id).values()}
    assert called == {one.id for one in each}


def test_a_campaign_whose_rulebook_nobody_knows_calls_nobody_and_loses_nobody(database: Desk) -> None:
    of = database.run(company)
    one = database.run(lambda conn: campaign(conn, of, rulebook="of-an-older-version"))
    database.run(debtors, of, one, 3)
    assert database.run(at(START, dial, one, "first")) == []
    assert not any(row.status.final for row in database.run(customers, of.tenant_id).values())


def test_a_hook_with_a_monstrous_id_does_not_hold_up_the_others(postgresql: Desk) -> None:
    of = postgresql.run(scene, Mode.AUTOCALL)
    phone = of.listed[0].phones[0]
    # Letters that do not repeat, so that the database cannot make them shorter.
    monstrous = "".join(chr(0x4E00 + place * 7 % 20_000) for place in range(2000))
    bodies = [json.dumps({**json.loads(body(RINGING, phone, "V")), "call_id": monstrous}).encode()]
    found = postgresql.run(outcomes, of, [*bodies, body(RINGING, phone, "V")])
    assert found[ReceiptOutcome.APPLIED] >= 1


def test_who_was_withdrawn_when_he_was_final_is_not_freed_by_a_late_truth(database: Desk) -> None:
    of = database.run(lambda conn: scene(conn, Mode.AUTOCALL, max_recall_count=0))
    (call,), (listed,) = of.call_ids, of.listed
    database.run(tell, call, RINGING, Fact(FactKind.GIVEN_UP, START, reason=Reason.NO_EVIDENCE))
    database.run(lambda conn: ledger.amend(conn, START, of.campaign, {"max_recall_count": 5}, "test"))
    withdrawn = Closing(listed.customer_id, Status.WITHDRAWN, Reason.WITHDRAWN)
    database.run(ledger.close, START, of.of.tenant_id, [withdrawn], "test")
    database.run(tell, call, HANGUP, replace(CDR, disposition=Outcome.BUSY))
    assert database.run(customers, of.of.tenant_id)[listed.customer_id].status.final
