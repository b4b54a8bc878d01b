"""What must be true of every world, checked against the vendor's journal. Each invariant yields its violations.

`Case` is the ledger's own story (all its rows) beside the vendor's truth. Stamps order everything: no two deeds of a
world share a moment, and `intended_at` is when an intent was committed.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from campaigns import models
from campaigns.evidence import refold
from campaigns.ledger.settle import progress_of
from campaigns.models import Call, Callback, Change, Customer, Person, Receipt, Suppression
from campaigns.states import Fact, Refused, advance
from campaigns.words import (
    OUR_ORIGINS,
    CallState,
    FactKind,
    Mode,
    Origin,
    Outcome,
    Reason,
    ReceiptOutcome,
    Scope,
    Status,
    Subject,
    Verdict,
)
from dialer.gateways import Hook
from dialer.settling import fact_of
from tests.simulation import vendor
from tests.simulation.judging import every_call, the_excluded
from tests.simulation.post import read
from tests.simulation.workers import TIMING
from tests.simulation.world import World, rows


@dataclass(frozen=True, slots=True)
class Violation:
    invariant: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.detail}"


class Case:
    """Everything that is known of a world."""

    def __init__(self, world: World, settled_at: datetime | None = None) -> None:
        self.world = world
        self.settled_at = settled_at
        self.calls = self._rows(Call)
        self.customers = {row.id: row for row in self._rows(Customer)}
        self.people = {row.id: row for row in self._rows(Person)}
        self.orders = [row for row in self._rows(Callback) if row.not_after is not None]
        self.changes = self._rows(Change)
        self.facts = self._rows(models.Fact)
        self.suppressions = self._rows(Suppression)
        self.receipts = self._rows(Receipt)
        self.ours = [call for call in self.calls if call.origin in OUR_ORIGINS]
        self.by_reference = {call.reference: call for call in self.ours}
        self.campaigns = {row.id: row for row in world.campaigns.values()}
        self.rings = world.vendor.rings()
        self.rung = defaultdict(list)
        for ring in self.rings:
            if ring.reference:
                self.rung[ring.reference].append(ring)

    def _rows(self, model: Any) -> list[Any]:
        found: list[Any] = self.world.read(rows, model, self.world.tenant_id)
        return found

    def over_at(self, call: Any) -> datetime | None:
        """When a hand-over could not ring or be in use any more; None while it may. What never arrived is over."""
        entry = self.world.vendor.entries.get(call.reference)
        return call.intended_at if entry is None else entry.over_at

    def outstanding(self, call: Any, at: datetime) -> bool:
        """Whether a hand-over was intended by then and might still ring or be in use, in truth."""
        over_at = self.over_at(call)
        return call.intended_at <= at and (over_at is None or over_at > at)

    def person_of(self, call: Any) -> str:
        return str(self.people[call.person_id].key)


Invariant = Callable[[Case], Iterator[str]]


def nobody_who_must_not_be_called_is_rung(case: Case) -> Iterator[str]:
    """Whose number or person was suppressed, or who was withdrawn, when the intent was committed. What a queue held
    before may ring until it is taken back; that it is taken back, `what_was_released_never_rings` holds."""
    for call in case.ours:
        if call.reference in case.rung:
            entries = [one for one in case.suppressions if _bars(case, one, call)]
            if any(one.since < call.intended_at and not _over(one.until, call.intended_at) for one in entries):
                yield f"call {call.id} rang somebody on the do-not-call list"
            if _status_at(case, call) in (Status.WITHDRAWN, Status.DNC):
                yield f"call {call.id} rang a customer who was final"


def _over(until: datetime | None, at: datetime) -> bool:
    return until is not None and until <= at


def _bars(case: Case, entry: Any, call: Any) -> bool:
    named = call.phone if entry.subject_kind is Subject.NUMBER else case.people[call.person_id].key
    kind = entry.subject_kind is Subject.NUMBER or case.people[call.person_id].key_kind is Subject.PERSON
    meant = entry.purpose in ("all", call.purpose)
    here = entry.scope is Scope.TENANT or entry.campaign_id == call.campaign_id
    return kind and meant and here and entry.subject == named


def _status_at(case: Case, call: Any) -> Status | None:
    """The customer's status before the intent, as his history tells it."""
    told = [one for one in case.changes if one.customer_id == call.customer_id and one.at < call.intended_at]
    return Status(told[-1].after) if told else None


def no_two_calls_at_once(case: Case) -> Iterator[str]:
    """No number and no person is in two calls that we ordered, nor was ordered beside a call of others that we knew."""
    rings = [ring for ring in case.rings if ring.reference in case.by_reference]
    for first, second in combinations(rings, 2):
        if first.ended_at is None or second.rang_at < first.ended_at:
            one, other = case.by_reference[first.reference], case.by_reference[second.reference]
            if first.phone == second.phone or one.person_id == other.person_id:
                yield f"calls {one.id} and {other.id} rang one number or person at once"
    for call in case.ours:
        if call.reference in case.rung:
            yield from _beside_others(case, call)


def _beside_others(case: Case, call: Any) -> Iterator[str]:
    truth = {one.call_id: one for one in case.world.vendor.calls}
    for other in case.calls:
        if other.origin in OUR_ORIGINS or other.state is CallState.RELEASED:
            continue
        known = other.intended_at < call.intended_at
        same = other.phone == call.phone or (other.person_id is not None and other.person_id == call.person_id)
        over = _over(truth[other.vendor_call_id].ended_at, call.intended_at)
        if known and same and not over:
            yield f"call {call.id} was ordered beside call {other.id} of others"


def no_ceiling_is_broken(case: Case) -> Iterator[str]:
    """At each intent: a campaign's concurrent calls, one call an agent, the account's channels, the tenant's limit."""
    plan = case.world.plan
    for call in case.ours:
        at = call.intended_at
        beside = [other for other in case.ours if case.outstanding(other, at)]
        of_campaign = [other for other in beside if other.campaign_id == call.campaign_id]
        most = _concurrent(case, call)
        if most is not None and len(of_campaign) > most:
            yield f"call {call.id} was one of {len(of_campaign)} of its campaign, limit {most}"
        if call.agent_id and sum(other.agent_id == call.agent_id for other in beside) > 1:
            yield f"call {call.id} was the second of agent {call.agent_id}"
        if plan.channels is not None and len(beside) > plan.channels - plan.reserve:
            yield f"call {call.id} was one of {len(beside)} on {plan.channels - plan.reserve} channels"
        if plan.tenant_limit is not None and len(beside) > plan.tenant_limit:
            yield f"call {call.id} was one of {len(beside)} of the tenant, limit {plan.tenant_limit}"
        yield from _ahead_of_agents(case, call, of_campaign)


def _concurrent(case: Case, call: Any) -> int | None:
    """The campaign's limit when the call was claimed: a claim is at most a lease older than its intent."""
    told = case.world.ceilings[call.campaign_id]
    claimed = call.intended_at - TIMING.lease
    in_force = [
        limit
        for (at, limit), (until, _) in zip(told, [*told[1:], (None, None)], strict=True)
        if at <= call.intended_at and (until is None or until > claimed)
    ]
    return None if None in in_force else max(limit for limit in in_force if limit is not None)


def _ahead_of_agents(case: Case, call: Any, of_campaign: Sequence[Any]) -> Iterator[str]:
    """An autodialer rings ahead of its agents by its ratio at most."""
    campaign = case.campaigns[call.campaign_id]
    if campaign.mode is not Mode.AUTODIALER:
        return
    team = len(next(one.team for one in case.world.plan.campaigns if one.code == campaign.code))
    answered = {r.reference for r in case.rings if r.answered_at and r.answered_at <= call.intended_at}
    unanswered = sum(other.reference not in answered for other in of_campaign)
    if unanswered > team * campaign.precall_ratio // 100:
        yield f"call {call.id} was one of {unanswered} unanswered calls for {team} agents"


def attempts_are_limited(case: Case) -> Iterator[str]:
    """Nobody is rung more often in a run than once and his recalls, and once for each order beside them."""
    rung: dict[tuple[int, int], int] = defaultdict(int)
    orders = Counter(order.customer_id for order in case.orders)
    for call in case.ours:
        if call.origin is Origin.CRM:
            continue
        rung[call.customer_id, call.run_id] += len(case.rung[call.reference]) if call.reference in case.rung else 0
    for (customer, _), times in rung.items():
        most = 1 + case.campaigns[case.customers[customer].campaign_id].max_recall_count
        if times > most:
            yield f"customer {customer} was rung {times} times in a run, of {most}"
    for customer in case.customers.values():
        most = 1 + case.campaigns[customer.campaign_id].max_recall_count + orders[customer.id]
        if customer.attempts > most:
            yield f"customer {customer.id} has {customer.attempts} attempts, of {most}"


def an_order_is_one_attempt(case: Case) -> Iterator[str]:
    """However often it was sent, and whatever broke meanwhile: at most one ring an order, and none after its end."""
    told = case.world.orders.answers
    yield from (f"{key} was answered differently: {said}" for key, said in told.items() if len(said) > 1)
    if len(case.orders) != len(told):
        yield f"{len(told)} keys came to {len(case.orders)} orders"
    ends = {order.id: order.not_after for order in case.orders}
    rung = Counter(call.callback_id for call in case.ours if call.reference in case.rung)
    for call in case.ours:
        if call.origin is Origin.CRM and rung[call.callback_id] > 1:
            yield f"order {call.callback_id} was rung {rung[call.callback_id]} times"
        if call.origin is Origin.CRM and call.intended_at >= ends[call.callback_id]:
            yield f"call {call.id} was placed when its order was over"
    for customer in case.customers.values():
        ordered = customer.expires_at is not None
        if ordered and any(call.customer_id == customer.id and call.origin is not Origin.CRM for call in case.ours):
            yield f"customer {customer.id} came by an order and was called by the list"


def every_ring_is_known(case: Case) -> Iterator[str]:
    """Every ring that we ordered has its intent in the ledger, committed before, and was ordered once."""
    for reference, rings in case.rung.items():
        call = case.by_reference.get(reference)
        if call is None:
            yield f"{reference} rang and the ledger does not know it"
        elif call.intended_at > rings[0].rang_at:
            yield f"call {call.id} rang before its intent"
        elif len(rings) > 1:
            yield f"call {call.id} rang {len(rings)} times"


def what_was_released_never_rings(case: Case) -> Iterator[str]:
    """A hand-over that the ledger gave back as certainly not placed, or as taken back from the vendor's queue."""
    for fact in case.facts:
        if fact.kind in (FactKind.NOT_PLACED, FactKind.TAKEN_BACK) and fact.verdict is Verdict.MOVED:
            call = next(call for call in case.calls if call.id == fact.call_id)
            if call.reference in case.rung:
                yield f"call {call.id} rang although it was {fact.kind}"


def everybody_is_somewhere(case: Case) -> Iterator[str]:
    """Each customer is final with a reason, or waits for his turn, or for the end of an open call."""
    calls = {call.id: call for call in case.calls}
    for customer in case.customers.values():
        if customer.open_call_id is not None and calls[customer.open_call_id].state.final:
            yield f"customer {customer.id} waits for call {customer.open_call_id}, which is over"
        if customer.status.final and (customer.reason is None or customer.finished_at is None):
            yield f"customer {customer.id} is {customer.status} without a reason"
        if customer.status.final and customer.lease_token is not None:
            yield f"customer {customer.id} is {customer.status} and leased"
    held = {customer.open_call_id for customer in case.customers.values()}
    for call in case.ours:
        if not call.state.final and call.id not in held:
            yield f"call {call.id} is {call.state}, and its customer does not wait for it"


def hooks_are_settled_once(case: Case) -> Iterator[str]:
    """Every acknowledged hook has its receipt, and moved or was kept by at most one call, once."""
    stored = {bytes(receipt.body) for receipt in case.receipts}
    for body in case.world.post.acknowledged - stored:
        yield f"an acknowledged hook was lost: {body!r}"
    told = [fact.receipt_id for fact in case.facts if fact.receipt_id is not None]
    for receipt in {one for one in told if told.count(one) > 1}:
        yield f"receipt {receipt} was settled {told.count(receipt)} times"


def counts_are_true(case: Case) -> Iterator[str]:
    """A customer's attempts are his charged calls; a verdict is what the vendor's journal says."""
    for customer in case.customers.values():
        own = [call for call in case.ours if call.customer_id == customer.id and call.charged]
        in_run = sum(call.run_id == customer.run_id for call in own)
        if (customer.attempts, customer.attempts_in_all) != (in_run, len(own)):
            counted = f"{customer.attempts} and {customer.attempts_in_all}"
            yield f"customer {customer.id} counts {counted} attempts, his calls {in_run} and {len(own)}"
    for call in case.ours:
        if call.state is CallState.SETTLED and call.outcome is not Outcome.UNKNOWN:
            yield from _against_journal(case, call)


def _against_journal(case: Case, call: Any) -> Iterator[str]:
    made = [one for one in case.world.vendor.calls if one.reference == call.reference]
    if len(made) != 1:
        yield f"call {call.id} is {call.outcome}, and the vendor made {len(made)} calls of it"
        return
    truth = made[0]
    told = (call.outcome, call.charged, call.vendor_call_id)
    true = (_outcome(truth), truth.rang_at is not None, truth.call_id)
    if told != true:
        yield f"call {call.id} is told as {told} and was {true}"
    if call.outcome is Outcome.ANSWERED and call.billsec != truth.billsec:
        yield f"call {call.id} talked {call.billsec} s by our count, {truth.billsec} s in truth"


def _outcome(call: vendor.Call) -> Outcome | None:
    nobody = call.mode is Mode.AUTODIALER and call.result is Outcome.ANSWERED and call.extension is None
    return Outcome.ABANDONED if nobody else call.result


def the_engine_raises_no_false_alarm(case: Case) -> Iterator[str]:
    """The vendor of these worlds never rings twice for one order, so nothing pauses for it."""
    for change in case.changes:
        if change.reason is Reason.UNORDERED_RING:
            yield f"campaign {change.campaign_id} paused: {change.detail}"


ALWAYS: tuple[Invariant, ...] = (
    nobody_who_must_not_be_called_is_rung,
    no_two_calls_at_once,
    no_ceiling_is_broken,
    attempts_are_limited,
    an_order_is_one_attempt,
    every_ring_is_known,
    what_was_released_never_rings,
    everybody_is_somewhere,
    hooks_are_settled_once,
    the_engine_raises_no_false_alarm,
)


def everybody_is_final(case: Case) -> Iterator[str]:
    for customer in case.customers.values():
        if not customer.status.final:
            yield f"customer {customer.id} is {customer.status} ({customer.reason}), due {customer.due_at}"


def every_hook_is_settled(case: Case) -> Iterator[str]:
    """And those that name a call of ours were applied: what they say would tell its ledger nothing new."""
    by_vendor_id = {call.vendor_call_id: call for call in case.ours}
    for receipt in case.receipts:
        if receipt.settled_at is None:
            yield f"receipt {receipt.id} is not settled"
            continue
        hook = read(bytes(receipt.body))
        call = by_vendor_id.get(hook.call_id) if isinstance(hook, Hook) else None
        if isinstance(hook, Hook) and call is not None:
            if receipt.outcome is not ReceiptOutcome.APPLIED:
                yield f"receipt {receipt.id} is {receipt.outcome}, and names a call of ours"
            if _is_news(call, fact_of(hook, receipt.received_at)):
                yield f"receipt {receipt.id} is settled, and call {call.id} does not know that it was {hook.kind}"


def _is_news(call: Any, fact: Fact) -> bool:
    known = progress_of(call)
    result = advance(known, fact)
    return not isinstance(result, Refused) and result.after != known


def nothing_unlawful_is_rung(case: Case) -> Iterator[str]:
    """The checker, who knows nothing of the gate, finds every call lawful, and has what it needs to judge each."""
    yield from case.world.read(lambda conn: list(every_call(conn, case.world, case.settled_at)))


def nobody_is_forgotten_by_the_gate(case: Case) -> Iterator[str]:
    """Nobody was given up for a reason that is gone. Who waits longer than he must, `Patience` sees meanwhile."""
    yield from case.world.read(lambda conn: list(the_excluded(conn, case.world)))


def every_call_is_what_its_facts_come_to(case: Case) -> Iterator[str]:
    """What `dialer audit verify` would find; whatever hooks were late, doubled, or another call's at first."""
    after = 0
    while (page := case.world.read(refold, case.world.tenant_id, (None, None), after)) is not None:
        yield from (f"call {one.id} is not what its facts come to" for one in page.findings)
        after = page.last


AT_THE_END: tuple[Invariant, ...] = (
    everybody_is_final,
    every_hook_is_settled,
    counts_are_true,
    nothing_unlawful_is_rung,
    nobody_is_forgotten_by_the_gate,
    every_call_is_what_its_facts_come_to,
)


def check(world: World, invariants: Iterable[Invariant], settled_at: datetime | None = None) -> list[Violation]:
    """What is not as it must be; some can only be told of a world that has come to its end in the calm."""
    case = Case(world, settled_at)
    return [Violation(invariant.__name__, detail) for invariant in invariants for detail in invariant(case)]
