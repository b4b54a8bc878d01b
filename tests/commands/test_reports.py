"""Questions asked of a small hand-made ledger, on both databases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from databases import Desk
from founding import START, Company, Listed, agent, campaign, company, customers, debtors, read, run_of
from sqlalchemy import Connection, insert, update

from campaigns import compliance, dnc, ledger, queue, reports, rulebooks
from campaigns.breaker import Breaker, Position
from campaigns.compliance import Cleared, Dossier, Mandate
from campaigns.dnc import Entry
from campaigns.ledger import Closing, Intent, Told
from campaigns.models import Campaign, Customer, Debt, ListImport, Tenant, VendorAccount
from campaigns.reports import AgentState, Answer
from campaigns.rows import columns_of, table
from campaigns.states import Fact
from campaigns.timing import Timing
from campaigns.words import FactKind, Mode, Outcome, Purpose, Reason, Role, Status, Subject, Wanted

TIMING = Timing()
LATER = START + timedelta(minutes=1)


@dataclass
class Floor:
    """One running campaign of a company, and what may happen to its customers."""

    conn: Connection
    of: Company
    campaign: Any

    def enlist(self, count: int) -> list[Listed]:
        return debtors(self.conn, self.of, self.campaign, count)

    def dial(self, listed: Listed, agent_id: int | None = None) -> int:
        """An intent for this customer; the call's id."""
        chosen = update(table(Customer)).where(columns_of(Customer).id == listed.customer_id)
        self.conn.execute(chosen.values(lease_token="t", lease_until=LATER))
        dossier = Dossier(
            customer_id=listed.customer_id,
            person_id=listed.person_id,
            phone=listed.phones[0],
            role=Role.BORROWER,
            mode=self.campaign.mode,
            mandate=Mandate(Purpose.DEBT_REMINDER),
            zones=("Asia/Ho_Chi_Minh",),
        )
        cleared = compliance.review(dossier, rulebooks.shipped()["none"], START)
        assert isinstance(cleared, Cleared)
        reference, run_id = f"r{listed.customer_id}", run_of(self.conn, self.campaign)
        intent = Intent(cleared, reference, run_id, 1, Role.BORROWER, agent_id)
        return ledger.intend(self.conn, START, TIMING, self.campaign, [intent], "t")[reference]

    def learn(self, call: int, *facts: tuple[FactKind, dict[str, Any]]) -> None:
        told = [Told(call, Fact(kind, START, **said)) for kind, said in facts]
        ledger.apply(self.conn, START, TIMING, told)

    def end(self, call: int, outcome: Outcome, billsec: int = 0) -> None:
        """The vendor's whole record of the call."""
        said = {"disposition": outcome, "billsec": billsec, "extension": "101", "ended_at": START}
        self.learn(call, (FactKind.PLACED, {}), (FactKind.RINGING, {}), (FactKind.RECORD, said))

    def standing(self, now: datetime = START) -> reports.Standing:
        self.campaign = read(self.conn, Campaign, self.campaign.id)
        return reports.standing(self.conn, now, TIMING, self.campaign)

    def want(self, wanted: Wanted) -> None:
        ledger.command(self.conn, START, self.campaign, wanted, "test")

    def why(self, listed: Listed, now: datetime = START) -> Answer:
        self.campaign = read(self.conn, Campaign, self.campaign.id)
        tenant = read(self.conn, Tenant, self.of.tenant_id)
        customer = read(self.conn, Customer, listed.customer_id)
        return reports.why(self.conn, now, TIMING, tenant, self.campaign, customer)

    def results(self) -> tuple[Sequence[str], list[reports.Result]]:
        under = reports.columns(self.conn, self.campaign)
        return under.names, list(reports.results(self.conn, START, self.campaign, "Asia/Ho_Chi_Minh", under))

    def upload(self, file: str, headers: Sequence[str]) -> int:
        row = {
            "tenant_id": self.of.tenant_id,
            "campaign_id": self.campaign.id,
            "run_id": run_of(self.conn, self.campaign),
        }
        told = {"file_name": file, "sha256": file, "headers": list(headers), "counts": {}, "imported_at": START}
        return int(
            self.conn.execute(insert(table(ListImport)).returning(columns_of(ListImport).id), row | told).scalar_one()
        )

    def owe(
        self, listed: Listed, import_id: int, row_number: int, contract: str, cells: Sequence[str], **more: Any
    ) -> None:
        row = {"tenant_id": self.of.tenant_id, "customer_id": listed.customer_id, "list_import_id": import_id}
        told = {"contract_number": contract, "uploaded": list(cells), "row_number": row_number, "variables": {}}
        self.conn.execute(insert(table(Debt)), row | told | more)


def floor(conn: Connection, mode: Mode = Mode.AUTOCALL, **columns: Any) -> Floor:
    of = company(conn)
    return Floor(conn, of, campaign(conn, of, mode, **columns))


def test_a_draft_without_customers_is_all_zeros(database: Desk) -> None:
    def work(conn: Connection) -> None:
        seen = floor(conn, wanted=Wanted.DRAFT).standing()
        assert (seen.state, seen.customers, seen.calls, seen.attempts, seen.answered) == ("draft", 0, 0, 0, 0)
        assert (seen.by_status, seen.by_reason, seen.answer_rate, seen.next_due_at) == ({}, {}, None, None)

    database.run(work)


def test_every_customer_has_one_reason_and_the_sums_agree(database: Desk) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn)
        fresh, leased, calling, ended, recalled, spoke, barred = here.enlist(7)
        here.dial(calling)
        here.learn(here.dial(ended), (FactKind.RINGING, {}), (FactKind.HANGUP, {"billsec": 9, "duration": 20}))
        here.end(here.dial(recalled), Outcome.BUSY)
        here.end(here.dial(spoke), Outcome.ANSWERED, 30)
        closing = Closing(barred.customer_id, Status.DNC, Reason.SUPPRESSED)
        ledger.close(conn, START, here.of.tenant_id, [closing], "test")
        chosen = update(table(Customer)).where(columns_of(Customer).id == leased.customer_id)
        conn.execute(chosen.values(lease_token="other", lease_until=LATER))
        seen = here.standing()
        assert seen.by_reason == {
            "claimed": 1,
            "in-call": 1,
            "never-called": 1,
            "recall": 1,
            "spoke": 1,
            "suppressed": 1,
            "verdict-pending": 1,
        }
        assert seen.by_status == {"answered": 1, "dnc": 1, "new": 2, "queue": 3}
        assert (seen.customers, seen.waiting, seen.final) == (7, 5, 2)
        assert sum(seen.by_status.values()) == sum(seen.by_reason.values()) == seen.customers
        # A lease that ran out is no claim any more.
        assert "claimed" not in here.standing(LATER + timedelta(seconds=1)).by_reason
        assert here.why(fresh) == Answer("turn", None)

    database.run(work)


def test_calls_are_those_that_may_have_rung_and_answered_ones_found_an_ear(database: Desk) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn, Mode.AUTODIALER)
        spoke, short, dropped, busy, returned, live = (here.dial(one) for one in here.enlist(6))
        here.end(spoke, Outcome.ANSWERED, 40)
        here.end(short, Outcome.ANSWERED, 1)
        here.end(busy, Outcome.BUSY)
        record = {"disposition": Outcome.ANSWERED, "billsec": 3, "ended_at": START}
        here.learn(dropped, (FactKind.RINGING, {}), (FactKind.RECORD, record))
        here.learn(returned, (FactKind.NOT_PLACED, {"reason": Reason.DECLINED}))
        here.learn(live, (FactKind.RINGING, {}), (FactKind.ANSWERED, {}))
        seen = here.standing()
        assert (seen.calls, seen.attempts, seen.live_calls, seen.talking) == (5, 5, 1, 1)
        assert (seen.answered, seen.abandoned, seen.answer_rate) == (3, 1, 0.75)
        assert seen.by_outcome == {"abandoned": 1, "answered": 2, "busy": 1}
        assert seen.talk_seconds == 41

    database.run(work)


def test_a_campaign_is_finished_when_nothing_is_open_and_runs_again_when_a_list_brings_new_people(
    database: Desk,
) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn)
        assert here.standing().state == "running"
        [one] = here.enlist(1)
        call = here.dial(one)
        closing = Closing(one.customer_id, Status.WITHDRAWN, Reason.WITHDRAWN)
        ledger.close(conn, START, here.of.tenant_id, [closing], "test", "paid")
        assert here.standing().state == "running", "his call still rings"
        here.learn(call, (FactKind.HANGUP, {"billsec": 0}))
        assert here.standing().state == "running", "its verdict is awaited"
        here.learn(call, (FactKind.CDR, {"disposition": Outcome.BUSY}))
        assert here.standing().state == "finished"
        here.enlist(1)
        assert here.standing().state == "running"
        here.want(Wanted.PAUSED)
        assert here.standing().state == "paused"

    database.run(work)


def test_another_campaign_and_another_company_are_not_counted(database: Desk) -> None:
    def work(conn: Connection) -> None:
        here, other = floor(conn), floor(conn)
        sibling = Floor(conn, here.of, campaign(conn, here.of))
        for one in (other, sibling):
            one.end(one.dial(one.enlist(1)[0]), Outcome.ANSWERED, 30)
        seen = here.standing()
        assert (seen.customers, seen.calls, seen.answered) == (0, 0, 0)

    database.run(work)


def test_results_are_one_row_a_contract_in_the_order_of_the_lists(database: Desk) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn)
        first, second, third = here.enlist(3)
        monday = here.upload("monday.csv", ["Mã KH", "phone", "phone"])
        tuesday = here.upload("tuesday.csv", ["phone", "Ghi chú"])
        here.owe(second, monday, 2, "B", ["KH2", "0912000002", ""])
        here.owe(first, monday, 3, "A1", ["KH1", "0912000001", "0912000009"])
        here.owe(first, monday, 4, "A2", ["KH1", "0912000001", ""])
        here.owe(third, monday, 5, "gone", ["KH3", "0912000003", ""], removed_at=START)
        here.owe(second, tuesday, 2, "B2", ["0912000002", "mới"])
        here.end(here.dial(first), Outcome.ANSWERED, 30)
        names, rows = here.results()
        assert list(names) == ["Mã KH", "phone", "phone (2)", "Ghi chú"]
        assert [row.contract_number for row in rows] == ["B", "A1", "A2", "B2", ""]
        assert rows[1].uploaded == ("KH1", "0912000001", "0912000009", "")
        assert rows[3].uploaded == ("", "0912000002", "", "mới")
        assert rows[4].uploaded == ("", "", "", "")
        assert rows[4].id == customers(conn, here.of.tenant_id)[third.customer_id].code

    database.run(work)


def test_a_result_tells_of_the_last_attempt_on_the_tenant_s_clock(database: Desk) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn)
        called, released, never = here.enlist(3)
        here.end(here.dial(called), Outcome.ANSWERED, 30)
        here.learn(here.dial(released), (FactKind.NOT_PLACED, {"reason": Reason.DECLINED}))
        _, rows = here.results()
        told = {row.id: row for row in rows}
        codes = {
            one.customer_id: row.code
            for one in (called, released, never)
            for row in [read(conn, Customer, one.customer_id)]
        }
        row = told[codes[called.customer_id]]
        assert (row.status, row.reason, row.attempts) == (Status.ANSWERED, "spoke", 1)
        assert (row.last_outcome, row.talk_seconds, row.agent) == (Outcome.ANSWERED, 30, "101")
        assert row.number_called is not None
        assert row.number_called.startswith("09")
        assert row.last_call_at == START
        assert row.last_call_at.isoformat().endswith("09:00:00+07:00")
        for other in (released, never):
            row = told[codes[other.customer_id]]
            assert (row.attempts, row.last_outcome, row.last_call_at, row.number_called) == (0, None, None, None)

    database.run(work)


@pytest.mark.parametrize(
    ("columns", "state", "source"),
    [
        ({}, AgentState.READY, "campaign"),
        ({"logged_in": None, "logged_in_seen_at": None}, AgentState.UNKNOWN, "vendor"),
        ({"logged_in_seen_at": START - timedelta(seconds=6)}, AgentState.UNKNOWN, "vendor"),
        ({"logged_in": False}, AgentState.AWAY, "vendor"),
        ({"wrap_up_until": LATER}, AgentState.WRAP_UP, "campaign"),
        ({"busy_until": LATER}, AgentState.BUSY, "vendor"),
        ({"presence": "paused", "presence_source": "agent"}, AgentState.PAUSED, "agent"),
        ({"presence": "resting", "presence_source": "missed-calls"}, AgentState.RESTING, "missed-calls"),
    ],
)
def test_an_agent_s_state_is_the_first_that_holds(
    database: Desk, columns: dict[str, Any], state: AgentState, source: str
) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn, Mode.CLICK2CALL)
        agent_id = agent(conn, here.of, here.campaign, "101", **columns)
        [line] = reports.roster(conn, START, TIMING, here.of.tenant_id, here.campaign.id)
        assert (line.state, line.source) == (state, source)
        assert here.standing().agents == {state.value: 1}
        # Whatever he said: while he talks he is in a call.
        here.learn(here.dial(here.enlist(1)[0], agent_id), (FactKind.RINGING, {}))
        [line] = reports.roster(conn, START, TIMING, here.of.tenant_id)
        assert (line.state, line.since, line.source) == (AgentState.IN_CALL, START, "call")

    database.run(work)


def test_an_agent_who_is_ready_can_take_a_call_and_no_other(database: Desk) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn, Mode.CLICK2CALL)
        states: list[dict[str, Any]] = [{}, {"logged_in": False}, {"busy_until": LATER}, {"wrap_up_until": LATER}]
        for number, columns in enumerate(states):
            agent(conn, here.of, here.campaign, str(101 + number), **columns)
        listed = reports.roster(conn, START, TIMING, here.of.tenant_id)
        ready = [line.extension for line in listed if line.state is AgentState.READY]
        free = queue.agents.available(conn, START, TIMING, here.of.tenant_id, here.campaign.id)
        assert ready == [row.extension for row in free] == ["101"]
        assert len(listed) == len(states)

    database.run(work)


def test_why_goes_by_a_fixed_precedence(database: Desk) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn, rulebook="vn-debt", creditor="Công ty Mẫu")
        [one] = here.enlist(1)
        phone, account = one.phones[0], columns_of(VendorAccount)
        mine = update(table(VendorAccount)).where(account.id == here.of.account_id)
        night = START + timedelta(hours=14)
        assert here.why(one) == Answer("turn", None)
        assert here.why(one, night) == Answer("gate", Reason.OUTSIDE_HOURS, night + timedelta(hours=8))
        later = START + timedelta(hours=1)
        chosen = update(table(Customer)).where(columns_of(Customer).id == one.customer_id)
        conn.execute(chosen.values(due_at=later, reason=Reason.RECALL))
        assert here.why(one) == Answer("wait", Reason.RECALL, later)
        entry = Entry(Subject.NUMBER, phone)
        dnc.suppress(conn, START, here.of.tenant_id, [entry], "test")
        assert here.why(one) == Answer("gate", Reason.SUPPRESSED)
        conn.execute(mine.values(placing_resumes_at=LATER))
        assert here.why(one) == Answer("vendor", Reason.THROTTLED, LATER)
        shut = Breaker(Position.OPEN, Reason.NO_ANSWERS, START, later, 1)
        conn.execute(mine.values(breaker={"": shut.as_json()}))
        assert here.why(one) == Answer("vendor", Reason.NO_ANSWERS, later)
        ledger.pause(conn, START, here.campaign.id, Reason.UNORDERED_RING, "a ring that nobody ordered")
        assert here.why(one) == Answer("campaign", Reason.UNORDERED_RING, detail="a ring that nobody ordered")
        here.dial(one)
        assert here.why(one) == Answer("call", Reason.IN_CALL, detail="intended")
        ledger.close(
            conn, START, here.of.tenant_id, [Closing(one.customer_id, Status.WITHDRAWN, Reason.WITHDRAWN)], "x"
        )
        assert here.why(one) == Answer("customer", Reason.WITHDRAWN)

    database.run(work)


def test_a_timeline_tells_everything_in_order_of_time_causes_first(database: Desk) -> None:
    def work(conn: Connection) -> None:
        here = floor(conn)
        [one] = here.enlist(1)
        here.owe(one, here.upload("monday.csv", ["id"]), 7, "HD1", ["x"])
        here.end(here.dial(one), Outcome.ANSWERED, 30)
        dnc.suppress(conn, LATER, here.of.tenant_id, [Entry(Subject.NUMBER, one.phones[0], reason="asked")], "boss")
        dnc.lift(conn, LATER + timedelta(hours=1), here.of.tenant_id, [one.phones[0]], "chief")
        tenant, customer = read(conn, Tenant, here.of.tenant_id), read(conn, Customer, one.customer_id)
        told = reports.timeline(conn, LATER, TIMING, tenant, here.campaign, customer)
        assert [event.kind for event in told.events] == [
            "list",
            "call",
            "fact",
            "fact",
            "fact",
            "change",
            "suppression",
            "suppression",
        ]
        assert told.events[0].what == "row 7 of monday.csv"
        assert told.events[5].what == "queue -> answered"
        assert (told.events[6].reason, told.events[6].actor) == ("asked", "boss")
        assert told.events[7].actor == "chief"
        assert [event.at for event in told.events] == sorted(event.at for event in told.events)
        assert told.contracts == ["HD1"]
        assert told.answer == Answer("customer", Reason.SPOKE)

    database.run(work)
