"""What every gateway promises, whoever the vendor is: `dialer.gateways.Gateway`, run against a whole PBX.

A vendor joins by an entry in `VENDORS`: a context manager that gives a `Party`, a gateway and the PBX behind it.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import anyio
import pytest
from aiohttp import web

from campaigns.compliance import Cleared
from campaigns.phones import national
from campaigns.words import FactKind, Mode, Outcome, Reason
from dialer.gateways import (
    Gateway,
    Hook,
    LiveCall,
    Misconfigured,
    NotPlaced,
    Order,
    Placed,
    Record,
    Registration,
    Terms,
    Unreachable,
    Unsure,
)
from dialer.gateways.tel4vn import open_tel4vn
from dialer.simulator import Simulator, SimulatorSettings

pytestmark = pytest.mark.anyio

FAST = 2000
"""How much faster than real time the PBX lives."""
NEVER = 10**7
"""The PBX's seconds until what no test waits for."""
MODES = tuple(Mode)
QUEUED = tuple(mode for mode in Mode if mode.queued)
NOBODY = "no-such-user"
TERMS = {
    Mode.CLICK2CALL: Terms(mode=Mode.CLICK2CALL),
    Mode.AUTOCALL: Terms(mode=Mode.AUTOCALL, queue_code="Q1", template="IVR-1", concurrent_call=10),
    Mode.AUTODIALER: Terms(mode=Mode.AUTODIALER, queue_code="Q2", vendor_campaign_id="C1", precall_ratio=300),
}


def phone(number: int) -> str:
    return f"+849120000{number:02}"


@dataclass
class Party:
    """A gateway, the PBX behind it, and an address at which its hooks are collected."""

    gateway: Gateway
    pbx: Simulator
    address: str = ""
    bodies: list[bytes] = field(default_factory=list)

    def order(self, number: int = 1, extension: str = "101", seconds: float = 30) -> Order:
        cleared = Cleared(
            customer_id=number,
            person_id=number,
            phone=phone(number),
            rulebook="none",
            version="1",
            expires_at=datetime.now(UTC) + timedelta(seconds=seconds),  # noqa: TID251 real requests, real time
        )
        return Order(cleared, f"reference-{number}", name="Sample Name", extension=extension)

    def rang(self, number: int = 1) -> int:
        return len(self.pbx.journal.rings(national(phone(number))))

    async def over(self, rings: int = 1) -> None:
        """So many telephones rang, and everything that follows from it has happened."""
        await until(lambda: len(self.pbx.journal.entries) >= rings and self.pbx.pbx.quiet)

    def will(self, number: int, *outcomes: str) -> None:
        self.pbx.pbx.fate.outcomes[national(phone(number))] = outcomes

    def hooks(self) -> list[Hook]:
        return [hook for body in self.bodies if isinstance(hook := self.gateway.read(body), Hook)]


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(5):
        while not condition():  # noqa: ASYNC110 the PBX gives no event for it
            await anyio.sleep(0.002)


@asynccontextmanager
async def tel4vn(patience: float, default_hotline: str | None = None, **settings: object) -> AsyncIterator[Party]:
    ours = {"retry_pause": 0.001, "place_timeout": patience, "default_hotline": default_hotline}
    usual = {"speed": FAST, "answer_rate": 1, "talk_seconds": (20, 20), "customer_dial_seconds": NEVER}
    async with Simulator(SimulatorSettings(**usual, **settings)) as pbx:
        now = lambda: datetime.now(UTC)  # noqa: E731, TID251 real requests, real time
        async with open_tel4vn(pbx.url, {"api_key": pbx.settings.api_key}, ours, now) as gateway:
            yield Party(gateway, pbx)


# By the seconds that a placing is waited for.
VENDORS: dict[str, Callable[[float], AbstractAsyncContextManager[Party]]] = {
    "tel4vn": lambda patience: tel4vn(patience),
    "tel4vn-by-the-hotline": lambda patience: tel4vn(patience, "19001919", http_errors="ok"),
    "tel4vn-flex": lambda patience: tel4vn(
        patience,
        cdr_mapping="flex",
        status_case="mixed",
        swap_numbers=True,
        recording_on_hangup=True,
        trailing_blank_in_id=True,
        http_errors="strict",
        user_status_path="customer",
        duplicate_events=False,
    ),
}


@pytest.fixture(params=VENDORS)
async def party(request: pytest.FixtureRequest) -> AsyncIterator[Party]:
    async with VENDORS[request.param](10) as party, receiver(party):
        yield party


@pytest.fixture(params=VENDORS)
async def impatient(request: pytest.FixtureRequest) -> AsyncIterator[Party]:
    async with VENDORS[request.param](0.1) as party:
        yield party


@asynccontextmanager
async def receiver(party: Party) -> AsyncIterator[None]:
    async def take(request: web.Request) -> web.Response:
        party.bodies.append(await request.read())
        return web.Response(status=204)

    application = web.Application()
    application.router.add_post("/hooks/{secret}", take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    party.address = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/f3b0c8e2a97d4d5c8a61"
    yield
    await runner.cleanup()


def today() -> tuple[datetime, datetime]:
    now = datetime.now(UTC)  # noqa: TID251 the PBX writes real times
    return now - timedelta(hours=1), now + timedelta(hours=1)


async def all_of(records: AsyncIterator[Record]) -> list[Record]:
    return [record async for record in records]


@pytest.mark.parametrize("mode", MODES)
async def test_a_placed_call_rings_its_customer_once_under_our_reference(party, mode):
    (placing,) = await party.gateway.place(TERMS[mode], [party.order()])
    assert isinstance(placing, Placed)
    assert (placing.call_id is None) is mode.queued
    await party.over()
    (ring,) = party.pbx.journal.entries
    assert (ring.phone, ring.customer_id, ring.mode) == ("0912000001", "reference-1", mode)


@pytest.mark.parametrize("mode", MODES)
async def test_several_orders_are_answered_in_their_order(party, mode):
    orders = [party.order(number, extension=f"10{number}") for number in (3, 1, 2)]
    placings = await party.gateway.place(TERMS[mode], orders)
    assert [placing.reference for placing in placings] == ["reference-3", "reference-1", "reference-2"]
    await party.over(rings=3)
    assert [party.rang(number) for number in (1, 2, 3)] == [1, 1, 1]


async def test_an_agent_who_cannot_take_a_call_is_named_as_the_hindrance(party):
    party.will(1, f"answered:{NEVER}")
    party.will(2, f"answered:{NEVER}")
    party.pbx.pbx.floor.log("102", False)
    orders = [party.order(1, "101"), party.order(2, "101"), party.order(3, "102")]
    placings = await party.gateway.place(TERMS[Mode.CLICK2CALL], orders)
    assert sorted((type(placing).__name__, getattr(placing, "reason", None)) for placing in placings[:2]) == [
        ("NotPlaced", Reason.AGENT_BUSY),
        ("Placed", None),
    ]
    assert isinstance(placings[2], NotPlaced)
    assert placings[2].reason is Reason.AGENT_AWAY
    await until(lambda: len(party.pbx.journal.entries) == 1)
    assert party.rang(3) == 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("close_after_reading_rate", Reason.CONNECTION_LOST),
        ("place_error_after_rate", Reason.CONNECTION_LOST),
        ("place_error_rate", Reason.CONNECTION_LOST),
    ],
)
async def test_when_nobody_can_tell_whether_it_rang_it_is_unsure_and_rang_once_at_most(party, mode, fault, reason):
    setattr(party.pbx.faults, fault, 1.0)
    for number in (1, 2):
        (placing,) = await party.gateway.place(TERMS[mode], [party.order(number, extension=f"10{number}")])
        assert isinstance(placing, Unsure)
        assert placing.reason is reason
    rings = 0 if fault == "place_error_rate" else 1
    await party.over(rings=2 * rings)
    assert [party.rang(1), party.rang(2)] == [rings, rings]


@pytest.mark.parametrize("mode", MODES)
async def test_a_vendor_who_never_answers_leaves_it_unsure_and_rang_once(impatient, mode):
    impatient.pbx.faults.hang_rate = 1.0
    (placing,) = await impatient.gateway.place(TERMS[mode], [impatient.order()])
    assert isinstance(placing, Unsure)
    assert placing.reason is Reason.TIMED_OUT
    await impatient.over()
    assert impatient.rang() == 1


@pytest.mark.parametrize("mode", MODES)
async def test_a_throttled_placing_rang_nobody_and_says_when_to_come_back(party, mode):
    await party.gateway.live_calls()
    party.pbx.faults.throttle_rate = 1.0
    party.pbx.faults.retry_after = 3
    (placing,) = await party.gateway.place(TERMS[mode], [party.order()])
    assert isinstance(placing, NotPlaced)
    assert (placing.reason, placing.retry_after) == (Reason.THROTTLED, 3.0)
    assert party.rang() == 0


@pytest.mark.parametrize("mode", MODES)
async def test_a_vendor_who_is_out_rang_nobody(party, mode):
    await party.gateway.live_calls()
    async with party.pbx.outage():
        # This also finds out that the kept connections are dead; a placing on such a one would be unsure.
        with pytest.raises(Unreachable):
            await party.gateway.live_calls()
        (placing,) = await party.gateway.place(TERMS[mode], [party.order()])
        assert isinstance(placing, NotPlaced)
        assert placing.reason is Reason.UNREACHABLE
    (placing,) = await party.gateway.place(TERMS[mode], [party.order()])
    assert isinstance(placing, Placed)
    await party.over()
    assert party.rang() == 1


@pytest.mark.parametrize("mode", MODES)
async def test_an_expired_token_costs_nobody_a_call(party, mode):
    await party.gateway.live_calls()
    party.pbx.expire_tokens()
    (placing,) = await party.gateway.place(TERMS[mode], [party.order()])
    assert isinstance(placing, Placed)
    await party.over()
    assert party.rang() == 1


@pytest.mark.parametrize("mode", MODES)
async def test_an_expired_clearance_is_not_sent_and_the_others_are(party, mode):
    orders = [party.order(1, "101", seconds=-1), party.order(2, "102")]
    expired, placed = await party.gateway.place(TERMS[mode], orders)
    assert isinstance(expired, NotPlaced)
    assert expired.reason is Reason.CLEARANCE_EXPIRED
    assert isinstance(placed, Placed)
    await party.over()
    assert (party.rang(1), party.rang(2)) == (0, 1)


@pytest.mark.parametrize("mode", MODES)
async def test_under_any_weather_an_answer_is_true_to_what_rang(party, mode):
    faults = party.pbx.faults
    faults.error_rate = faults.place_error_after_rate = faults.close_after_reading_rate = faults.throttle_rate = 0.2
    for number in range(30):
        (placing,) = await party.gateway.place(TERMS[mode], [party.order(number)])
        await until(lambda: party.pbx.pbx.quiet)
        rang = party.rang(number)
        assert rang <= 1
        assert not isinstance(placing, Placed) or rang == 1
        assert not isinstance(placing, NotPlaced) or rang == 0


async def test_part_of_an_import_may_be_declined(party):
    party.pbx.faults.import_fail_rate = 1.0
    (placing,) = await party.gateway.place(TERMS[Mode.AUTOCALL], [party.order()])
    assert isinstance(placing, NotPlaced)
    assert placing.reason is Reason.DECLINED
    assert party.rang() == 0


@pytest.mark.parametrize("mode", MODES)
async def test_hooks_tell_the_life_of_a_call_in_our_words(party, mode):
    await party.gateway.register_hooks(party.address, "hook-key")
    party.will(1, "answered:20")
    (placing,) = await party.gateway.place(TERMS[mode], [party.order()])
    await party.over()
    hooks = party.hooks()
    assert [hook.kind for hook in hooks] == [FactKind.RINGING, FactKind.ANSWERED, FactKind.HANGUP, FactKind.CDR]
    assert {hook.call_id for hook in hooks} == {placing.call_id or hooks[0].call_id}
    assert {hook.phone for hook in hooks} == {phone(1)}
    assert not any(hook.inbound for hook in hooks)
    assert (hooks[2].billsec, hooks[3].disposition) == (20, Outcome.ANSWERED)
    assert hooks[3].extension == (None if mode is Mode.AUTOCALL else "101")


@pytest.mark.parametrize("group", ["", "Q9"])
async def test_a_call_that_comes_in_is_told_as_inbound_with_the_caller_s_number(party, group):
    await party.gateway.register_hooks(party.address, "hook-key")
    party.pbx.pbx.inbound("0912000007", "101", group=group, talk_seconds=5)
    await party.over()
    hooks = party.hooks()
    assert {(hook.inbound, hook.phone) for hook in hooks} == {(True, phone(7))}
    (record,) = await all_of(party.gateway.records(*today()))
    assert record.inbound
    assert record.record_id == hooks[-1].call_id


@pytest.mark.parametrize("outcome", ["answered:20", "busy", "no-answered", "cancel", "not-available"])
async def test_a_record_tells_how_a_call_ended(party, outcome):
    party.will(1, outcome)
    (placing,) = await party.gateway.place(TERMS[Mode.CLICK2CALL], [party.order()])
    await party.over()
    record = await party.gateway.record(placing.call_id)
    assert record is not None
    assert record.disposition == Outcome(outcome.partition(":")[0])
    assert (record.record_id, record.customer_id) == (placing.call_id, "reference-1")
    assert (record.phone, record.extension, record.inbound) == (phone(1), "101", False)
    assert record.billsec == (20 if outcome == "answered:20" else 0)
    assert record.started_at.utcoffset() == timedelta(0)
    assert await party.gateway.record(record.sip_call_id) == record


async def test_an_agent_who_misses_it_is_told_as_invalid(party):
    party.will(1, "invalid")
    (placing,) = await party.gateway.place(TERMS[Mode.CLICK2CALL], [party.order()])
    await party.over(rings=0)
    record = await party.gateway.record(placing.call_id)
    assert record.disposition is Outcome.INVALID
    assert party.rang() == 0


async def test_a_record_that_is_not_there_is_none(party):
    assert await party.gateway.record("no-such-call") is None


async def test_records_of_a_window_are_all_read_and_narrowed_by_number(party):
    orders = [party.order(number) for number in range(12)]
    await party.gateway.place(TERMS[Mode.AUTOCALL], orders)
    await party.over(rings=12)
    since, until_ = today()
    records = await all_of(party.gateway.records(since, until_))
    assert sorted(record.customer_id for record in records) == sorted(order.reference for order in orders)
    (one,) = await all_of(party.gateway.records(since, until_, phone(4)))
    assert (one.customer_id, one.phone) == ("reference-4", phone(4))
    assert await all_of(party.gateway.records(since, since + timedelta(minutes=1))) == []


async def test_live_calls_are_told_while_they_live(party):
    assert await party.gateway.live_calls() == []
    party.will(1, f"answered:{NEVER}")
    (placing,) = await party.gateway.place(TERMS[Mode.CLICK2CALL], [party.order()])
    await until(lambda: bool(party.pbx.journal.entries))
    (live,) = await party.gateway.live_calls()
    assert live == LiveCall(placing.call_id, phone(1), "101", False, live.created_at)
    assert live.created_at is not None


async def test_an_agent_s_log_in_is_told_by_the_vendor_s_name_for_him(party):
    party.pbx.pbx.floor.log("102", False)
    first, second, nobody = [await party.gateway.agent_status(user) for user in ("test.user01", "test.user02", NOBODY)]
    assert (first.extension, first.logged_in) == ("101", True)
    assert (second.extension, second.logged_in) == ("102", False)
    assert nobody is None


@pytest.mark.parametrize("mode", QUEUED)
async def test_a_paused_queue_rings_nobody_until_it_is_resumed(party, mode):
    await party.gateway.place(TERMS[mode], [party.order(1)])
    await party.gateway.pause_queue(TERMS[mode])
    await party.gateway.pause_queue(TERMS[mode])
    await party.gateway.place(TERMS[mode], [party.order(2)])
    await party.over()
    assert party.rang(2) == 0
    await party.gateway.resume_queue(TERMS[mode])
    await party.over(rings=2)
    assert party.rang(2) == 1


@pytest.mark.parametrize("mode", QUEUED)
async def test_a_withdrawn_queue_is_forgotten_with_all_whom_it_held(party, mode):
    await party.gateway.place(TERMS[mode], [party.order(1)])
    await party.gateway.pause_queue(TERMS[mode])
    await party.gateway.place(TERMS[mode], [party.order(2)])
    await party.gateway.withdraw_queue(TERMS[mode])
    await party.gateway.withdraw_queue(TERMS[mode])
    with pytest.raises(Misconfigured):
        await party.gateway.resume_queue(TERMS[mode])
    await party.over()
    assert party.rang(2) == 0


@pytest.mark.parametrize("mode", QUEUED)
async def test_a_queue_that_the_vendor_never_had_is_paused_and_withdrawn_already(party, mode):
    await party.gateway.pause_queue(TERMS[mode])
    await party.gateway.withdraw_queue(TERMS[mode])
    with pytest.raises(Misconfigured):
        await party.gateway.resume_queue(TERMS[mode])


async def test_a_blocked_customer_who_waits_in_the_queue_is_skipped(party):
    terms = TERMS[Mode.AUTOCALL]
    await party.gateway.place(terms, [party.order(1)])
    await party.gateway.pause_queue(terms)
    await party.gateway.place(terms, [party.order(2), party.order(3)])
    await party.gateway.block(terms, ["reference-2"])
    await party.gateway.resume_queue(terms)
    await party.over(rings=2)
    assert [party.rang(number) for number in (1, 2, 3)] == [1, 0, 1]


async def test_the_vendor_s_customers_are_listed_by_campaign(party):
    for number in range(3):
        fields = {"customer_code": "KH01", "phone_number": f"091200000{number}", "contract_number": f"HD{number}"}
        party.pbx.pbx.upload(campaign_id="C1" if number else "C2", customer_name="Sample Name", **fields)
    listed = [customer async for customer in party.gateway.customers("C1")]
    assert [(one.contract_number, one.campaign_id, one.status) for one in listed] == [
        ("HD1", "C1", "new"),
        ("HD2", "C1", "new"),
    ]
    assert {one.updated_at for one in listed} == {None}


async def test_registering_hooks_twice_changes_nothing_and_leaves_others_alone(party):
    theirs = "http://crm.test/hooks"
    party.pbx.pbx.hooks.register("cdr", theirs, "their-key")
    registration = await party.gateway.register_hooks(party.address, "hook-key")
    assert (len(registration.added), registration.foreign) == (4, ("cdr",))
    again = await party.gateway.register_hooks(party.address, "hook-key")
    assert again == Registration(kept=registration.added, foreign=("cdr",))
    changed = await party.gateway.register_hooks(party.address, "another-key")
    assert changed == Registration(replaced=registration.added, foreign=("cdr",))
    assert sorted(await party.gateway.remove_hooks(party.address)) == sorted(registration.added)
    assert [one.callback_url for one in party.pbx.pbx.hooks.registrations] == [theirs]


async def test_a_check_finds_what_is_there(party):
    await party.gateway.register_hooks(party.address, "hook-key")
    await party.gateway.place(TERMS[Mode.CLICK2CALL], [party.order()])
    await party.over()
    users = {"101": "test.user01", "102": NOBODY}
    findings = await party.gateway.check(party.address, users, datetime.now(UTC))  # noqa: TID251 the PBX's clock is real
    assert findings.logged_in
    assert set(findings.hooks.values()) == {"ours"}
    assert findings.extensions == {"101": True}
    assert abs(findings.clock_skew) < timedelta(seconds=5)
    assert findings.cdr_mapping == party.pbx.settings.cdr_mapping
    assert findings.remarks == ("extension 102: the vendor does not know its user",)


async def test_a_check_with_wrong_credentials_says_so(party):
    party.pbx.faults.refuse_credentials = True
    findings = await party.gateway.check(party.address, {}, datetime.now(UTC))  # noqa: TID251 the PBX's clock is real
    assert not findings.logged_in
    assert findings.remarks
    placings: Sequence[object] = await party.gateway.place(TERMS[Mode.AUTOCALL], [party.order()])
    assert [(placing.reason, placing.locked_out) for placing in placings] == [(Reason.MISCONFIGURED, True)]
