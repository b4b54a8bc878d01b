"""What becomes of an order is told to whoever gave it: the events of its calls in turn, or why there was no call."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from databases import Desk

from campaigns import dnc, ledger, triggers
from campaigns.dnc import Entry
from campaigns.events import frontier, reading, webhooks
from campaigns.events.kinds import Ended, Ordered
from campaigns.events.reading import Item
from campaigns.events.webhooks import Target
from campaigns.ledger import Appointment, Told
from campaigns.states import Fact
from campaigns.triggers import Wish
from campaigns.words import FactKind, Outcome, Reason, Subject, TriggerState, Wanted
from database.sealed import VAULT
from database.test_triggers import HOUR, MINUTE, ONE, OTHER, PHONE, TIMING, Scene, on
from dialer import handovers, subscribing

HERE = "https://crm.example.com/orders"


def ordered(floor: Scene, url: str | None = HERE, **wish: Any) -> str:
    """An order as the API takes it; its id."""
    subscribing.for_order(floor.conn, floor.now, floor.of.tenant_id, url, VAULT, ())
    floor.tokens += 1
    name, wanted = f"t{floor.tokens}", Wish(ONE, floor.now + HOUR, callback_url=url)
    told = (floor.tenant, floor.campaign, replace(wanted, **wish), name, "crm")
    triggers.trigger(floor.conn, floor.now, TIMING, *told)
    return name


def items(floor: Scene) -> list[Item]:
    """Everything that there is to tell."""
    upto = frontier.draw(floor.conn).upto
    return list(reading.gather(floor.conn, floor.tenant, {}, upto, 10_000).items)


def targets(floor: Scene) -> list[Target]:
    return webhooks.targets_of(floor.conn, floor.of.tenant_id, items(floor))


def kinds(floor: Scene) -> list[str]:
    return [target.item.event.type for target in targets(floor)]


def test_the_events_of_its_calls_go_in_one_order_to_the_address_that_came_with_it(database: Desk) -> None:
    def story(floor: Scene) -> None:
        floor.bring("L1")
        name = ordered(floor)
        floor.place()
        floor.tell(FactKind.NOT_PLACED, reason=Reason.UNREACHABLE)
        floor.now += MINUTE
        floor.place()
        for kind in (FactKind.PLACED, FactKind.RINGING, FactKind.ANSWERED):
            floor.tell(kind)
        floor.ends(Outcome.ANSWERED)
        assert kinds(floor) == ["call.released", "call.placed", "call.ringing", "call.answered", "call.settled"]
        assert {(one.url, one.subject) for one in targets(floor)} == {(HERE, f"order-{name}")}
        told: list[Any] = [target.item.event.data for target in targets(floor)]
        assert {one.order for one in told} == {name}
        assert (told[-1].outcome, told[-1].billsec) == (Outcome.ANSWERED, 30)

    on(database, story)


def test_who_named_no_address_is_told_nothing_and_a_list_s_call_belongs_to_no_order(database: Desk) -> None:
    def story(floor: Scene) -> None:
        ordered(floor)
        floor.bring("L1")
        ordered(floor, None, whom=replace(ONE, id="KH2", phones=(OTHER,)))
        assert sorted(floor.place()) == ["+84910000000", PHONE, OTHER]
        for call in floor.calls():
            ledger.apply(floor.conn, floor.now, TIMING, [Told(call.id, _placed(floor, call.id))])
        assert kinds(floor) == ["call.placed"]
        told: list[Any] = [one.event.data for one in items(floor) if one.event.type == "call.placed"]
        assert sorted(str(one.order) for one in told) == ["None", "t1", "t2"]

    on(database, story)


def _cancelled(floor: Scene) -> None:
    ordered(floor)
    floor.now += MINUTE
    triggers.cancel(floor.conn, floor.now, TIMING, floor.tenant, "t1", "crm")


def _over_at_the_claim(floor: Scene) -> None:
    ordered(floor)
    floor.now += HOUR
    floor.place()


def _over_while_nobody_is_claimed(floor: Scene) -> None:
    ordered(floor)
    ledger.command(floor.conn, floor.now, floor.campaign, Wanted.PAUSED, "test")
    floor.now += HOUR
    assert floor.campaign.id in [one.id for one in triggers.expired(floor.conn, floor.now)]
    assert triggers.expire(floor.conn, floor.now, TIMING, floor.campaign) == 1
    assert floor.campaign.id not in [one.id for one in triggers.expired(floor.conn, floor.now)]


def _forbidden_at_the_door(floor: Scene) -> None:
    _suppress(floor)
    ordered(floor)


def _forbidden_later(floor: Scene) -> None:
    ordered(floor, waits=True)
    _suppress(floor)
    floor.place()


def _given_way_to_a_promise(floor: Scene) -> None:
    ordered(floor)
    _promise(floor)


def _never_rung_and_promised_since(floor: Scene) -> None:
    ordered(floor)
    floor.place()
    _promise(floor)
    floor.tell(FactKind.NOT_PLACED, reason=Reason.UNREACHABLE)


@pytest.mark.parametrize(
    ("ends", "state", "reason"),
    [
        (_cancelled, TriggerState.CANCELLED, Reason.WITHDRAWN),
        (_over_at_the_claim, TriggerState.EXPIRED, Reason.EXPIRED),
        (_over_while_nobody_is_claimed, TriggerState.EXPIRED, Reason.EXPIRED),
        (_forbidden_at_the_door, TriggerState.WITHHELD, Reason.SUPPRESSED),
        (_forbidden_later, TriggerState.WITHHELD, Reason.SUPPRESSED),
        (_given_way_to_a_promise, TriggerState.WITHHELD, Reason.CALLBACK),
        (_never_rung_and_promised_since, TriggerState.WITHHELD, Reason.UNREACHABLE),
    ],
)
def test_an_order_that_ends_without_a_call_says_so_once_as_it_answers_when_asked(
    database: Desk, ends: Callable[[Scene], None], state: TriggerState, reason: Reason
) -> None:
    def story(floor: Scene) -> None:
        ends(floor)
        told = [one.event.data for one in items(floor)]
        [taken] = [one for one in told if isinstance(one, Ordered)]
        [ended] = [one for one in told if isinstance(one, Ended)]
        assert (taken.order, ended.order, ended.customer) == ("t1", "t1", "KH1")
        assert (ended.state, ended.reason) == (state, reason) == floor.state()
        assert kinds(floor)[-1] == "order.ended"
        assert "callback.withdrawn" not in {one.event.type for one in items(floor)}

    on(database, story)


def test_a_promise_that_a_person_made_meanwhile_does_not_end_with_the_order(sqlite: Desk) -> None:
    def story(floor: Scene) -> None:
        ordered(floor)
        _promise(floor)
        floor.now += 2 * HOUR
        lapsed = ledger.lapse(floor.conn, floor.now, TIMING, floor.campaign, {floor.customer().id: Reason.EXPIRED})
        assert (lapsed, floor.customer().reason) == (0, Reason.CALLBACK)

    on(sqlite, story)


def _suppress(floor: Scene) -> None:
    dnc.suppress(floor.conn, floor.now, floor.of.tenant_id, [Entry(Subject.NUMBER, PHONE, reason="asked")], "test")


def _promise(floor: Scene) -> None:
    wish = Appointment(floor.now + 3 * HOUR, "UTC")
    ledger.promise(floor.conn, floor.now, floor.campaign, floor.customer().id, wish, "test")


def _placed(floor: Scene, call: int) -> Fact:
    return Fact(FactKind.PLACED, floor.now, call_id=f"V{floor.of.tenant_id}-{call}")


def test_the_vendor_hears_the_id_of_the_request_that_ordered_a_call_also_when_it_is_placed_again(
    database: Desk,
) -> None:
    def story(floor: Scene) -> None:
        floor.bring("L1")
        ordered(floor, request_id="gw-7")
        heard = _request_ids(floor)
        [mine] = [call for call in floor.calls() if call.phone == PHONE]
        said = Fact(FactKind.NOT_PLACED, floor.now, reason=Reason.UNREACHABLE)
        ledger.apply(floor.conn, floor.now, TIMING, [Told(mine.id, said)])
        floor.now += MINUTE
        assert sorted(heard) == [("+84910000000", ""), (PHONE, "gw-7")]
        assert (PHONE, "gw-7") in _request_ids(floor)

    on(database, story)


def _request_ids(floor: Scene) -> list[tuple[str, str]]:
    chosen, _ = handovers.choose(floor.conn, TIMING, floor.campaign, 9, f"{floor.now}"[:32])
    orders = handovers.commit(floor.conn, TIMING, floor.campaign, chosen, f"{floor.now}"[:32]).orders
    return [(order.cleared.phone, order.request_id) for order in orders.values()]
