"""Why is nobody called? Every customer is counted once, under the answer that he has himself."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from databases import Desk
from founding import START, Someone, customers, enlist, person, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, update
from sqlalchemy.exc import DBAPIError

from campaigns import dnc, ledger, reports
from campaigns.dnc import Entry
from campaigns.ledger import Closing
from campaigns.models import Campaign, Customer, Number, Tenant, VendorAccount
from campaigns.reports import Explanation
from campaigns.reports.explaining import HOURS, kind_of
from campaigns.rows import columns_of, table
from campaigns.timing import Timing
from campaigns.words import FactKind, Outcome, Reason, Role, Status, Subject, Wanted
from dialer.database import hold_still

from .test_reports import Floor as Ledger
from .test_reports import floor

TIMING = Timing()
NIGHT = START + timedelta(hours=14)
FATES = (
    "fresh",
    "recall-later",
    "recall-at-night",
    "suppressed",
    "suppressed-later",
    "reference",
    "dead",
    "elsewhere",
    "calling",
    "ended",
    "spoke",
    "withdrawn",
    "expired",
    "used-up",
)


def explained(here: Ledger, now: datetime = START, at_most: int = 1000) -> Explanation:
    tenant = read(here.conn, Tenant, here.of.tenant_id)
    here.campaign = read(here.conn, Campaign, here.campaign.id)
    return reports.explain(here.conn, now, TIMING, tenant, here.campaign, at_most)


def set_customer(here: Ledger, customer_id: int, **values: Any) -> None:
    chosen = update(table(Customer)).where(columns_of(Customer).id == customer_id)
    here.conn.execute(chosen.values(**values))


def befall(here: Ledger, one: Any, fate: str) -> None:
    """What happened to a customer before he is asked about."""
    phone, mine = one.phones[0], one.customer_id
    number = columns_of(Number)
    hour = timedelta(hours=1)
    match fate:
        case "recall-later":
            set_customer(here, mine, due_at=START + hour, reason=Reason.RECALL, attempts=1)
        case "recall-at-night":
            set_customer(here, mine, due_at=NIGHT, attempts=1)
        case "suppressed" | "suppressed-later":
            dnc.suppress(here.conn, START, here.of.tenant_id, [Entry(Subject.NUMBER, phone)], "test")
            if fate == "suppressed-later":
                set_customer(here, mine, due_at=START + hour, reason=Reason.RECALL)
        case "reference":
            his = update(table(Number)).where(number.person_id == one.person_id)
            here.conn.execute(his.values(role=Role.REFERENCE))
        case "dead":
            his = update(table(Number)).where(number.person_id == one.person_id)
            here.conn.execute(his.values(dead_at=START))
        case "elsewhere":
            ledger.hear(
                here.conn,
                START,
                TIMING,
                [ledger.Heard(here.of.tenant_id, here.of.account_id, f"X{mine}", phone, True)],
            )
        case "calling" | "ended" | "spoke":
            _call(here, one, fate)
        case "withdrawn" | "expired" | "used-up":
            _close(here, mine, fate)


def _call(here: Ledger, one: Any, fate: str) -> None:
    call = here.dial(one)
    if fate == "ended":
        here.learn(call, (FactKind.RINGING, {}), (FactKind.HANGUP, {"billsec": 9, "duration": 20}))
    elif fate == "spoke":
        here.end(call, Outcome.ANSWERED, 30)


def _close(here: Ledger, customer_id: int, fate: str) -> None:
    closings = {
        "withdrawn": Closing(customer_id, Status.WITHDRAWN, Reason.WITHDRAWN),
        "used-up": Closing(customer_id, Status.BUSY, Reason.RECALLS_USED_UP),
    }
    if fate in closings:
        ledger.close(here.conn, START, here.of.tenant_id, [closings[fate]], "test")
    else:
        set_customer(here, customer_id, status=Status.EXPIRED, reason=None)


def one_by_one(here: Ledger, now: datetime) -> Counter[Any]:
    """The answers of `customer show`, counted."""
    tenant = read(here.conn, Tenant, here.of.tenant_id)
    told: Counter[Any] = Counter()
    for row in customers(here.conn, here.of.tenant_id).values():
        answer = reports.why(here.conn, now, TIMING, tenant, here.campaign, row)
        kind = kind_of(answer)
        told[kind if answer.reason or answer.about != "customer" else ("customer", row.status.value, None)] += 1
    return told


def counted(told: Explanation) -> Counter[Any]:
    return Counter({(group.about, group.reason, group.detail): group.customers for group in told.groups})


class _Undone(Exception):
    """Nothing of an example stays."""


@given(
    fates=st.lists(st.sampled_from(FATES), max_size=12),
    hours=st.sampled_from([0, 0.5, 2, 14, 22]),
    wanted=st.sampled_from([Wanted.RUNNING, Wanted.RUNNING, Wanted.RUNNING, Wanted.PAUSED]),
    rulebook=st.sampled_from(["vn-debt", "none"]),
)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_everybody_is_counted_once_and_as_he_is_told_himself(
    database: Desk, fates: list[str], hours: float, wanted: Wanted, rulebook: str
) -> None:
    now = START + timedelta(hours=hours)

    def work(conn: Connection) -> None:
        here = floor(conn, rulebook=rulebook, creditor="Công ty Mẫu", wanted=wanted)
        for one, fate in zip(here.enlist(len(fates)), fates, strict=True):
            befall(here, one, fate)
        told = explained(here, now)
        assert told.customers == len(fates) == sum(group.customers for group in told.groups)
        assert told.final + told.in_call + told.waiting == len(fates)
        assert counted(told) == one_by_one(here, now)
        few = explained(here, now, at_most=2)
        assert sum(group.customers for group in few.groups) == len(fates)
        raise _Undone

    with pytest.raises(_Undone):
        database.run(work)


def test_of_those_beyond_the_bound_the_row_is_told_and_that_nobody_looked(database: Desk) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn)
        for one in here.enlist(5)[3:]:
            befall(here, one, "recall-later")
        told = explained(here, at_most=2)
        assert (told.looked_at, told.waiting) == (2, 5)
        assert counted(told) == {
            ("turn", None, None): 2,
            ("unseen", None, None): 1,
            ("wait", Reason.RECALL, None): 2,
        }

    database.run(work)


def test_who_is_next_is_told_with_the_moment_at_which_the_gate_will_let_him(database: Desk) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn, rulebook="vn-debt", creditor="Công ty Mẫu")
        now, soon, at_night, never = here.enlist(4)
        befall(here, soon, "recall-later")
        befall(here, at_night, "recall-at-night")
        befall(here, never, "reference")
        codes = {row.id: row.code for row in customers(conn, here.of.tenant_id).values()}
        told = [(turn.code, turn.when, turn.reason) for turn in explained(here).next]
        assert told == [
            (codes[now.customer_id], START, None),
            (codes[soon.customer_id], START + timedelta(hours=1), Reason.RECALL),
            # He falls due at eleven in the evening, and is called in the morning.
            (codes[at_night.customer_id], NIGHT + timedelta(hours=8), Reason.OUTSIDE_HOURS),
            (codes[never.customer_id], None, Reason.NO_LIABLE_NUMBER),
        ]

    database.run(work)


def test_of_many_the_first_ten_are_next_by_priority_and_then_by_who_waits_longest(database: Desk) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn)
        people = [Someone(f"P{place}", [f"+8497{place:07}"]) for place in range(12)]
        for place, someone in enumerate(people):
            enlist(conn, START, here.campaign, [(person(conn, here.of, someone), someone)], priority=-place)
        assert [turn.code for turn in explained(here).next] == [f"P{place}" for place in range(11, 1, -1)]

    database.run(work)


def test_the_day_ahead_shows_who_falls_due_in_which_hour_and_when_it_is_open(database: Desk) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn, rulebook="vn-debt", creditor="Công ty Mẫu")
        listed = here.enlist(5)
        for one, minutes in zip(listed, (-500, 0, 59, 60, 24 * 60), strict=True):
            set_customer(here, one.customer_id, due_at=START + timedelta(minutes=minutes))
        told = explained(here)
        assert told.since == START
        assert told.due == [3, 1] + [0] * (HOURS - 2)
        # Nine in the morning to nine in the evening, and from seven o'clock on.
        assert told.open == [1.0] * 12 + [0.0] * 10 + [1.0] * 2

    database.run(work)


def test_what_stands_against_everybody_is_the_answer_of_everybody_who_waits(database: Desk) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn, rulebook="vn-debt", creditor=None)
        here.enlist(3)
        told = explained(here)
        assert counted(told) == {("campaign", Reason.CREDITOR_MISSING, "vn-debt"): 3}
        assert (told.looked_at, {turn.reason for turn in told.next}) == (0, {Reason.CREDITOR_MISSING})
        until = START + timedelta(minutes=5)
        account = columns_of(VendorAccount)
        mine = update(table(Campaign)).where(columns_of(Campaign).id == here.campaign.id)
        conn.execute(mine.values(creditor="Công ty Mẫu"))
        conn.execute(
            update(table(VendorAccount)).where(account.id == here.of.account_id).values(placing_resumes_at=until)
        )
        assert counted(explained(here)) == {("vendor", Reason.THROTTLED, None): 3}

    database.run(work)


def test_explaining_writes_nothing_and_sees_one_moment(postgresql: Desk) -> None:
    def work(conn: Connection) -> None:
        hold_still(conn)
        here = floor(conn)
        assert explained(here)

    with pytest.raises(DBAPIError, match="read-only transaction"):
        postgresql.run(work)
