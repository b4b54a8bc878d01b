"""Recalls by outcome, dead numbers, and the quiet after a conversation, as the ledger and the gate hold them."""

from datetime import datetime, timedelta
from typing import Any

from databases import Desk
from founding import START, Company, Someone, calls, campaign, company, customers, enlist, person
from sqlalchemy import Connection

from campaigns import ledger
from campaigns.ledger import Told
from campaigns.states import Fact
from campaigns.timing import Timing
from campaigns.words import FactKind, Mode, Outcome, Reason, Status

from .test_corners import at, dial

TIMING = Timing()
HOME, WORK = "+84912000001", "+84912000002"


class Line:
    """A campaign with one customer, who is called whenever his turn has come."""

    def __init__(self, database: Desk, phones: tuple[str, ...] = (HOME,), **terms: Any) -> None:
        self.database = database
        self.of: Company = database.run(company)
        self.now = START
        self.campaign = database.run(self._found, phones, terms)

    def _found(self, conn: Connection, phones: tuple[str, ...], terms: dict[str, Any]) -> Any:
        # Each company has numbers of its own, because one database serves all tests.
        one = campaign(conn, self.of, Mode.AUTOCALL, **{"max_recall_count": 20, "recall_delay": 900} | terms)
        someone = Someone("K1", phones)
        enlist(conn, START, one, [(person(conn, self.of, someone), someone)])
        return one

    @property
    def customer(self) -> Any:
        (row,) = self.database.run(customers, self.of.tenant_id).values()
        return row

    def ends(self, outcome: Outcome, billsec: int = 0) -> str | None:
        """Call him now, if he may be called, and let the call end like this; the number that was dialed."""
        dialed = self.database.run(at(self.now, dial, self.campaign, f"{self.now.timestamp()}"))
        if not dialed:
            return None
        said = Fact(FactKind.RECORD, self.now, call_id=f"V{dialed[0]}", disposition=outcome, confirms=True)
        facts = [
            Fact(FactKind.PLACED, self.now, call_id=f"V{dialed[0]}", confirms=True),
            Fact(**{**_fields(said), "billsec": billsec, "duration": billsec, "ended_at": self.now}),
        ]
        self.database.run(_tell, self.now, dialed[0], facts)
        return str(self.database.run(calls, self.of.tenant_id)[dialed[0]].phone)

    def waits(self) -> timedelta:
        return timedelta(seconds=(self.customer.due_at - self.now).total_seconds())

    def later(self, **passed: int) -> "Line":
        self.now += timedelta(**passed)
        return self

    def until_due(self) -> "Line":
        self.now = max(self.now, self.customer.due_at)
        return self


def _fields(fact: Fact) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in fact.__dataclass_fields__}


def _tell(conn: Connection, now: datetime, call: int, facts: list[Fact]) -> None:
    ledger.apply(conn, now, TIMING, [Told(call, fact) for fact in facts])


def test_each_outcome_is_recalled_after_its_own_wait(database: Desk) -> None:
    line = Line(database, recalls={"busy": {"delay": 300}, "no-answered": {"delay": 7200}})
    for outcome, minutes in [(Outcome.BUSY, 5), (Outcome.NO_ANSWERED, 120), (Outcome.CANCEL, 15)]:
        assert line.until_due().ends(outcome) == HOME
        assert line.waits() == timedelta(minutes=minutes)


def test_a_wait_grows_with_each_time_in_the_run_and_other_outcomes_do_not_count(database: Desk) -> None:
    line = Line(database, recalls={"busy": {"delay": 300, "growth": 2.0}})
    waits = []
    for outcome in (Outcome.BUSY, Outcome.BUSY, Outcome.NO_ANSWERED, Outcome.BUSY):
        line.until_due().ends(outcome)
        waits.append(line.waits() // timedelta(minutes=1))
    assert waits == [5, 10, 15, 20]


def test_who_was_busy_too_often_today_is_called_when_the_tenants_next_day_begins(database: Desk) -> None:
    line = Line(database, recalls={"busy": {"delay": 300, "per_day": 2}})
    line.ends(Outcome.BUSY)
    line.until_due().ends(Outcome.BUSY)
    # Midnight in Vietnam.
    assert line.customer.due_at == START.replace(hour=17, minute=0)
    line.until_due().ends(Outcome.BUSY)
    assert line.waits() == timedelta(minutes=5)


def test_who_was_busy_too_often_in_the_run_is_final(database: Desk) -> None:
    line = Line(database, recalls={"busy": {"delay": 0, "per_run": 2}})
    line.ends(Outcome.BUSY)
    line.later(seconds=1).ends(Outcome.BUSY)
    assert (line.customer.status, line.customer.reason) == (Status.BUSY, Reason.RECALLS_USED_UP)


def test_a_number_that_failed_twice_in_a_row_is_not_tried_again(database: Desk) -> None:
    line = Line(database, phones=(HOME, WORK), recall_delay=60)
    assert line.ends(Outcome.INVALID) == HOME
    assert line.until_due().ends(Outcome.NO_ANSWERED) == WORK
    assert line.until_due().ends(Outcome.INVALID) == HOME
    assert [line.until_due().ends(Outcome.NO_ANSWERED) for _ in range(3)] == [WORK] * 3


def test_a_number_that_rang_in_between_is_alive(database: Desk) -> None:
    line = Line(database, recall_delay=60)
    for outcome in (Outcome.INVALID, Outcome.NO_ANSWERED, Outcome.INVALID):
        assert line.until_due().ends(outcome) == HOME
    assert line.until_due().ends(Outcome.NO_ANSWERED) == HOME


def test_who_has_only_dead_numbers_is_final_and_says_so(database: Desk) -> None:
    line = Line(database, recall_delay=60)
    line.ends(Outcome.INVALID)
    line.until_due().ends(Outcome.INVALID)
    assert line.until_due().ends(Outcome.NO_ANSWERED) is None
    assert (line.customer.status, line.customer.reason) == (Status.FAIL, Reason.NUMBERS_DEAD)


def test_after_a_conversation_everybody_leaves_him_alone_for_a_while(database: Desk) -> None:
    """Also another campaign, and to the minute."""
    line = Line(database, quiet_time=3600)
    line.ends(Outcome.ANSWERED, billsec=40)
    assert line.customer.status is Status.ANSWERED
    other = database.run(_another, line)
    assert database.run(at(START + timedelta(minutes=59), dial, other, "early")) == []
    (waiting,) = [row for row in database.run(customers, line.of.tenant_id).values() if row.campaign_id == other.id]
    assert (waiting.reason, waiting.due_at) == (Reason.QUIET_TIME, START + timedelta(hours=1))
    assert len(database.run(at(START + timedelta(hours=1), dial, other, "late"))) == 1


def _another(conn: Connection, line: Line) -> Any:
    other = campaign(conn, line.of, Mode.AUTOCALL, quiet_time=3600)
    (customer,) = customers(conn, line.of.tenant_id).values()
    enlist(conn, START, other, [(customer.person_id, Someone("K1", (HOME,)))])
    return other
