"""The placing loop: pacing -> claim -> gate -> intent (commit) -> gateway -> ledger.

An intent runs ahead of the wire by twenty calls a campaign at most, so that a crash leaves few hand-overs to be asked
after. Only this process, which knows that it wrote nothing, may release an intent as never sent.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import anyio
from sqlalchemy import Connection

from campaigns import agents, compliance, decisions, dossiers, ledger, queue, shelf, states
from campaigns.compliance import Cleared, Withheld
from campaigns.decisions import Judged
from campaigns.dossiers import Brief
from campaigns.ledger import Closing, Intent, Told, Waiting
from campaigns.timing import Timing
from campaigns.words import FactKind, Mode, Reason, Status, Wanted
from dialer import pacing
from dialer.database import DATABASE_ERRORS, Database, clock
from dialer.gateways import Gateway, NotPlaced, Order, Placed, Placing, Unsure, terms_of
from dialer.logs import log
from dialer.metrics import Metrics, timed
from dialer.vendors import Vendors

AHEAD_OF_WIRE = 20
# How often a claim looks for others where those it found may not be called.
SEARCHES = 5
# Seconds until an answer that could not be written is tried again.
AFTER_TROUBLE = 1.0
# What only a person can mend, and how.
MENDED_BY_HAND: Mapping[Reason, str] = {
    Reason.UNKNOWN_RULEBOOK: "rulebook {campaign.rulebook} is not known here: "
    "dialer campaign set {campaign.code} --rulebook NAME",
    Reason.RULEBOOK_NOT_IN_EFFECT: "rulebook {campaign.rulebook} is not in effect today: "
    "dialer campaign set {campaign.code} --rulebook NAME",
    Reason.MISSING_PURPOSE: "it has no purpose: dialer campaign set {campaign.code} --purpose PURPOSE",
    Reason.WRONG_PURPOSE: "rulebook {campaign.rulebook} is not for {campaign.purpose}: "
    "dialer campaign set {campaign.code} --rulebook NAME",
    Reason.CREDITOR_MISSING: "nobody is named who is owed: dialer campaign set {campaign.code} --creditor NAME",
    Reason.ADVERTISER_MISSING: "nobody is named who advertises: dialer campaign set {campaign.code} --advertiser NAME",
    Reason.BRANDNAME_MISSING: "no brandname is granted today: "
    "dialer campaign set {campaign.code} --brandname NAME --brandname-until DAY",
}
# Seconds after which the vendor's answer to a placing is said to be slow.
SLOW_ANSWER = 1.0
# Reasons to hold back every call of the account for a while, and those that need a person.
SLOW_DOWN = (Reason.THROTTLED, Reason.UNREACHABLE)


class Starts(Protocol):
    """What a hand-over is started with: a task group, or a scheduler that gives each its turn."""

    def start_soon(self, work: Callable[..., Coroutine[Any, Any, Any]], /, *args: Any) -> object: ...


@dataclass(frozen=True, slots=True)
class Handover:
    """What one step hands to the wire: the campaign as it was read, and its committed orders by call id."""

    campaign: Any
    orders: Mapping[int, Order]


class PlacingLoop:
    """`step` starts hand-overs and does not wait for the vendor: what is on the wire counts as live meanwhile."""

    def __init__(self, database: Database, vendors: Vendors, timing: Timing, tasks: Starts, metrics: Metrics) -> None:
        self._database = database
        self._vendors = vendors
        self._timing = timing
        self._tasks = tasks
        self._metrics = metrics
        self._on_wire: Counter[int] = Counter()
        self._because: dict[int, Reason] = {}
        self._log = log("placing")

    @property
    def on_wire(self) -> int:
        """How many orders wait for the vendor's answer."""
        return self._on_wire.total()

    async def step(self, now: datetime) -> bool:
        """One look at every running campaign; whether anything was placed."""
        placed = False
        for campaign in await self._database.read(queue.running):
            wish = AHEAD_OF_WIRE - self._on_wire[campaign.id]
            if wish <= 0:
                continue
            gateway = await self._vendors.gateway(campaign.vendor_account_id)
            handover = await self._prepare(campaign, wish) if gateway is not None else None
            if gateway is not None and handover is not None and handover.orders:
                placed = True
                self._start(gateway, handover)
        return placed

    async def _prepare(self, campaign: Any, wish: int) -> Handover | None:
        token = secrets.token_hex(16)
        with timed(self._metrics.claim_seconds):
            claimed, because = await self._database.write(choose, self._timing, campaign, wish, token)
        self._say_why(campaign, because)
        if not claimed:
            return None
        return await self._database.write(commit, self._timing, campaign, claimed, token)

    def _say_why(self, campaign: Any, because: Reason) -> None:
        if self._because.get(campaign.id) != because:
            self._because[campaign.id] = because
            self._log.info("allotment", campaign=campaign.code, because=because.value)

    def _start(self, gateway: Gateway, handover: Handover) -> None:
        """Click-to-call is one request a call; a queue is fed with all of them in one."""
        orders = list(handover.orders.items())
        parts = [orders] if handover.campaign.mode.queued else [[one] for one in orders]
        for part in parts:
            self._on_wire[handover.campaign.id] += len(part)
            self._tasks.start_soon(self._hand_over, gateway, handover.campaign, part)

    async def _hand_over(self, gateway: Gateway, campaign: Any, part: Sequence[tuple[int, Order]]) -> None:
        """Nothing here may ask the database before the answers are at hand: what escapes ends the process, and the
        intents of this part would have to be asked after."""
        try:
            with timed(self._metrics.place_seconds) as seconds:
                answers = await gateway.place(terms_of(campaign), [order for _, order in part])
                if (took := seconds()) >= SLOW_ANSWER:
                    self._log.warning("slow answer", campaign=campaign.code, seconds=round(took, 1), orders=len(part))
            calls = {order.reference: call for call, order in part}
            await self._record(campaign, calls, answers)
            self._tell(campaign, part, answers)
            await self._judge(campaign, answers)
        finally:
            self._on_wire[campaign.id] -= len(part)

    async def _record(self, campaign: Any, calls: Mapping[str, int], answers: Sequence[Placing]) -> None:
        """Write the answers, again and again while the database is away: nobody else knows them."""
        while True:
            try:
                await self._database.write(record, self._timing, campaign, calls, answers)
            except DATABASE_ERRORS as error:
                self._log.error("answers not written", count=len(answers), detail=str(getattr(error, "orig", error)))
                await anyio.sleep(AFTER_TROUBLE)
            else:
                return

    async def _judge(self, campaign: Any, answers: Sequence[Placing]) -> None:
        """Whether the vendor lets us in. Where that cannot be written, the next request tells it again."""
        first = answers[0]
        try:
            if isinstance(first, NotPlaced) and first.locked_out:
                await self._vendors.locked_out(campaign.vendor_account_id, first.detail)
            if isinstance(first, Placed):
                await self._vendors.admitted(campaign.vendor_account_id)
        except DATABASE_ERRORS as error:
            self._log.error("log-in not noted", detail=str(getattr(error, "orig", error)))

    def _tell(self, campaign: Any, part: Sequence[tuple[int, Order]], answers: Sequence[Placing]) -> None:
        names = {order.reference: {"call": call, "customer": order.cleared.customer_id} for call, order in part}
        for answer in answers:
            told = {"campaign": campaign.code, "reference": answer.reference} | names[answer.reference]
            self._metrics.placed.labels("placed" if isinstance(answer, Placed) else answer.reason.value).inc()
            if isinstance(answer, Placed):
                self._log.info("placed", **told)
            else:
                word = "unsure" if isinstance(answer, Unsure) else "not placed"
                self._log.warning(word, **told, reason=answer.reason.value, detail=answer.detail)


def choose(conn: Connection, timing: Timing, campaign: Any, wish: int, token: str) -> tuple[list[int], Reason]:
    """The claim: lock, count, lease, and pass over those who may not be called. Customer ids, and why not more."""
    now = clock(conn)
    tenant, account, campaign = queue.lock(conn, campaign.tenant_id, campaign.id)
    if campaign.wanted is not Wanted.RUNNING or campaign.deleted_at is not None:
        return [], Reason.NOT_RUNNING
    of = dossiers.brief(conn, tenant, campaign, shelf.find(conn, tenant.id, campaign.rulebook))
    if hindrance := compliance.permit(of.mandate, of.rulebook, now):
        return [], _forbid(conn, now, campaign, hindrance.reason)
    snapshot = queue.snapshot(conn, now, timing, tenant, account, campaign)
    policy = pacing.Policy(campaign.mode, campaign.precall_ratio, campaign.concurrent_call)
    allotment = pacing.decide(snapshot, policy, wish, now)
    chosen: list[int] = []
    for _ in range(SEARCHES):
        found = queue.claim(conn, now, timing, campaign, allotment.n - len(chosen), token)
        if not found:
            break
        chosen += [one.candidate.customer.id for one in judge(conn, now, timing, of, found, token)]
    return chosen, allotment.because


def _forbid(conn: Connection, now: datetime, campaign: Any, reason: Reason) -> Reason:
    """Nobody of this campaign may be called. What only a person can mend pauses it; a register is loaded again."""
    if reason in MENDED_BY_HAND:
        ledger.pause(conn, now, campaign.id, reason, MENDED_BY_HAND[reason].format(campaign=campaign))
    return reason


def judge(
    conn: Connection, now: datetime, timing: Timing, of: Brief, customers: Sequence[Any], token: str
) -> list[Judged]:
    """The gate, on the facts of this transaction: who is cleared. The others are given back or closed."""
    candidates, hopeless = dossiers.gather(conn, now, timing, of, customers)
    closings = [Closing(h.customer.id, h.status, h.reason) for h in hopeless]
    judged = [Judged(c, *compliance.review_each(c.dossiers, of.rulebook, now)) for c in candidates]
    waits = []
    for one in judged:
        if isinstance(one.verdict, Withheld) and one.verdict.until is None:
            # Nothing that a clock brings will free him; a corrected list or setting does, and says so.
            closings.append(Closing(one.candidate.customer.id, Status.FAIL, one.verdict.reason))
        elif isinstance(one.verdict, Withheld) and one.verdict.until is not None:
            waits.append(Waiting(one.candidate.customer.id, one.verdict.until, one.verdict.reason))
    decisions.keep(conn, now, of, judged, hopeless)
    ledger.postpone(conn, now, of.tenant.id, waits, token)
    ledger.close(conn, now, of.tenant.id, closings, "engine")
    return [one for one in judged if isinstance(one.verdict, Cleared)]


def commit(conn: Connection, timing: Timing, campaign: Any, customer_ids: Sequence[int], token: str) -> Handover:
    """The intent: the gate once more on fresh facts, then the calls' rows. What this returns may be sent."""
    now = clock(conn)
    tenant, _, campaign = queue.lock(conn, campaign.tenant_id, campaign.id)
    customers = queue.held(conn, now, campaign.tenant_id, token, customer_ids)
    of = dossiers.brief(conn, tenant, campaign, shelf.find(conn, tenant.id, campaign.rulebook))
    if campaign.wanted is not Wanted.RUNNING or compliance.permit(of.mandate, of.rulebook, now):
        queue.release(conn, campaign.tenant_id, token)
        return Handover(campaign, {})
    cleared = judge(conn, now, timing, of, customers, token)
    callers = _callers(conn, now, timing, campaign, len(cleared))
    intents, orders = [], {}
    for one, agent in zip(cleared, callers, strict=False):
        intent = _intent(one, agent)
        intents.append(intent)
        orders[intent.reference] = _order(one, intent, agent)
    held = ledger.intend(conn, now, timing, campaign, intents, token)
    _keep_evidence(
        conn, now, of, cleared, {i.cleared.customer_id: held[i.reference] for i in intents if i.reference in held}
    )
    # Those for whom no agent was left go back untouched.
    queue.release(conn, campaign.tenant_id, token)
    return Handover(campaign, {call: orders[reference] for reference, call in held.items()})


def _keep_evidence(
    conn: Connection, now: datetime, of: Brief, cleared: Sequence[Judged], calls: Mapping[int, int]
) -> None:
    if calls and of.rulebook is not None:
        shelf.keep(conn, now, of.tenant.id, of.rulebook)
        decisions.keep_cleared(conn, now, of, cleared, calls)


def _callers(conn: Connection, now: datetime, timing: Timing, campaign: Any, count: int) -> list[Any]:
    """The agent of each call: the longest idle first for click-to-call, nobody for the vendor's queues."""
    if campaign.mode is not Mode.CLICK2CALL:
        return [None] * count
    return agents.available(conn, now, timing, campaign.tenant_id, campaign.id)[:count]


def _intent(one: Judged, agent: Any) -> Intent:
    assert isinstance(one.verdict, Cleared)
    return Intent(
        cleared=one.verdict,
        reference=f"d{secrets.token_hex(10)}",
        run_id=one.candidate.customer.run_id,
        attempt=one.candidate.customer.attempts + 1,
        role=one.dossier.role,
        contracts=one.dossier.contracts,
        agent_id=agent.id if agent is not None else None,
    )


def _order(one: Judged, intent: Intent, agent: Any) -> Order:
    return Order(
        cleared=intent.cleared,
        reference=intent.reference,
        name=one.candidate.name,
        extension=agent.extension if agent is not None else None,
        customer_code=one.candidate.customer.code,
        variables=one.dossier.variables,
    )


def record(
    conn: Connection, timing: Timing, campaign: Any, calls: Mapping[str, int], answers: Sequence[Placing]
) -> None:
    """Write what the vendor answered, and hold back or pause where the answer says so."""
    now = clock(conn)
    for answer in answers:
        if isinstance(answer, Placed) and answer.call_id is not None:
            ledger.own(conn, now, timing, calls[answer.reference], answer.call_id)
    ledger.apply(conn, now, timing, [Told(calls[a.reference], _fact(a, now)) for a in answers])
    if campaign.mode.queued and any(not isinstance(answer, NotPlaced) for answer in answers):
        ledger.fed(conn, now, campaign.id)
    refused = [answer for answer in answers if isinstance(answer, NotPlaced)]
    for answer in refused:
        if answer.reason in SLOW_DOWN:
            wait = timing.of(answer.retry_after) if answer.retry_after else timing.unreachable_delay
            ledger.hold_back(conn, campaign.vendor_account_id, now + wait)
        if answer.reason is Reason.MISCONFIGURED:
            ledger.pause(conn, now, campaign.id, Reason.MISCONFIGURED, answer.detail)


def _fact(answer: Placing, now: datetime) -> states.Fact:
    match answer:
        case Placed(call_id=call_id):
            return states.Fact(FactKind.PLACED, now, call_id=call_id, confirms=call_id is not None)
        case NotPlaced(reason=reason):
            return states.Fact(FactKind.NOT_PLACED, now, reason=reason)
        case Unsure(reason=reason):
            return states.Fact(FactKind.UNSURE, now, reason=reason)
