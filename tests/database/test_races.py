"""What holds when many connections want the same thing at once. Real connections, on PostgreSQL."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from databases import Desk, together
from founding import START, Company, Someone, brief, calls, campaign, company, customers, debtors, enlist, person, read
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from campaigns import dnc, dossiers, ledger, lists, queue, receipts, triggers
from campaigns.dnc import Entry
from campaigns.ledger import Intent, NotNow, Told
from campaigns.lists.entries import Entry as Row
from campaigns.lists.entries import ListFile
from campaigns.models import Campaign, Change, Customer, Tenant, VendorAccount
from campaigns.models import Fact as FactRow
from campaigns.receipts import Delivery
from campaigns.rows import columns_of, table
from campaigns.states import Fact
from campaigns.timing import Timing
from campaigns.triggers import Whom, Wish
from campaigns.words import FactKind, Mode, Outcome, Reason, ReceiptOutcome, Role, Status, Subject
from dialer import handovers, settling

from .test_queue import clearance
from .test_settling import body, scene

TIMING = Timing()
LIMIT = 5
WORKERS = 4
MANY = 60
CROWD = 120
CUSTOMER = columns_of(Customer)


def floor(conn: Connection, count: int, **columns: Any) -> tuple[Company, Any]:
    of = company(conn)
    one = campaign(conn, of, Mode.AUTOCALL, concurrent_call=LIMIT, **columns)
    debtors(conn, of, one, count)
    return of, one


def claims(one: Any, wish: int = 20) -> list[Callable[[Connection], list[int]]]:
    """What `WORKERS` engines do at the same moment."""
    return [lambda conn, i=i: handovers.choose(conn, TIMING, one, wish, f"worker{i}")[0] for i in range(WORKERS)]


def busy(conn: Connection, tenant_id: int) -> int:
    leased = select(func.count()).where(CUSTOMER.tenant_id == tenant_id, CUSTOMER.lease_token.is_not(None))
    return int(conn.scalar(leased) or 0) + sum(call.state.live for call in calls(conn, tenant_id).values())


def test_four_workers_never_claim_more_than_the_campaign_may_call_at_once(postgresql: Desk) -> None:
    of, one = postgresql.run(floor, MANY)
    for _ in range(5):
        chosen = postgresql.at_once(*claims(one))
        assert sum(map(len, chosen)) <= LIMIT
        assert postgresql.run(busy, of.tenant_id) == LIMIT


def test_without_the_lock_four_workers_claim_more(postgresql: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above would find a claim that counts before it locks."""
    counted = together(WORKERS)

    def unlocked(conn: Connection, tenant_id: int, campaign_id: int) -> tuple[Any, Any, Any]:
        found = read(conn, Campaign, campaign_id)
        return read(conn, Tenant, tenant_id), read(conn, VendorAccount, found.vendor_account_id), found

    def everybody_counts_first(*args: Any) -> Any:
        snapshot = count(*args)
        counted()
        return snapshot

    count = queue.snapshot
    of, one = postgresql.run(floor, MANY)
    monkeypatch.setattr(queue, "lock", unlocked)
    monkeypatch.setattr(queue, "snapshot", everybody_counts_first)
    chosen = postgresql.at_once(*claims(one))
    assert sum(map(len, chosen)) == WORKERS * LIMIT
    assert postgresql.run(busy, of.tenant_id) == WORKERS * LIMIT


def test_claims_and_intents_of_four_workers_stay_below_the_limit_to_the_end(postgresql: Desk) -> None:
    of, one = postgresql.run(floor, MANY)

    def worker(number: int) -> Callable[[Connection], Any]:
        return lambda conn: handovers.commit(conn, TIMING, one, list(chosen[number]), f"worker{number}")

    def end(conn: Connection) -> None:
        live = [call for call in calls(conn, of.tenant_id).values() if call.state.live]
        record = Fact(FactKind.RECORD, START, billsec=30, disposition=Outcome.ANSWERED)
        ledger.apply(conn, START, TIMING, [Told(call.id, record) for call in live[:3]])

    for _ in range(12):
        chosen = postgresql.at_once(*claims(one))
        postgresql.at_once(*(worker(number) for number in range(WORKERS)))
        assert postgresql.run(busy, of.tenant_id) <= LIMIT
        postgresql.run(end)
    called = Counter(call.customer_id for call in postgresql.run(calls, of.tenant_id).values())
    assert len(called) >= 3 * 12
    assert set(called.values()) == {1}


def test_nobody_is_claimed_by_two_workers(postgresql: Desk) -> None:
    """Without a limit of its own a campaign is taken in by all workers at once, and each gets others."""
    _, one = postgresql.run(floor, MANY)
    found = postgresql.at_once(
        *(
            lambda conn, i=i: [row.id for row in queue.claim(conn, START, TIMING, one, 10, f"worker{i}")]
            for i in range(WORKERS)
        )
    )
    taken = [customer for ids in found for customer in ids]
    assert len(taken) == len(set(taken)) == WORKERS * 10


def couple(conn: Connection, count: int, lists: int) -> tuple[Company, list[Any], list[list[Intent]]]:
    """The same people on several campaigns: what each campaign is about to place."""
    of = company(conn)
    people = []
    for number in range(count):
        someone = Someone(f"P{number}", [f"+8490000{number:04}"])
        people.append((person(conn, of, someone), someone))
    each = [campaign(conn, of, Mode.AUTOCALL) for _ in range(lists)]
    return of, each, [_intents(conn, one, people) for one in each]


def _intents(conn: Connection, one: Any, people: list[tuple[int, Someone]]) -> list[Intent]:
    listed = enlist(conn, START, one, people)
    queue.claim(conn, START, TIMING, one, len(people), "token")
    return [
        Intent(
            cleared=clearance(customer.customer_id, customer.person_id, customer.phones[0], START),
            reference=f"d{one.id}-{customer.customer_id}",
            run_id=read(conn, Customer, customer.customer_id).run_id,
            attempt=1,
            role=Role.BORROWER,
        )
        for customer in listed
    ]


@pytest.mark.parametrize("workers", [2, 4])
def test_crossing_batches_ring_every_number_once_and_never_deadlock(postgresql: Desk, workers: int) -> None:
    for _ in range(3):
        of, each, intents = postgresql.run(couple, CROWD, workers)
        begin = together(workers)

        def place(number: int, each: Any = each, intents: Any = intents, begin: Any = begin) -> Any:
            order = intents[number] if number % 2 else list(reversed(intents[number]))

            def work(conn: Connection) -> dict[str, int]:
                conn.execute(select(1))
                begin()
                return ledger.intend(conn, START, TIMING, each[number], order, "token")

            return work

        held = postgresql.at_once(*(place(number) for number in range(workers)))
        live = [call for call in postgresql.run(calls, of.tenant_id).values() if call.state.live]
        assert sum(map(len, held)) == len(live) == len({call.phone for call in live}) == CROWD
        losers = [one for one in postgresql.run(customers, of.tenant_id).values() if one.reason is Reason.NUMBER_BUSY]
        assert len(losers) == CROWD * (workers - 1)
        assert all(one.lease_token is None and one.attempts == 0 and one.due_at > START for one in losers)


def ringing(conn: Connection, count: int) -> tuple[Company, list[int]]:
    """Calls that were handed over, one a customer."""
    of, (one, *_), (intents, *_) = couple(conn, count, 1)
    return of, sorted(ledger.intend(conn, START, TIMING, one, intents, "token").values())


def settled(conn: Connection, tenant_id: int) -> tuple[list[Any], int, int]:
    rows = list(customers(conn, tenant_id).values())
    changes, facts = columns_of(Change), columns_of(FactRow)
    told = conn.scalar(select(func.count()).where(changes.tenant_id == tenant_id, changes.call_id.is_not(None)))
    known = conn.scalar(select(func.count()).where(facts.tenant_id == tenant_id, facts.kind != FactKind.INTENDED))
    return rows, int(told or 0), int(known or 0)


BUSY = (
    Fact(FactKind.RINGING, START, call_id="V"),
    Fact(FactKind.HANGUP, START, call_id="V", duration=9, billsec=0),
    Fact(FactKind.CDR, START, call_id="V", disposition=Outcome.BUSY),
)


def telling(call: int, fact: Fact) -> Callable[[Connection], Any]:
    return lambda conn: ledger.apply(conn, START, TIMING, [Told(call, fact)])


@pytest.mark.parametrize("count", [1, 8])
def test_the_same_facts_from_four_connections_are_settled_once(postgresql: Desk, count: int) -> None:
    of, ids = postgresql.run(ringing, count)
    told = [Told(call, replace(fact, call_id=f"V{call}")) for call in ids for fact in BUSY]

    def settle(backwards: bool) -> Callable[[Connection], Any]:
        order = list(reversed(told)) if backwards else told
        return lambda conn: ledger.apply(conn, START, TIMING, order)

    postgresql.at_once(*(settle(number % 2 == 1) for number in range(WORKERS)))
    rows, changes, facts = postgresql.run(settled, of.tenant_id)
    assert {(row.status, row.reason, row.attempts, row.open_call_id) for row in rows} == {
        (Status.QUEUE, Reason.RECALL, 1, None)
    }
    assert changes == count
    assert facts == 3 * count


def test_facts_of_one_call_told_piecemeal_by_four_connections_meet(postgresql: Desk) -> None:
    of, (call,) = postgresql.run(ringing, 1)
    answered = Fact(FactKind.ANSWERED, START, call_id="V")
    told = [*BUSY, answered]
    postgresql.at_once(
        *(lambda conn, fact=fact: ledger.apply(conn, START, TIMING, [Told(call, fact)]) for fact in told)
    )
    row = postgresql.run(calls, of.tenant_id)[call]
    assert (row.outcome, row.billsec, row.ringing_at, row.answered_at) == (Outcome.BUSY, 0, START, START)
    assert postgresql.run(settled, of.tenant_id)[1:] == (1, 4)


def test_hooks_of_one_account_are_settled_by_one_worker_at_a_time(postgresql: Desk) -> None:
    """The rest of a call's hooks may lie with another worker, who would take it for a stranger's call: it is not bound
    yet when he looks, and not open any more a moment later."""
    of = postgresql.run(lambda conn: scene(conn, Mode.AUTOCALL))
    (one,), (call,) = of.listed, of.call_ids
    hooks = [body(fact, one.phones[0], f"V{call}") for fact in BUSY]
    postgresql.run(receipts.store, [Delivery(of.of.tenant_id, of.of.account_id, raw, START) for raw in hooks])
    gate = together(2)

    def first(conn: Connection) -> int:
        taken = settling.settle(conn, TIMING, of.reader, at_most=1)[0].total()
        gate()
        gate()
        return taken

    def second(conn: Connection) -> int:
        gate()
        taken = settling.settle(conn, TIMING, of.reader)[0].total()
        gate()
        return taken

    assert postgresql.at_once(first, second) == [1, 0]
    rest = postgresql.run(lambda conn: settling.settle(conn, TIMING, of.reader)[0])
    assert rest == {ReceiptOutcome.APPLIED: len(BUSY) - 1}
    assert postgresql.run(calls, of.of.tenant_id)[call].outcome is Outcome.BUSY


@given(releases=st.lists(st.booleans(), min_size=WORKERS, max_size=WORKERS))
@settings(max_examples=8)
def test_a_release_and_a_ring_that_cross_come_to_an_attempt(postgresql: Desk, releases: list[bool]) -> None:
    """Whichever comes first: what rang is charged once."""
    of, (call,) = postgresql.run(ringing, 1)
    taken_back = Fact(FactKind.TAKEN_BACK, START, reason=Reason.TAKEN_BACK)
    facts = [taken_back if release else BUSY[0] for release in releases]
    postgresql.at_once(*(telling(call, fact) for fact in facts))
    (customer,) = postgresql.run(customers, of.tenant_id).values()
    row = postgresql.run(calls, of.tenant_id)[call]
    assert (customer.attempts, row.charged) == ((0, False) if all(releases) else (1, True))
    assert (customer.open_call_id is None) == row.state.final


def test_a_claim_is_not_blocked_by_a_worker_that_settles(postgresql: Desk) -> None:
    """Settling holds customers whose calls ended; others are claimed meanwhile."""
    _, one = postgresql.run(floor, 4)
    gate = together(2)

    def hold(conn: Connection) -> list[int]:
        first = select(table(Customer)).where(CUSTOMER.campaign_id == one.id).order_by(CUSTOMER.id).limit(2)
        found = [row.id for row in conn.execute(first.with_for_update())]
        gate()
        gate()
        return found

    def claim(conn: Connection) -> list[int]:
        gate()
        found = [row.id for row in queue.claim(conn, START, TIMING, one, 10, "token")]
        gate()
        return found

    held, claimed = postgresql.at_once(hold, claim)
    assert len(claimed) == 2
    assert not set(held) & set(claimed)


def test_dossiers_read_in_the_same_transaction_see_the_newest_suppression(postgresql: Desk) -> None:
    """A number that is suppressed between claim and intent is not dialed: the intent asks again."""
    of, one = postgresql.run(floor, 1)
    (customer,) = postgresql.run(customers, of.tenant_id).values()
    chosen, _ = postgresql.run(handovers.choose, TIMING, one, 20, "token")
    assert chosen == [customer.id]
    tenant = postgresql.run(read, Tenant, of.tenant_id)
    postgresql.run(_suppress, of, tenant, one)
    assert postgresql.run(handovers.commit, TIMING, one, chosen, "token").orders == {}
    (customer,) = postgresql.run(customers, of.tenant_id).values()
    assert (customer.status, customer.reason, customer.lease_token) == (Status.DNC, Reason.SUPPRESSED, None)


def _suppress(conn: Connection, of: Company, tenant: Any, one: Any) -> None:
    (candidate,), _ = dossiers.gather(
        conn, START, TIMING, brief(conn, tenant, one), list(customers(conn, of.tenant_id).values())
    )
    dnc.suppress(conn, START, of.tenant_id, [Entry(Subject.NUMBER, candidate.dossier.phone)], "test")


@pytest.mark.parametrize("other", ["order", "list"])
def test_two_who_bring_the_same_person_onto_a_list_at_once_bring_him_once(
    postgresql: Desk, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    of, one = postgresql.run(floor, 0)
    postgresql.run(person, of, Someone("KH1", ["+84912345678"]))
    looked, enlist, later = together(2), ledger.enlist, START + TIMING.dead_number

    def everybody_looks_first(*args: Any) -> Any:
        looked()
        return enlist(*args)

    def order(conn: Connection, name: str) -> bool:
        tenant, wish = read(conn, Tenant, of.tenant_id), Wish(Whom("KH1", ("+84912345678",)), later)
        try:
            triggers.trigger(conn, START, TIMING, tenant, one, wish, name, "crm")
        except NotNow:
            return False
        return True

    def bring(conn: Connection) -> bool:
        row = Row(Subject.PERSON, "KH1", "", None, None, 0, [], [])
        return bool(lists.load(conn, START, one, ListFile((), [row]), "test", "l.csv"))

    monkeypatch.setattr(ledger, "enlist", everybody_looks_first)
    second = bring if other == "list" else lambda conn: order(conn, "t2")
    taken = postgresql.at_once(lambda conn: order(conn, "t1"), second)
    [customer] = postgresql.run(customers, of.tenant_id).values()
    assert sum(taken) == (2 if other == "list" else 1)
    assert (customer.callback_id is not None, customer.expires_at is None) == (True, other == "list")
