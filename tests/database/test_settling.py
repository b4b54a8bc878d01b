"""Hooks from bytes to status: any order, any batches and any repetition come to the same rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from databases import Desk
from founding import START, Company, Listed, agent, calls, campaign, company, customers, debtors
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.histories import History, histories, tellings
from sqlalchemy import Connection

from campaigns import ledger, queue, receipts, reports
from campaigns.ledger import Intent, Told
from campaigns.receipts import Delivery
from campaigns.states import Fact, Progress
from campaigns.timing import Timing
from campaigns.words import CallState, FactKind, Mode, Origin, Outcome, ReceiptOutcome, Role, Status
from dialer.database import CLOCK
from dialer.gateways.tel4vn.reading import hook
from dialer.gateways.tel4vn.settings import Tel4vnSettings
from dialer.settling import settle
from dialer.vendors import Reader

from .test_queue import clearance

TIMING = Timing()
VENDOR = Tel4vnSettings()
LATER = START + timedelta(hours=1)
SOME = settings(parent=settings.default, max_examples=min(settings.default.max_examples // 2, 300))
EVIDENCE = [name for name in Progress._fields if name not in ("mode", "placed_at")]
STANDING = ["status", "reason", "attempts", "attempts_in_all", "declines", "open_call_id"]
COUNTS = ["by_status", "by_reason", "waiting", "final", "calls", "attempts", "answered", "abandoned", "talk_seconds"]


@dataclass(frozen=True, slots=True)
class Scene:
    """A campaign whose customers have been called, one call each, and nothing was heard yet."""

    of: Company
    campaign: Any
    listed: Sequence[Listed]
    call_ids: Sequence[int]

    @property
    def reader(self) -> dict[int, Reader]:
        return {self.of.account_id: Reader(lambda body: hook(body, VENDOR), frozenset({"101", "102"}), True)}


def scene(conn: Connection, mode: Mode, count: int = 1, **columns: Any) -> Scene:
    of = company(conn)
    one = campaign(conn, of, mode, **columns)
    callers = [agent(conn, of, one, f"{101 + place}") for place in range(count)] if mode is Mode.CLICK2CALL else []
    listed = debtors(conn, of, one, count)
    return Scene(of, one, listed, place(conn, one, listed, callers or [None] * count))


def place(conn: Connection, one: Any, listed: Sequence[Listed], callers: Sequence[int | None]) -> list[int]:
    queue.claim(conn, START, TIMING, one, len(listed), "token")
    intents = [
        Intent(
            cleared=clearance(customer.customer_id, customer.person_id, customer.phones[0], START),
            reference=f"d{customer.customer_id}",
            run_id=customers(conn, one.tenant_id)[customer.customer_id].run_id,
            attempt=1,
            role=Role.BORROWER,
            agent_id=caller,
        )
        for customer, caller in zip(listed, callers, strict=True)
    ]
    held = ledger.intend(conn, START, TIMING, one, intents, "token")
    return [held[intent.reference] for intent in intents]


def body(fact: Fact, phone: str, call_id: str, repeated: int = 0) -> bytes:
    """A hook as the vendor writes it. A repetition differs by blanks, so that it is another receipt."""
    said = {
        "call_id": call_id,
        "sip_call_id": fact.sip_call_id,
        "direction": "outbound",
        "from_number": fact.extension or fact.hotline,
        "to_number": phone.replace("+84", "0"),
        "hotline": fact.hotline,
        "state": fact.kind.value,
        "duration": fact.duration,
        "billsec": fact.billsec,
        "recording_url": fact.recording_url,
        "status": fact.disposition.value.upper() if fact.disposition else None,
    }
    return json.dumps({name: value for name, value in said.items() if value is not None}).encode() + b" " * repeated


HOOKS = (FactKind.RINGING, FactKind.ANSWERED, FactKind.HANGUP, FactKind.CDR)


def hear(conn: Connection, of: Scene, told: Sequence[tuple[int, Fact]]) -> None:
    """One batch of what is learned: hooks as receipts, and the rest as what our own requests brought."""
    conn.execution_options(**{CLOCK: lambda: LATER})
    deliveries = []
    for place_, (which, said) in enumerate(told):
        fact = _by_the_reserved(of, which, said)
        call_id, phone = f"V{of.call_ids[which]}", of.listed[which].phones[0]
        if fact.kind in HOOKS:
            raw = body(fact, phone, call_id, place_)
            deliveries.append(Delivery(of.of.tenant_id, of.of.account_id, raw, fact.at))
        else:
            _ask(conn, of.call_ids[which], fact, call_id)
    receipts.store(conn, deliveries)
    settle(conn, TIMING, of.reader)


def _by_the_reserved(of: Scene, which: int, fact: Fact) -> Fact:
    """In click-to-call nobody speaks but the agent whom we reserved."""
    if of.campaign.mode is not Mode.CLICK2CALL or fact.extension is None:
        return fact
    return replace(fact, extension=f"{101 + which}")


def _ask(conn: Connection, call: int, fact: Fact, call_id: str) -> None:
    named = replace(fact, call_id=call_id) if fact.call_id else fact
    ledger.apply(conn, LATER, TIMING, [Told(call, named)])


def result(conn: Connection, of: Scene) -> Any:
    """What came of it all, without what differs between any two companies."""
    rows = calls(conn, of.of.tenant_id)
    evidence = [{name: _plain(getattr(rows[call], name)) for name in EVIDENCE} for call in of.call_ids]
    for line, call in zip(evidence, of.call_ids, strict=True):
        line["vendor_call_id"] = (line["vendor_call_id"] or "").removesuffix(str(call))
    people = customers(conn, of.of.tenant_id)
    standing = [{name: _plain(getattr(people[one.customer_id], name)) for name in STANDING} for one in of.listed]
    for line in standing:
        line["open_call_id"] = line["open_call_id"] is not None
    counted = reports.standing(conn, LATER, TIMING, of.campaign)
    return evidence, standing, {name: getattr(counted, name) for name in COUNTS}, len(rows)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


@st.composite
def batches(draw: st.DrawFn, told: list[tuple[int, Fact]]) -> list[list[tuple[int, Fact]]]:
    """The same facts, some twice, in any order, a few at a time."""
    order = draw(tellings(tuple(told)))  # type: ignore[arg-type]
    cuts = sorted(draw(st.sets(st.integers(0, len(order)), max_size=4)) | {0, len(order)})
    return [order[start:end] for start, end in pairwise(cuts)]


@pytest.mark.parametrize("mode", list(Mode))
@given(data=st.data())
@SOME
def test_hooks_in_any_order_batches_and_number_come_to_the_same_rows(
    sqlite: Desk, mode: Mode, data: st.DataObject
) -> None:
    drawn: list[History] = [data.draw(histories((mode,))) for _ in range(2)]
    lost = data.draw(st.sets(st.sampled_from([*HOOKS, FactKind.RECORD]), max_size=3))
    told = [(which, fact) for which, history in enumerate(drawn) for fact in history.without(*lost).facts]
    in_order, shuffled = sqlite.run(scene, mode, 2), sqlite.run(scene, mode, 2)
    sqlite.run(hear, in_order, told)
    for batch in data.draw(batches(told)):
        sqlite.run(hear, shuffled, batch)
    assert sqlite.run(result, shuffled) == sqlite.run(result, in_order)


@given(history=histories((Mode.AUTOCALL,)), data=st.data())
@SOME
def test_a_late_hook_of_an_earlier_attempt_does_not_move_a_later_one(
    sqlite: Desk, history: History, data: st.DataObject
) -> None:
    patient = {"recall_delay": 0, "max_recall_count": 5, "min_recall_duration": 500}
    of = sqlite.run(lambda conn: scene(conn, Mode.AUTOCALL, **patient))
    facts = history.only(*HOOKS).facts
    sqlite.run(hear, of, [(0, fact) for fact in facts])
    (second,) = sqlite.run(_place_again, of)
    before = sqlite.run(calls, of.of.tenant_id)[second]
    sqlite.run(hear, of, [(0, fact) for fact in data.draw(tellings(facts))])
    assert sqlite.run(calls, of.of.tenant_id)[second] == before


def _place_again(conn: Connection, of: Scene) -> list[int]:
    later = LATER + timedelta(minutes=1)
    (leased,) = queue.claim(conn, later, TIMING, of.campaign, 1, "again")
    (one,) = of.listed
    cleared = clearance(one.customer_id, one.person_id, one.phones[0], later)
    intent = Intent(cleared, "second", leased.run_id, 2, Role.BORROWER)
    return list(ledger.intend(conn, later, TIMING, of.campaign, [intent], "again").values())


def outcomes(conn: Connection, of: Scene, bodies: Sequence[bytes]) -> Any:
    conn.execution_options(**{CLOCK: lambda: LATER})
    receipts.store(conn, [Delivery(of.of.tenant_id, of.of.account_id, raw, START) for raw in bodies])
    return settle(conn, TIMING, of.reader)[0]


@pytest.mark.parametrize("together", [False, True])
def test_of_two_call_ids_of_one_number_only_one_is_our_call(database: Desk, together: bool) -> None:
    """Somebody rings the same number by hand: his call is heard of, and ours keeps its own evidence."""
    of = database.run(scene, Mode.AUTOCALL)
    ringing = Fact(FactKind.RINGING, START, hotline="19001919")
    first, second = (body(ringing, of.listed[0].phones[0], call_id) for call_id in ("V1", "V2"))
    for bodies in [[first, second]] if together else [[first], [second]]:
        assert database.run(outcomes, of, bodies) == {ReceiptOutcome.APPLIED: len(bodies)}
    ours, theirs = database.run(calls, of.of.tenant_id).values()
    assert {ours.vendor_call_id, theirs.vendor_call_id} == {"V1", "V2"}
    assert (ours.origin, ours.state, theirs.state) == (Origin.CAMPAIGN, CallState.RINGING, CallState.RINGING)
    assert (theirs.origin, theirs.customer_id, theirs.charged) == (Origin.HAND, None, False)


def test_an_inbound_call_of_a_listed_number_is_not_our_attempt(database: Desk) -> None:
    of = database.run(scene, Mode.AUTOCALL)
    said = {"direction": "inbound", "from_number": of.listed[0].phones[0].replace("+84", "0"), "to_number": "101"}
    for state in ("ringing", "answered"):
        raw = json.dumps({"call_id": "IN", "state": state, "hotline": "19001919", **said}).encode()
        assert database.run(outcomes, of, [raw]) == {ReceiptOutcome.APPLIED: 1}
    ours, theirs = database.run(calls, of.of.tenant_id).values()
    assert (ours.state, ours.vendor_call_id) == (CallState.INTENDED, None)
    assert (theirs.origin, theirs.state, theirs.person_id) == (Origin.INBOUND, CallState.ANSWERED, ours.person_id)


def test_what_is_no_hook_is_marked_and_moves_nothing(database: Desk) -> None:
    of = database.run(scene, Mode.AUTOCALL)
    before = database.run(result, of)
    bodies = [b"", b"\x00", b"[]", b"{}", b'{"call_id": "V1"}', b'{"call_id": "V1", "state": "create"}', b"\xff"]
    assert database.run(outcomes, of, bodies) == {ReceiptOutcome.MALFORMED: len(bodies)}
    assert database.run(result, of) == before


def test_a_hook_of_a_number_on_no_list_is_foreign(database: Desk) -> None:
    of = database.run(scene, Mode.AUTOCALL)
    ringing = Fact(FactKind.RINGING, START, hotline="19001919")
    assert database.run(outcomes, of, [body(ringing, "+84999999999", "X")]) == {ReceiptOutcome.FOREIGN: 1}


def test_a_hook_told_in_the_same_bytes_is_settled_once(database: Desk) -> None:
    of = database.run(scene, Mode.AUTOCALL)
    raw = body(Fact(FactKind.RINGING, START, hotline="19001919"), of.listed[0].phones[0], "V")
    assert database.run(outcomes, of, [raw, raw]) == {ReceiptOutcome.APPLIED: 1}
    assert database.run(outcomes, of, [raw]) == {}


def test_a_conversation_that_is_too_short_is_recalled_and_says_so(database: Desk) -> None:
    of = database.run(scene, Mode.AUTOCALL)
    facts = [
        Fact(FactKind.HANGUP, START, hotline="19001919", duration=12, billsec=2),
        Fact(FactKind.CDR, START, hotline="19001919", disposition=Outcome.ANSWERED),
    ]
    database.run(hear, of, [(0, fact) for fact in facts])
    (customer,) = database.run(customers, of.of.tenant_id).values()
    assert (customer.status, customer.reason) == (Status.QUEUE, "too-short")
    assert customer.due_at == START + timedelta(seconds=900)
