"""No hot statement reads a big table whole, whatever the database knows of its tables.

PostgreSQL is asked twice: with statistics, and as in the first minutes after a list was loaded, when it has none.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import masses
import pytest
from anyio.from_thread import BlockingPortal
from databases import Desk, desk, embedded
from founding import START, agent, campaign, company, run_of
from sqlalchemy import Connection, insert, text

from campaigns import agents, binding, carrier, dnc, ledger, queue, receipts, retention
from campaigns.dnc import Entry
from campaigns.ledger import Heard
from campaigns.models import ListImport, Webhook
from campaigns.receipts import Delivery
from campaigns.rows import columns_of, table
from campaigns.timing import Timing
from campaigns.words import Mode, Purpose, Reason, Subject
from dialer import handovers, reconciling, settling, steering
from dialer.database import clock
from dialer.gateways import NotPlaced, Placed
from dialer.gateways.tel4vn.reading import hook
from dialer.gateways.tel4vn.settings import Tel4vnSettings
from dialer.handovers import Answered
from dialer.vendors import Reader

from . import hot, listings, plans
from .conftest import KINDS

ROWS, OVER = 20_000, 10_000
MOST = ROWS // 8
"""So many rows of a big table may one statement read: far more than a batch, far fewer than the table has."""
TIMING = Timing()


def fill(conn: Connection) -> Any:
    """A company with a list of thousands, half of them called, and a do-not-call list as long."""
    of = company(conn, channels=1000)
    one = campaign(conn, of, Mode.AUTOCALL, concurrent_call=100, variables=["amount"])
    row = {"tenant_id": of.tenant_id, "campaign_id": one.id, "run_id": run_of(conn, one), "file_name": "l.csv"}
    row |= {"sha256": "", "headers": [], "counts": {}, "imported_at": one.created_at}
    listed = conn.execute(insert(table(ListImport)).returning(columns_of(ListImport).id), row).scalar_one()
    whose = masses.Of(of.tenant_id, of.account_id, one.id, run_of(conn, one), listed)
    for statement in (masses.PERSON, masses.NUMBER, masses.CUSTOMER, masses.DEBT, masses.RECEIPT):
        masses.fill(conn, whose, statement, 1, ROWS)
    masses.fill(conn, whose, masses.SUPPRESSION, 1, ROWS, phone="n * 40")
    masses.fill(conn, whose, masses.CALL, 1, OVER)
    conn.execute(text("UPDATE customer SET status = 'answered', attempts = 1 WHERE id <= :over"), {"over": OVER})
    for statement in (masses.FACT, masses.CHANGE, masses.DECISION):
        masses.fill(conn, whose, statement, 1, OVER)
    masses.number_on(conn, "person", "number", "customer", "suppression", "call")
    for extension in ("101", "102"):
        agent(conn, of, one, extension)
    fill_what_is_listed(conn, whose)
    return one


def fill_what_is_listed(conn: Connection, whose: masses.Of) -> None:
    """What only lists and single rows are read of: acts, deliveries, orders."""
    row = {
        "tenant_id": whose.tenant,
        "name": "crm",
        "url": "",
        "events": [],
        "sealed_secrets": b"",
        "created_at": START,
    }
    hook = conn.execute(insert(table(Webhook)).returning(columns_of(Webhook).id), row).scalar_one()
    for statement in (masses.ACT, masses.DELIVERY, masses.PROMISE, masses.ORDER):
        masses.fill(conn, replace(whose, webhook=hook), statement, 1, OVER)
    masses.number_on(conn, "callback", "triggered_call")


@pytest.fixture(scope="module", params=KINDS)
def loaded(
    request: pytest.FixtureRequest, portal: BlockingPortal, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Desk, Any]]:
    """A database of each kind with all of it, just loaded: nothing is known of its tables yet."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            one = stack.enter_context(embedded(portal, template, tmp_path_factory.mktemp("plans")))
        else:
            one = stack.enter_context(desk(portal, request.getfixturevalue("clones").migrated()))
            one.run(never_look_by_itself)
        yield one, one.run(fill)


def never_look_by_itself(conn: Connection) -> None:
    """The server must not gather statistics in the middle of a test."""
    for name in plans.BIG:
        conn.exec_driver_sql(f'ALTER TABLE "{name}" SET (autovacuum_enabled = off)')


@pytest.fixture(params=["without statistics", "with statistics"])
def filled(request: pytest.FixtureRequest, loaded: tuple[Desk, Any]) -> tuple[Desk, Any, bool]:
    return *loaded, request.param == "with statistics"


def faults(
    desk: Desk, known: bool, works: Callable[[Connection], Sequence[Callable[[], object]]], also: Sequence[str] = ()
) -> list[str]:
    """What is wrong with the plans of the statements that these works run; nothing that they do stays."""

    def look(conn: Connection) -> list[str]:
        found: list[str] = []
        whole = conn.begin_nested()
        if known:
            conn.exec_driver_sql("ANALYZE")
        for work in works(conn):
            nested = conn.begin_nested()
            with plans.explaining(conn, MOST, also) as explained:
                work()
            nested.rollback()
            found += explained.faults
        whole.rollback()
        return found

    return desk.run(look)


def test_no_statement_that_is_made_once_reads_a_big_table_whole(filled: tuple[Desk, Any, bool]) -> None:
    desk, one, known = filled
    bound = {
        "tenant_id": one.tenant_id,
        "account_id": one.vendor_account_id,
        "accounts": [one.vendor_account_id],
        "vendor_account_id": one.vendor_account_id,
        "campaign_id": one.id,
        "kind": Subject.NUMBER,
        "purpose": Purpose.DEBT_REMINDER,
        "priority": 0,
        "at_most": hot.SOME,
        "token": "token",
        "phone": "+84900019999",
        "scope": 0,
        "of_tenant": one.tenant_id,
        "tenant": one.tenant_id,
        "account": one.vendor_account_id,
        "campaign": one.id,
        "seen_since": one.created_at,
        "seen_before": one.created_at,
        "since": one.created_at,
        "run": one.id,
        "customer": one.id,
        "client": one.id,
        "key": "key",
        "looks": 1,
        "again_at": one.created_at,
        "digest": "digest",
        "source": "source",
        "extensions": ["101"],
        "ids": [one.id],
        "code": "code",
        "name": "name",
        "reference": "d1",
        "callback": one.id,
        "told": {},
        "old": one.created_at,
    }
    made_once = hot.statements()
    assert {"campaigns.queue.find_due", "campaigns.receipts.OLDEST", "campaigns.dnc.find_suppressed"} <= set(made_once)

    def all_of_them(conn: Connection) -> list[Callable[[], object]]:
        now = clock(conn)
        return [prepared(conn, name, statement, bound | {"now": now}) for name, statement in made_once.items()]

    assert not (found := faults(desk, known, all_of_them)), "\n".join(found)


def prepared(conn: Connection, name: str, statement: Any, bound: dict[str, Any]) -> Callable[[], object]:
    try:
        return hot.prepared(conn, statement, bound)
    except KeyError as missing:
        # No `pytest.fail`: it is no ordinary exception and would end the loop that all these tests share.
        raise AssertionError(f"{name} binds {missing}: say in this test what that means") from None


def test_no_step_of_a_call_s_life_reads_a_big_table_whole(filled: tuple[Desk, Any, bool]) -> None:
    desk, one, known = filled
    assert not (found := faults(desk, known, lambda conn: [lambda: life(conn, one)])), "\n".join(found)


def life(conn: Connection, one: Any) -> None:
    """Twenty calls from the claim to the verdict, and what goes on beside them."""
    chosen, _ = handovers.choose(conn, TIMING, one, hot.SOME, "token")
    orders = handovers.commit(conn, TIMING, one, chosen, "token").orders
    calls = {order.reference: call for call, order in orders.items()}
    answers = [Placed(reference, f"id-{reference}") for reference in list(calls)[1:]]
    refused = [NotPlaced(reference, Reason.DECLINED, "") for reference in list(calls)[:1]]
    handovers.record(conn, TIMING, [Answered(one, calls, [*refused, *answers], {})])
    hear(conn, one, [(f"id-{order.reference}", order.cleared.phone) for order in orders.values()])
    hear(conn, one, [("of-others", "+84900019999"), ("of-nobody", "+84911111111")])
    reconcile(conn, one, list(calls.values()))
    look_around(conn, one)


def hear(conn: Connection, one: Any, calls: list[tuple[str, str]]) -> None:
    """Hooks of these calls come in and are settled."""
    now = clock(conn)
    states: list[dict[str, Any]] = [{"state": "ringing"}, {"state": "cdr", "status": "BUSY"}]
    bodies = [
        json.dumps({"call_id": call, "to_number": f"0{phone[3:]}", "direction": "outbound"} | state)
        for call, phone in calls
        for state in states
    ]
    deliveries = [Delivery(one.tenant_id, one.vendor_account_id, body.encode(), now) for body in bodies]
    receipts.store(conn, deliveries)
    vendor = Tel4vnSettings()
    reader = Reader(lambda body: hook(body, vendor), frozenset({"101"}), True)
    settling.settle(conn, TIMING, {one.vendor_account_id: reader})


def reconcile(conn: Connection, one: Any, calls: list[int]) -> None:
    now = clock(conn)
    binding.to_check(conn, now + timedelta(days=1), hot.SOME)
    nothing = reconciling.Evidence(now, {}, {}, [])
    reader = Reader(lambda body: body, frozenset(), True, by_list_id=True)  # type: ignore[arg-type,return-value]
    reconciling.conclude(conn, TIMING, 1, calls, nothing, reader)
    queue.expire(conn, now)
    queue.release(conn, one.tenant_id, "token")


def look_around(conn: Connection, one: Any) -> None:
    """The loops and the commands that come by meanwhile."""
    now = clock(conn)
    carrier.watch(conn, now, TIMING, one.vendor_account_id)
    steering.plot(conn, TIMING)
    agents.available(conn, now, TIMING, one.tenant_id, one.id)
    agents.to_look_at(conn, clock(conn), one.vendor_account_id, now)
    queue.running(conn)
    queue.nobody_waits(conn, one)
    entries = [Entry(Subject.NUMBER, "+84900019998"), Entry(Subject.PERSON, "K19997")]
    dnc.suppress(conn, now, one.tenant_id, entries, "test")
    dnc.live_calls(conn, one.tenant_id, entries)
    dnc.listed_with(conn, one.tenant_id, [entry.subject for entry in entries])
    dnc.lift(conn, now, one.tenant_id, [entry.subject for entry in entries], "test")
    heard = [Heard(one.tenant_id, one.vendor_account_id, "heard", "+84900019990", inbound=True)]
    ledger.hear(conn, now, TIMING, heard)
    retention.prune(conn, now - timedelta(days=3650))


def test_no_page_of_a_list_reads_a_big_table_whole(loaded: tuple[Desk, Any]) -> None:
    """With statistics: in the first minute after a list was loaded, a page of it may take a moment longer."""
    desk, one = loaded
    listed = ("act", "delivery", "callback", "triggered_call")
    found = faults(desk, True, lambda conn: [*listings.works(conn, clock(conn), one, START)], listed)
    assert not found, "\n".join(found)


WITHOUT = {
    "ix_customer_due": ["ix_customer_waiting"],
    "ix_suppression_subject": ["uq_suppression_tenant", "uq_suppression_campaign", "ix_suppression_history"],
    "ix_number_phone": [],
    "ix_receipt_unsettled": [],
}
FIRST = "ix_customer_due"


@pytest.mark.parametrize(
    "index", [FIRST, *(pytest.param(other, marks=pytest.mark.deep) for other in WITHOUT if other != FIRST)]
)
def test_a_missing_index_is_seen(loaded: tuple[Desk, Any], index: str) -> None:
    """The test itself: without an index (and those that could stand in for it) it names a statement."""
    desk, one = loaded

    def without(conn: Connection) -> list[Callable[[], object]]:
        for name in (index, *WITHOUT[index]):
            conn.exec_driver_sql(f"DROP INDEX {name}")
        return [lambda: life(conn, one)]

    assert faults(desk, True, without) != []
