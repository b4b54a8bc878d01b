"""A triggered call: behind what people were promised, before every list, one attempt, and never after its end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from databases import Desk
from founding import START, calls, campaign, company, customers, read
from sqlalchemy import Connection, select

from campaigns import dnc, ledger, lists, reports, runs, triggers
from campaigns.dnc import Entry
from campaigns.ledger import TRIGGER_PRIORITY, Appointment, NotNow, Told
from campaigns.lists.entries import Entry as ListEntry
from campaigns.lists.entries import ListedDebt, ListedPhone, ListFile
from campaigns.models import Debt, Number, Tenant
from campaigns.rows import columns_of, table
from campaigns.states import Fact
from campaigns.timing import Timing
from campaigns.triggers import Whom, Wish
from campaigns.words import FactKind, Mode, Origin, Outcome, Reason, Role, Status, Subject, TriggerState
from dialer import handovers
from dialer.database import CLOCK

TIMING = Timing()
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PHONE, OTHER = "+84912345678", "+84912345679"
ONE = Whom("KH1", (PHONE,))


class Scene:
    """One campaign, whom orders name, and a clock that the connection carries."""

    def __init__(self, conn: Connection, **terms: Any) -> None:
        self.now = START
        self.conn = conn.execution_options(**{CLOCK: lambda: self.now})
        self.of = company(self.conn)
        terms = {"max_recall_count": 1, "recall_delay": 60, "concurrent_call": 9, **terms}
        self.campaign = campaign(self.conn, self.of, Mode.AUTOCALL, **terms)
        self.tenant = read(self.conn, Tenant, self.of.tenant_id)
        self.tokens = 0

    def order(self, whom: Whom = ONE, after: timedelta = HOUR, waits: bool = False) -> str:
        self.tokens += 1
        name, wish = f"t{self.tokens}", Wish(whom, self.now + after, waits)
        told = triggers.trigger(self.conn, self.now, TIMING, self.tenant, self.campaign, wish, name, "crm")
        # What is answered at the door is what is found afterwards.
        assert told == self.told(name)
        return name

    def told(self, name: str = "t1") -> reports.Triggered:
        found = reports.find_triggered(self.conn, self.now, TIMING, self.tenant, name)
        assert found is not None
        return found

    def state(self, name: str = "t1") -> tuple[TriggerState, Reason | None]:
        told = self.told(name)
        return told.state, told.reason

    def customer(self, code: str = "KH1") -> Any:
        (row,) = [row for row in customers(self.conn, self.of.tenant_id).values() if row.code == code]
        return row

    def calls(self) -> list[Any]:
        return list(calls(self.conn, self.of.tenant_id).values())

    def place(self, most: int = 9) -> list[str]:
        """A step of placing without the wire: who was handed over, by his number."""
        self.tokens += 1
        token = f"{self.of.tenant_id}-{self.tokens}"
        chosen, _ = handovers.choose(self.conn, TIMING, self.campaign, most, token)
        handed = handovers.commit(self.conn, TIMING, self.campaign, chosen, token)
        return [order.cleared.phone for order in handed.orders.values()]

    def tell(self, kind: FactKind, **said: Any) -> None:
        ledger.apply(self.conn, self.now, TIMING, [Told(self.calls()[-1].id, Fact(kind, self.now, **said))])

    def ends(self, outcome: Outcome) -> None:
        told = {"duration": 40, "billsec": 30 if outcome is Outcome.ANSWERED else 0, "disposition": outcome}
        self.tell(FactKind.RECORD, call_id=f"V{self.of.tenant_id}-{len(self.calls())}", ended_at=self.now, **told)

    def bring(self, *codes: str) -> None:
        """A list that names these."""
        entries = [_entry(code, place) for place, code in enumerate(codes)]
        lists.load(self.conn, self.now, self.campaign, ListFile(("id", "phone"), entries), "test", "l.csv", False)


def _entry(code: str, place: int) -> ListEntry:
    debt = ListedDebt(f"HD-{code}", 5, {"dpd": 5}, [code, "x"], place + 1)
    return ListEntry(
        Subject.PERSON, code, "", None, None, 3, [ListedPhone(f"+8491000000{place}", Role.BORROWER)], [debt]
    )


Story = Callable[[Scene], None]


def on(database: Desk, story: Story, **terms: Any) -> None:
    """Tell a story in one transaction of a database."""
    database.run(lambda conn: story(Scene(conn, **terms)))


def test_an_order_goes_before_every_list_and_behind_what_people_were_promised(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.bring("L1", "L2")
        promise = Appointment(floor.now, "UTC")
        ledger.promise(floor.conn, floor.now, floor.campaign, floor.customer("L2").id, promise, "test")
        floor.order()
        assert floor.customer().priority == TRIGGER_PRIORITY
        assert [floor.place(1) for _ in range(3)] == [["+84910000001"], [PHONE], ["+84910000000"]]

    on(database, story)


def test_its_call_is_told_as_the_crm_s_and_its_state_follows_the_call(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.order()
        assert floor.state() == (TriggerState.WAITING, Reason.TRIGGERED)
        floor.place()
        (call,) = floor.calls()
        assert (call.origin, floor.told().call) == (Origin.CRM, call.reference)
        seen = [floor.state()[0]]
        for kind in (FactKind.RINGING, FactKind.ANSWERED):
            floor.tell(kind)
            seen.append(floor.state()[0])
        floor.ends(Outcome.ANSWERED)
        seen.append(floor.state()[0])
        assert seen == [TriggerState.PLACED, TriggerState.RINGING, TriggerState.ANSWERED, TriggerState.ENDED]
        assert (floor.told().outcome, floor.told().billsec) == (Outcome.ANSWERED, 30)
        happened = [event.what for event in reports.events(floor.conn, floor.tenant, "t1")]
        assert (happened[0], happened[1]) == ("triggered", "attempt 1")

    on(database, story)


def test_who_came_only_by_an_order_is_called_once_whatever_the_campaign_s_recalls(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.order()
        floor.place()
        floor.ends(Outcome.BUSY)
        floor.now += HOUR
        assert floor.place() == []
        assert (floor.customer().status, floor.customer().reason) == (Status.BUSY, Reason.RECALLS_USED_UP)
        assert runs.rerun(floor.conn, floor.now, floor.campaign, "test").reopened == 0
        floor.order()
        assert floor.place() == [PHONE]

    on(database, story)


def test_who_stands_on_the_list_has_his_recalls_after_an_order_as_before(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.bring("KH1")
        floor.order(Whom("KH1"))
        floor.place()
        floor.ends(Outcome.BUSY)
        floor.now += HOUR
        assert floor.place() == ["+84910000000"]
        assert [call.origin for call in floor.calls()] == [Origin.CRM, Origin.CAMPAIGN]
        assert floor.customer().priority == 3

    on(database, story)


def test_an_order_whose_call_never_rang_is_placed_again_until_its_end(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.order(after=10 * MINUTE)
        floor.place()
        floor.tell(FactKind.NOT_PLACED, reason=Reason.UNREACHABLE)
        assert floor.state() == (TriggerState.WAITING, Reason.UNREACHABLE)
        floor.now += MINUTE
        assert floor.place() == [PHONE]
        floor.tell(FactKind.NOT_PLACED, reason=Reason.UNREACHABLE)
        floor.now += 9 * MINUTE
        assert floor.state() == (TriggerState.EXPIRED, Reason.EXPIRED)
        assert floor.place() == []

    on(database, story)


@pytest.mark.parametrize("listed", [True, False])
def test_at_its_end_an_order_is_over_and_its_customer_stands_where_he_would_without(
    database: Desk, listed: bool
) -> None:
    def story(floor: Scene) -> None:
        if listed:
            floor.bring("KH1")
        floor.order(Whom("KH1") if listed else ONE)
        floor.now += HOUR
        assert floor.state() == (TriggerState.EXPIRED, Reason.EXPIRED)
        # The claim that finds it ends it; the next one is the list's.
        assert floor.place() == (["+84910000000"] if listed else [])
        assert floor.told().closed_at == floor.now
        assert [call.origin for call in floor.calls()] == ([Origin.CAMPAIGN] if listed else [])
        if not listed:
            assert (floor.customer().status, floor.customer().reason) == (Status.EXPIRED, Reason.EXPIRED)

    on(database, story)


def test_an_order_that_ends_between_claim_and_intent_is_not_placed(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.order(after=MINUTE)
        chosen, _ = handovers.choose(floor.conn, TIMING, floor.campaign, 9, "claim")
        floor.now += MINUTE - timedelta(seconds=1)
        assert chosen == [floor.customer().id]
        floor.now += timedelta(seconds=1)
        assert handovers.commit(floor.conn, TIMING, floor.campaign, chosen, "claim").orders == {}
        assert floor.state()[0] is TriggerState.EXPIRED

    on(database, story)


def test_a_permission_does_not_outlive_its_order(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.order(after=timedelta(seconds=3))
        chosen, _ = handovers.choose(floor.conn, TIMING, floor.campaign, 9, "claim")
        (order,) = handovers.commit(floor.conn, TIMING, floor.campaign, chosen, "claim").orders.values()
        assert order.cleared.expires_at == START + timedelta(seconds=3)

    on(database, story)


def test_many_orders_that_are_over_do_not_stand_before_the_list(database: Desk) -> None:
    def story(floor: Scene) -> None:
        for n in range(12):
            floor.order(Whom(f"X{n}", (f"+8491111{n:04}",)), MINUTE)
        floor.now += MINUTE
        floor.bring("L1")
        assert floor.place() == ["+84910000000"]

    on(database, story, concurrent_call=1)


@pytest.mark.parametrize("waits", [True, False])
def test_what_the_law_forbids_at_night_ends_or_is_placed_in_the_morning(database: Desk, waits: bool) -> None:
    def story(floor: Scene) -> None:
        floor.now = START + 15 * HOUR
        name = floor.order(after=20 * HOUR, waits=waits)
        told = floor.told(name)
        assert (told.state, told.reason) == (TriggerState.WITHHELD, Reason.OUTSIDE_HOURS)
        assert told.until is not None
        assert floor.place() == []
        floor.now = told.until
        assert floor.place() == ([PHONE] if waits else [])
        assert floor.state(name)[0] is (TriggerState.PLACED if waits else TriggerState.WITHHELD)

    on(database, story, rulebook="vn-debt", creditor="Mẫu")


def test_an_order_that_does_not_wait_ends_where_the_gate_withholds_it_at_the_claim(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.now = START + 11 * HOUR + 58 * MINUTE
        names = [floor.order(waits=False), floor.order(Whom("KH2", (OTHER,)), waits=True)]
        floor.now += 5 * MINUTE
        assert floor.place() == []
        told = [floor.told(name) for name in names]
        assert [one.reason for one in told] == [Reason.OUTSIDE_HOURS] * 2
        assert [one.closed_at is not None for one in told] == [True, False]

    on(database, story, rulebook="vn-debt", creditor="Mẫu")


def test_only_the_numbers_that_an_order_names_are_rung_and_the_others_stay(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.bring("KH1")
        floor.order(Whom("KH1", (OTHER, PHONE)))
        assert floor.place() == [OTHER]
        number = columns_of(Number)
        mine = (number.person_id == floor.customer().person_id, number.removed_at.is_(None))
        kept = floor.conn.scalars(select(number.phone).where(*mine).order_by(number.position))
        assert list(kept) == ["+84910000000", OTHER, PHONE]

    on(database, story)


def test_what_stands_against_the_numbers_of_an_order_ends_it_and_not_his_place_on_the_list(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.bring("KH1")
        name = floor.order()
        dnc.suppress(floor.conn, floor.now, floor.of.tenant_id, [Entry(Subject.NUMBER, PHONE)], "test")
        assert floor.place() == ["+84910000000"]
        assert floor.state(name) == (TriggerState.WITHHELD, Reason.SUPPRESSED)

    on(database, story)


def test_what_a_list_said_of_a_contract_stays_beside_what_an_order_adds(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.bring("KH1")
        floor.order(replace(ONE, contract_number="HD-KH1", variables={"amount": 9}))
        (debt,) = floor.conn.execute(select(table(Debt)).where(columns_of(Debt).tenant_id == floor.of.tenant_id))
        assert debt.uploaded == ["KH1", "x"]
        assert debt.variables == {"dpd": 5, "amount": 9, "contract_number": "HD-KH1"}

    on(database, story)


def test_a_list_that_names_him_makes_him_its_customer(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.order(after=MINUTE)
        floor.now += MINUTE
        floor.place()
        floor.bring("KH1")
        assert (floor.customer().status, floor.customer().expires_at) == (Status.NEW, None)
        assert floor.place() == ["+84910000000"]

    on(database, story)


def test_one_who_is_promised_a_call_gets_no_order_and_a_promise_takes_an_order_s_place(database: Desk) -> None:
    def promise(floor: Scene) -> None:
        wish = Appointment(floor.now + HOUR, "UTC")
        ledger.promise(floor.conn, floor.now, floor.campaign, floor.customer().id, wish, "test")

    def story(floor: Scene) -> None:
        floor.order()
        promise(floor)
        assert floor.state() == (TriggerState.WITHHELD, Reason.CALLBACK)
        with pytest.raises(NotNow, match="promised a call already"):
            floor.order()

    on(database, story)


@pytest.mark.parametrize(
    ("after", "state"),
    [(timedelta(0), TriggerState.CANCELLED), (HOUR, TriggerState.EXPIRED)],
)
def test_an_order_is_taken_back_while_it_waits_and_not_when_it_is_over(
    database: Desk, after: timedelta, state: TriggerState
) -> None:
    def story(floor: Scene) -> None:
        floor.order()
        floor.now += after

        def cancel() -> None:
            triggers.cancel(floor.conn, floor.now, TIMING, floor.tenant, "t1", "crm")

        if state is TriggerState.EXPIRED:
            with pytest.raises(NotNow):
                cancel()
        else:
            cancel()
        assert floor.state()[0] is state
        assert floor.place() == []

    on(database, story)


@pytest.mark.parametrize(
    ("kept", "state"),
    [
        ("intended", TriggerState.PLACED),
        ("unsure", TriggerState.PLACED),
        ("ringing", TriggerState.RINGING),
        ("settled", TriggerState.ENDED),
    ],
)
def test_the_state_of_an_order_that_is_kept_is_its_call_s(kept: str, state: TriggerState) -> None:
    from campaigns.reports.triggers import state_of
    from campaigns.words import CallState, Promise

    now: datetime = START
    assert state_of(Promise.KEPT, None, CallState(kept), now, now) is state
