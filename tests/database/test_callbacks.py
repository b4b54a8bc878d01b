"""A promised call: before every list, at its time, by the agent who promised it, and kept by one call or by none."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from databases import Desk
from founding import START, Company, Listed, agent, calls, campaign, company, customers, debtors
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update

from campaigns import callbacks, dnc, ledger, queue
from campaigns.dnc import Entry
from campaigns.ledger import CALLBACK_PRIORITY, Appointment, Closing, Intent, NotNow, Told
from campaigns.models import Agent, Callback, Change
from campaigns.rows import columns_of, table
from campaigns.states import Fact
from campaigns.timing import Timing
from campaigns.words import FactKind, Mode, Origin, Outcome, Promise, Reason, Role, Status, Subject
from dialer import handovers

from .test_queue import clearance

TIMING = Timing()
HOUR = timedelta(hours=1)
OWN = 7
"""The priority that the list of these tests gives."""


@dataclass
class Scene:
    """One campaign, and whatever happens to its customers."""

    conn: Connection
    of: Company
    campaign: Any
    listed: list[Listed]
    now: datetime = START
    tokens: int = 0
    agents: list[int] = field(default_factory=list)

    @property
    def first(self) -> int:
        return self.listed[0].customer_id

    def customer(self, customer: int | None = None) -> Any:
        return customers(self.conn, self.of.tenant_id)[customer or self.first]

    def promise(self, after: timedelta = HOUR, customer: int | None = None, agent_id: int | None = None) -> int:
        wish = Appointment(self.now + after, "Asia/Ho_Chi_Minh", agent_id)
        return ledger.promise(self.conn, self.now, self.campaign, customer or self.first, wish, "test")

    def promised(self) -> list[Any]:
        columns = columns_of(Callback)
        chosen = select(table(Callback)).where(columns.tenant_id == self.of.tenant_id)
        return list(self.conn.execute(chosen.order_by(columns.id)))

    def claim(self, count: int = 1) -> list[int]:
        self.tokens += 1
        found = queue.claim(self.conn, self.now, TIMING, self.campaign, count, f"{self.of.tenant_id}-{self.tokens}")
        return [row.id for row in found]

    def commit(self, customer: int | None = None) -> int:
        """An intent for a customer who was claimed just now; the call's id."""
        row = self.customer(customer)
        phone = next(one.phones[0] for one in self.listed if one.customer_id == row.id)
        reference = f"d{row.id}-{len(calls(self.conn, self.of.tenant_id))}"
        cleared = clearance(row.id, row.person_id, phone, self.now)
        intent = Intent(cleared, reference, row.run_id, row.attempts + 1, Role.BORROWER)
        return ledger.intend(self.conn, self.now, TIMING, self.campaign, [intent], row.lease_token)[reference]

    def dial(self) -> int:
        """The call of whoever's turn it is."""
        (customer,) = self.claim()
        return self.commit(customer)

    def tell(self, call: int, kind: FactKind = FactKind.RECORD, **said: Any) -> None:
        ledger.apply(self.conn, self.now, TIMING, [Told(call, Fact(kind, self.now, **said))])

    def ends(self, call: int, outcome: Outcome = Outcome.ANSWERED) -> None:
        told = {"duration": 40, "billsec": 30 if outcome is Outcome.ANSWERED else 0, "disposition": outcome}
        self.tell(call, call_id=f"V{call}", ended_at=self.now, **told)

    def not_placed(self, call: int, reason: Reason = Reason.UNREACHABLE) -> None:
        self.tell(call, FactKind.NOT_PLACED, reason=reason)

    def close(self, status: Status, reason: Reason) -> None:
        closing = [Closing(self.first, status, reason)]
        ledger.close(self.conn, self.now, self.of.tenant_id, closing, "test")


def scene(conn: Connection, count: int = 2, mode: Mode = Mode.AUTOCALL, **terms: Any) -> Scene:
    of = company(conn)
    terms = {"max_recall_count": 1, "recall_delay": 60, **terms}
    one = campaign(conn, of, mode, **terms)
    found = Scene(conn, of, one, debtors(conn, of, one, count))
    ledger.rename(conn, START, of.tenant_id, [_row(listed, OWN) for listed in found.listed])
    return found


def _row(listed: Listed, priority: int) -> dict[str, Any]:
    return {"b_id": listed.customer_id, "b_name": "", "b_priority": priority}


def on(database: Desk, story: Any, **terms: Any) -> None:
    """Tell a story in one transaction of a database."""
    database.run(lambda conn: story(scene(conn, **terms)))


def test_a_promised_call_is_not_due_before_its_time_and_then_before_every_list(database: Desk) -> None:
    def story(floor: Scene) -> None:
        last = floor.listed[-1].customer_id
        floor.promise(HOUR, last)
        assert last not in floor.claim(9)
        floor.now += HOUR
        assert floor.claim() == [last]

    on(database, story, count=4)


def test_a_promise_is_kept_by_the_call_that_is_made_for_it_and_the_customer_s_place_is_his_own_again(
    database: Desk,
) -> None:
    def story(floor: Scene) -> None:
        floor.promise()
        assert floor.customer().priority == CALLBACK_PRIORITY
        floor.now += HOUR
        call = floor.dial()
        (kept,) = floor.promised()
        assert (kept.promise, kept.call_id, kept.closed_at) == (Promise.KEPT, call, floor.now)
        assert calls(floor.conn, floor.of.tenant_id)[call].origin is Origin.CALLBACK
        row = floor.customer()
        assert (row.priority, row.callback_id) == (OWN, None)
        floor.ends(call)
        assert floor.customer().status is Status.ANSWERED

    on(database, story)


def test_a_call_of_the_list_is_no_promised_one(database: Desk) -> None:
    def story(floor: Scene) -> None:
        call = floor.dial()
        assert calls(floor.conn, floor.of.tenant_id)[call].origin is Origin.CAMPAIGN

    on(database, story)


def test_who_spoke_and_was_promised_another_call_waits_for_it(database: Desk) -> None:
    """The promise is made while they talk, or afterwards."""

    def story(floor: Scene) -> None:
        during, after = floor.dial(), floor.dial()
        floor.promise()
        floor.ends(during)
        floor.ends(after)
        floor.promise(HOUR, floor.listed[1].customer_id)
        for listed in floor.listed:
            row = floor.customer(listed.customer_id)
            assert (row.status, row.reason, row.due_at) == (Status.QUEUE, Reason.CALLBACK, START + HOUR)
            assert row.finished_at is None

    on(database, story)


def test_an_ordinary_recall_does_not_come_before_the_promised_time(database: Desk) -> None:
    def story(floor: Scene) -> None:
        call = floor.dial()
        floor.promise()
        floor.ends(call, Outcome.BUSY)
        assert floor.customer().due_at == START + HOUR

    on(database, story)


def test_after_an_unknown_call_a_promised_one_waits_as_long_as_any_other(database: Desk) -> None:
    def story(floor: Scene) -> None:
        call = floor.dial()
        floor.promise(timedelta(minutes=1))
        floor.tell(call, FactKind.GIVEN_UP, reason=Reason.NO_EVIDENCE)
        assert floor.customer().due_at == START + TIMING.unknown_recall_delay

    on(database, story)


@pytest.mark.parametrize("mode", [Mode.AUTOCALL, Mode.CLICK2CALL])
def test_a_promised_call_that_never_rang_leaves_the_promise_open_and_due(database: Desk, mode: Mode) -> None:
    def story(floor: Scene) -> None:
        made = floor.promise()
        floor.now += HOUR
        call = floor.dial()
        if mode is Mode.CLICK2CALL:
            floor.ends(call, Outcome.INVALID)
        else:
            floor.not_placed(call)
        (row,), who = floor.promised(), floor.customer()
        assert (row.promise, row.closed_at) == (Promise.OPEN, None)
        assert (who.priority, who.callback_id, who.attempts) == (CALLBACK_PRIORITY, made, 0)
        assert who.due_at <= floor.now + TIMING.unreachable_delay
        floor.now += HOUR
        again = floor.dial()
        floor.ends(again)
        assert [(one.promise, one.call_id) for one in floor.promised()] == [(Promise.KEPT, again)]
        assert floor.customer().priority == OWN

    on(database, story, mode=mode)


def test_a_call_that_rang_after_all_keeps_its_promise_again(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.promise()
        floor.now += HOUR
        call = floor.dial()
        floor.not_placed(call)
        floor.ends(call)
        assert [(one.promise, one.call_id) for one in floor.promised()] == [(Promise.KEPT, call)]
        assert (floor.customer().priority, floor.customer().callback_id) == (OWN, None)
        assert floor.customer().status is Status.ANSWERED

    on(database, story)


def test_a_second_promise_takes_the_first_one_s_place(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.promise()
        made = floor.promise(2 * HOUR)
        assert [one.promise for one in floor.promised()] == [Promise.WITHDRAWN, Promise.OPEN]
        assert [one.priority for one in floor.promised()] == [OWN, OWN]
        assert (floor.customer().callback_id, floor.customer().due_at) == (made, START + 2 * HOUR)

    on(database, story)


def test_a_list_changes_the_place_afterwards_and_not_the_place_in_front(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.promise()
        ledger.rename(floor.conn, floor.now, floor.of.tenant_id, [_row(floor.listed[0], 3)])
        assert floor.customer().priority == CALLBACK_PRIORITY
        floor.now += HOUR
        floor.dial()
        assert floor.customer().priority == 3

    on(database, story)


def test_another_run_keeps_the_promise(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.promise()
        run = ledger.open_run(floor.conn, floor.now, floor.of.tenant_id, floor.campaign.id, "test")
        ledger.reopen(floor.conn, floor.now, floor.of.tenant_id, floor.campaign.id, run, [floor.first], "test")
        row = floor.customer()
        assert (row.due_at, row.priority, row.reason) == (START + HOUR, CALLBACK_PRIORITY, Reason.CALLBACK)

    on(database, story)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(Status.WITHDRAWN, Reason.WITHDRAWN), (Status.DNC, Reason.SUPPRESSED), (Status.FAIL, Reason.CONSENT_MISSING)],
)
def test_closing_a_customer_withdraws_the_promise_with_that_reason(
    database: Desk, status: Status, reason: Reason
) -> None:
    def story(floor: Scene) -> None:
        floor.promise()
        floor.close(status, reason)
        assert [one.promise for one in floor.promised()] == [Promise.WITHDRAWN]
        row = floor.customer()
        assert (row.status, row.priority, row.callback_id) == (status, OWN, None)
        told = floor.conn.execute(select(table(Change)).where(columns_of(Change).customer_id == floor.first)).all()
        assert (told[-1].reason, told[-1].detail) == (reason, "the promised call is withdrawn")

    on(database, story)


def test_a_vendor_that_declines_three_times_ends_the_promise_too(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.promise()
        for _ in range(3):
            floor.now += HOUR
            (customer,) = floor.claim()
            assert customer == floor.first
            floor.not_placed(floor.commit(), Reason.DECLINED)
        assert [one.promise for one in floor.promised()] == [Promise.WITHDRAWN]
        assert (floor.customer().reason, floor.customer().priority) == (Reason.VENDOR_DECLINED, OWN)

    on(database, story)


@pytest.mark.parametrize(
    "closed", [(Status.WITHDRAWN, Reason.WITHDRAWN), (Status.DNC, Reason.SUPPRESSED), (Status.EXPIRED, Reason.RECALL)]
)
def test_who_is_not_to_be_called_any_more_is_promised_nothing(database: Desk, closed: tuple[Status, Reason]) -> None:
    def story(floor: Scene) -> None:
        floor.close(*closed)
        with pytest.raises(NotNow, match="he is not called again"):
            floor.promise()

    on(database, story)


def test_a_promise_that_is_taken_back_leaves_everybody_where_his_calls_brought_him(database: Desk) -> None:
    def story(floor: Scene) -> None:
        spoke, busy, never = (listed.customer_id for listed in floor.listed)
        for customer, outcome in ((spoke, Outcome.ANSWERED), (busy, Outcome.BUSY)):
            assert floor.claim() == [customer]
            call = floor.commit(customer)
            floor.promise(HOUR, customer)
            floor.ends(call, outcome)
        floor.promise(HOUR, never)
        for customer in (spoke, busy, never):
            ledger.take_back(floor.conn, floor.now, TIMING, floor.campaign, customer, "test")
        stands = {one: (row.status, row.reason) for one, row in customers(floor.conn, floor.of.tenant_id).items()}
        assert stands == {
            spoke: (Status.ANSWERED, Reason.SPOKE),
            busy: (Status.QUEUE, Reason.RECALL),
            never: (Status.NEW, None),
        }
        assert {row.priority for row in customers(floor.conn, floor.of.tenant_id).values()} == {OWN}
        with pytest.raises(NotNow, match="was promised no call"):
            ledger.take_back(floor.conn, floor.now, TIMING, floor.campaign, never, "test")

    on(database, story, count=3)


def test_a_promise_ends_the_claim_for_the_list_s_call(database: Desk) -> None:
    def story(floor: Scene) -> None:
        assert floor.claim() == [floor.first]
        token = floor.customer().lease_token
        floor.promise()
        assert queue.held(floor.conn, floor.now, floor.of.tenant_id, token, [floor.first]) == []

    on(database, story)


# Agents.


@dataclass
class Office:
    """A click-to-call campaign whose placing goes by the database's clock, which the test sets."""

    desk: Desk
    at: datetime = START
    tokens: int = 0

    rulebook: str = "none"

    def __post_init__(self) -> None:
        terms = {"rulebook": self.rulebook, "creditor": "Demo Finance"}
        self.floor: Scene = self.desk.run(lambda conn: scene(conn, 6, Mode.CLICK2CALL, **terms))
        self.agents = {one: self.desk.run(agent, self.floor.of, self.floor.campaign, one) for one in ("101", "102")}

    def promise(self, extension: str, *places: int) -> list[int]:
        def make(conn: Connection) -> list[int]:
            self.floor.conn, self.floor.now = conn, self.at
            ids = [self.floor.listed[place].customer_id for place in places]
            for customer in ids:
                self.floor.promise(timedelta(0), customer, self.agents[extension])
            return ids

        return self.desk.run(make)

    def away(self, *extensions: str) -> None:
        """Everybody else is there and was seen just now."""
        columns = columns_of(Agent)

        def say(conn: Connection) -> None:
            for extension, key in self.agents.items():
                here = {"logged_in": extension not in extensions, "logged_in_seen_at": self.at}
                conn.execute(update(table(Agent)).where(columns.id == key).values(**here))

        self.desk.run(say)

    def place(self) -> dict[int, int]:
        """One step of placing: customer -> agent."""
        self.tokens += 1
        token = f"token{self.tokens}"
        chosen, _ = self.desk.run(handovers.choose, TIMING, self.floor.campaign, 20, token)
        handover = self.desk.run(handovers.commit, TIMING, self.floor.campaign, chosen, token)
        made = self.desk.run(calls, self.floor.of.tenant_id)
        return {made[call].customer_id: made[call].agent_id for call in handover.orders}

    def customer(self, customer: int) -> Any:
        return self.desk.run(customers, self.floor.of.tenant_id)[customer]


@pytest.fixture
def office(database: Desk, monkeypatch: pytest.MonkeyPatch) -> Office:
    found = Office(database)
    monkeypatch.setattr(handovers, "clock", lambda conn: found.at)
    return found


def test_who_was_promised_a_call_by_one_agent_is_called_by_him(office: Office) -> None:
    (first,) = office.promise("102", 5)
    placed = office.place()
    assert placed[first] == office.agents["102"]
    assert len(placed) == 2


def test_an_absent_agent_s_customers_hinder_nobody_and_nobody_else_takes_them(office: Office) -> None:
    office.away("101")
    promised = office.promise("101", 0, 1, 2, 3)
    assert list(office.place().values()) == [office.agents["102"]]
    for customer in promised:
        row = office.customer(customer)
        assert (row.reason, row.due_at) == (Reason.AGENT_AWAITED, office.at + TIMING.agent_busy)


def test_an_agent_who_comes_back_has_his_promised_customer_at_once_and_one_at_a_time(office: Office) -> None:
    office.away("101")
    earliest, *others = office.promise("101", 4, 0, 1)
    office.place()
    office.at += timedelta(seconds=1)
    office.away()
    assert office.place() == {earliest: office.agents["101"]}
    assert {office.customer(one).reason for one in others} == {Reason.AGENT_AWAITED}


def test_an_agent_who_was_taken_between_claim_and_commit_is_waited_for(office: Office) -> None:
    (promised,) = office.promise("101", 0)
    chosen, _ = office.desk.run(handovers.choose, TIMING, office.floor.campaign, 20, "token")
    assert promised in chosen
    office.away("101")
    handover = office.desk.run(handovers.commit, TIMING, office.floor.campaign, chosen, "token")
    assert promised not in {order.cleared.customer_id for order in handover.orders.values()}
    assert office.customer(promised).lease_token is None
    assert office.customer(promised).callback_id is not None


# The law.


@pytest.fixture
def lawful(database: Desk, monkeypatch: pytest.MonkeyPatch) -> Office:
    found = Office(database, rulebook="vn-debt")
    monkeypatch.setattr(handovers, "clock", lambda conn: found.at)
    return found


def test_a_promised_call_is_not_made_at_night_and_is_made_first_in_the_morning(lawful: Office) -> None:
    lawful.at += timedelta(hours=14)
    lawful.away()
    (promised,) = lawful.promise("101", 5)
    assert lawful.place() == {}
    row = lawful.customer(promised)
    assert (row.reason, row.callback_id is not None) == (Reason.OUTSIDE_HOURS, True)
    lawful.at = row.due_at
    lawful.away()
    assert lawful.place()[promised] == lawful.agents["101"]


def test_who_was_suppressed_since_is_not_called_and_the_promise_is_withdrawn(lawful: Office) -> None:
    (promised,) = lawful.promise("101", 5)
    entry = Entry(Subject.NUMBER, lawful.floor.listed[5].phones[0])
    lawful.desk.run(lambda conn: dnc.suppress(conn, lawful.at, lawful.floor.of.tenant_id, [entry], "test"))
    assert promised not in lawful.place()
    row = lawful.customer(promised)
    assert (row.status, row.reason, row.callback_id, row.priority) == (Status.DNC, Reason.SUPPRESSED, None, OWN)


def test_what_is_missed_is_open_and_late_and_says_why(lawful: Office) -> None:
    lawful.away("101")
    lawful.promise("101", 5)
    lawful.place()

    def lines(after: timedelta) -> list[tuple[bool, Reason | None]]:
        at = lawful.at + after
        found = lawful.desk.run(lambda conn: callbacks.lines(conn, at, TIMING, lawful.floor.campaign))
        return [(line.missed, line.reason) for line in found]

    assert lines(TIMING.callback_grace) == [(False, Reason.AGENT_AWAITED)]
    assert lines(TIMING.callback_grace + timedelta(seconds=1)) == [(True, Reason.AGENT_AWAITED)]


# Whatever happens, and in whatever order.

ACTS = ("promise", "take back", "list", "rerun", "claim", "commit", "crash", "ends", "not placed", "withdraw", "late")
SEQUENCES = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 9)), min_size=4, max_size=30)


@given(acts=SEQUENCES)
@settings(max_examples=max(settings.default.max_examples // 2, 20))
def test_whatever_happens_a_promise_is_open_or_kept_by_one_call_or_withdrawn(
    database: Desk, acts: list[tuple[str, int]]
) -> None:
    on(database, lambda floor: _play(floor, acts))


def _play(floor: Scene, acts: list[tuple[str, int]]) -> None:
    listed = {one.customer_id: OWN for one in floor.listed}
    for act, dice in acts:
        floor.now += timedelta(minutes=dice)
        _act(floor, act, dice, listed)
        _check(floor, listed)


def _act(floor: Scene, act: str, dice: int, listed: dict[int, int]) -> None:
    customer = floor.listed[dice % 2].customer_id
    row = floor.customer(customer)
    match act:
        case "promise" if row.reason is not Reason.WITHDRAWN:
            floor.promise(timedelta(minutes=dice), customer)
        case "take back" if row.callback_id is not None:
            ledger.take_back(floor.conn, floor.now, TIMING, floor.campaign, customer, "test")
        case "list":
            listed[customer] = dice
            ledger.rename(floor.conn, floor.now, floor.of.tenant_id, [_row(floor.listed[dice % 2], dice)])
        case "rerun":
            run = ledger.open_run(floor.conn, floor.now, floor.of.tenant_id, floor.campaign.id, "test")
            ledger.reopen(floor.conn, floor.now, floor.of.tenant_id, floor.campaign.id, run, [customer], "test")
        case "withdraw" if dice == 9:
            floor.close(Status.WITHDRAWN, Reason.WITHDRAWN)
        case _:
            _place_or_hear(floor, act, dice, row)


def _place_or_hear(floor: Scene, act: str, dice: int, row: Any) -> None:
    known = sorted(calls(floor.conn, floor.of.tenant_id).items())
    live = [key for key, call in known if call.state.live]
    match act:
        case "claim":
            floor.claim(2)
        case "commit" if row.lease_token and row.lease_until > floor.now and row.open_call_id is None:
            floor.commit(row.id)
        case "crash":
            # The worker is gone between the claim and the wire: its leases run out.
            floor.now += TIMING.lease
            queue.expire(floor.conn, floor.now)
        case "ends" if live:
            outcomes = (Outcome.ANSWERED, Outcome.BUSY, Outcome.INVALID)
            floor.ends(live[dice % len(live)], outcomes[dice % 3])
        case "not placed" if live:
            floor.not_placed(live[dice % len(live)], Reason.DECLINED if dice % 2 else Reason.UNREACHABLE)
        case "late" if known and not known[dice % len(known)][1].recorded:
            floor.ends(known[dice % len(known)][0])


def _check(floor: Scene, listed: dict[int, int]) -> None:
    known = calls(floor.conn, floor.of.tenant_id)
    kept = [one for one in floor.promised() if one.promise is Promise.KEPT]
    assert len({one.call_id for one in kept}) == len(kept)
    for one in kept:
        assert known[one.call_id].customer_id == one.customer_id
        assert known[one.call_id].charged
    standing = {one.customer_id: one for one in floor.promised() if one.promise is Promise.OPEN}
    for customer, row in customers(floor.conn, floor.of.tenant_id).items():
        open_one = standing.get(customer)
        assert row.callback_id == (open_one.id if open_one else None)
        assert row.priority == (CALLBACK_PRIORITY if open_one else listed[customer])
        if open_one is not None:
            assert open_one.priority == listed[customer]
            assert not row.status.final
