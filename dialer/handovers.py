"""What a step of placing does in the database: choose under the lock, judge, commit the intents, record the answers.

Each function is one transaction's work. What `commit` returns may be sent, and nothing else.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from campaigns import agents, compliance, decisions, dossiers, ledger, queue, shelf, states, triggers
from campaigns.compliance import Cleared, Withheld
from campaigns.decisions import Judged
from campaigns.dossiers import Brief
from campaigns.ledger import Closing, Intent, Told, Waiting
from campaigns.timing import Timing
from campaigns.words import FactKind, Mode, Reason, Status, Wanted
from dialer import pacing
from dialer.database import clock
from dialer.gateways import NotPlaced, Order, Placed, Placing, Unsure

# How often a claim looks for others where those it found may not be called.
SEARCHES = 5
# What only a person can mend, and how.
MENDED_BY_HAND: Mapping[Reason, str] = {
    Reason.UNKNOWN_RULEBOOK: "rulebook {campaign.rulebook} is not known here, or cannot be read any more: "
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
# Reasons to hold back every call of the account for a while, and those that need a person.
SLOW_DOWN = (Reason.THROTTLED, Reason.UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Handover:
    """What one step hands to the wire: the campaign as it was read, and its committed orders by call id."""

    campaign: Any
    orders: Mapping[int, Order]


@dataclass(frozen=True, slots=True)
class Answered:
    """What the vendor said to orders of one campaign; their call ids and their customers' by reference."""

    campaign: Any
    calls: Mapping[str, int]
    answers: Sequence[Placing]
    customers: Mapping[str, int] = field(default_factory=dict)


def choose(conn: Connection, timing: Timing, campaign: Any, wish: int, token: str) -> tuple[list[int], Reason]:
    """The claim: lock, count, lease, and pass over those who may not be called. Customer ids, and why not more."""
    now = clock(conn)
    tenant, account, campaign = queue.lock(conn, campaign.tenant_id, campaign.id)
    if campaign.wanted is not Wanted.RUNNING or campaign.deleted_at is not None:
        return [], Reason.NOT_RUNNING
    of = dossiers.brief(conn, tenant, campaign, shelf.find(conn, tenant.id, campaign.rulebook))
    if hindrance := compliance.permit(of.mandate, of.rulebook, now):
        return [], _forbid(conn, now, campaign, hindrance.reason)
    _await_agents(conn, now, timing, campaign)
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


def _await_agents(conn: Connection, now: datetime, timing: Timing, campaign: Any) -> None:
    """Who was promised a call by an agent who cannot take one now lets the others pass."""
    if campaign.mode is Mode.CLICK2CALL and (found := ledger.awaiting(conn, now, campaign)):
        free = agents.available(conn, now, timing, campaign.tenant_id, campaign.id)
        ledger.stand_aside(conn, now, timing, found, [agent.id for agent in free])


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
    closings = [Closing(h.customer.id, h.status, h.reason) for h in hopeless if not h.narrowed]
    verdicts = compliance.review_all((one.dossiers for one in candidates), of.rulebook, now)
    judged = [Judged(one, *verdict) for one, verdict in zip(candidates, verdicts, strict=True)]
    waits, lapses = [], {h.customer.id: h.reason for h in hopeless if h.narrowed}
    for one in (one for one in judged if not isinstance(one.verdict, Cleared)):
        customer = one.candidate.customer.id
        match one.verdict:
            case Withheld(reason, until) if _lapses(one) or (until is None and one.candidate.narrowed):
                lapses[customer] = reason
            case Withheld(reason, None):
                # Nothing that a clock brings will free him; a corrected list or setting does, and says so.
                closings.append(Closing(customer, Status.FAIL, reason))
            case Withheld(reason, datetime() as until):
                waits.append(Waiting(customer, until, reason))
    decisions.keep(conn, now, of, judged, hopeless)
    ledger.postpone(conn, now, of.tenant.id, waits, token)
    ledger.close(conn, now, of.tenant.id, closings, "engine")
    _lapse(conn, now, timing, of, lapses)
    return [one for one in judged if isinstance(one.verdict, Cleared)]


def _lapses(one: Judged) -> bool:
    """Whether he is withheld and not kept for later: his triggered call is over, or is not to wait."""
    return isinstance(one.verdict, Withheld) and (one.verdict.reason is Reason.EXPIRED or not one.candidate.waits)


def _lapse(conn: Connection, now: datetime, timing: Timing, of: Brief, because: dict[int, Reason]) -> None:
    """End triggered calls without a call. Where one is over there may be many, and they stand before the whole list."""
    if Reason.EXPIRED in because.values():
        because = dict.fromkeys(ledger.overdue(conn, now, of.campaign), Reason.EXPIRED) | because
    ledger.lapse(conn, now, timing, of.campaign, because)


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
    requests = triggers.requests_of(conn, of.tenant.id, [one.candidate.customer for one in cleared])
    intents, orders = [], {}
    for one, agent in _callers(conn, now, timing, campaign, cleared):
        intent = _intent(one, agent)
        intents.append(intent)
        orders[intent.reference] = _order(one, intent, agent, requests.get(one.candidate.customer.id, ""))
    held = ledger.intend(conn, now, timing, campaign, intents, token)
    _keep_evidence(
        conn, now, of, cleared, {i.cleared.customer_id: held[i.reference] for i in intents if i.reference in held}
    )
    if len(held) < len(customer_ids):
        # Those for whom no agent was left go back untouched.
        queue.release(conn, campaign.tenant_id, token)
    return Handover(campaign, {call: orders[reference] for reference, call in held.items()})


def _keep_evidence(
    conn: Connection, now: datetime, of: Brief, cleared: Sequence[Judged], calls: Mapping[int, int]
) -> None:
    if calls and of.rulebook is not None:
        shelf.keep(conn, now, of.tenant.id, of.rulebook)
        decisions.keep_cleared(conn, now, of, cleared, calls)


def _callers(
    conn: Connection, now: datetime, timing: Timing, campaign: Any, cleared: Sequence[Judged]
) -> list[tuple[Judged, Any]]:
    """Who is called by whom: in click-to-call whoever was promised a call by one agent by him alone, the others by the
    longest idle; in the vendor's queues by nobody whom we choose."""
    if campaign.mode is not Mode.CLICK2CALL:
        return [(one, None) for one in cleared]
    free = {agent.id: agent for agent in agents.available(conn, now, timing, campaign.tenant_id, campaign.id)}
    named = ledger.promised_agents(conn, campaign.tenant_id, [one.candidate.customer for one in cleared])
    own = [(one, free.pop(named[key], None)) for one in cleared if (key := one.candidate.customer.id) in named]
    others = [one for one in cleared if one.candidate.customer.id not in named]
    return [(one, agent) for one, agent in own if agent is not None] + list(zip(others, free.values(), strict=False))


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


def _order(one: Judged, intent: Intent, agent: Any, request_id: str) -> Order:
    return Order(
        cleared=intent.cleared,
        reference=intent.reference,
        name=one.candidate.name,
        extension=agent.extension if agent is not None else None,
        customer_code=one.candidate.customer.code,
        variables=one.dossier.variables,
        request_id=request_id,
    )


def record(conn: Connection, timing: Timing, batch: Sequence[Answered]) -> None:
    """Write what the vendor answered to orders of one tenant, and hold back or pause where an answer says so."""
    now = clock(conn)
    told = [(one.calls[answer.reference], answer) for one in batch for answer in one.answers]
    named = {call: answer.call_id for call, answer in told if isinstance(answer, Placed) and answer.call_id is not None}
    calls = ledger.own(conn, now, timing, [call for call, _ in told], named)
    ledger.apply(conn, now, timing, [Told(call, _fact(answer, now)) for call, answer in told], calls=calls)
    # Accounts before campaigns, each in the order of their ids: so a claim locks them too.
    for one in sorted(batch, key=lambda one: one.campaign.vendor_account_id):
        _slow_down(conn, now, timing, one)
    for one in sorted(batch, key=lambda one: one.campaign.id):
        _conclude(conn, now, one)


def _slow_down(conn: Connection, now: datetime, timing: Timing, one: Answered) -> None:
    for answer in one.answers:
        if isinstance(answer, NotPlaced) and answer.reason in SLOW_DOWN:
            wait = timing.of(answer.retry_after) if answer.retry_after else timing.unreachable_delay
            ledger.hold_back(conn, one.campaign.vendor_account_id, now + wait)


def _conclude(conn: Connection, now: datetime, one: Answered) -> None:
    """What the answers say of the campaign: the vendor holds a queue for it, or a person has to mend it."""
    if one.campaign.mode.queued and any(not isinstance(answer, NotPlaced) for answer in one.answers):
        ledger.fed(conn, now, one.campaign.id)
    for answer in one.answers:
        if isinstance(answer, NotPlaced) and answer.reason is Reason.MISCONFIGURED:
            ledger.pause(conn, now, one.campaign.id, Reason.MISCONFIGURED, answer.detail)


def _fact(answer: Placing, now: datetime) -> states.Fact:
    match answer:
        case Placed(call_id=call_id):
            return states.Fact(FactKind.PLACED, now, call_id=call_id, confirms=call_id is not None)
        case NotPlaced(reason=reason):
            return states.Fact(FactKind.NOT_PLACED, now, reason=reason)
        case Unsure(reason=reason):
            return states.Fact(FactKind.UNSURE, now, reason=reason)
