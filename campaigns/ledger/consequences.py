"""What follows from a call's end: the customer's next time, in the same transaction, and the agent's wrap-up."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, or_, select

from campaigns import recalls, retries
from campaigns.ledger.appointments import Appointments, Step
from campaigns.ledger.history import write_changes
from campaigns.models import Agent, Call, Campaign, Customer, Number, Tenant
from campaigns.retries import GiveUp, Policy, RetryAt, Tally
from campaigns.rows import OURS, WAITING, columns_of, table
from campaigns.statements import Find, Update, aside, own
from campaigns.states import Progress
from campaigns.timing import Timing
from campaigns.words import CallState, Mode, Outcome, Presence, Reason, Status

AGENT = columns_of(Agent)
CALL = columns_of(Call)
CAMPAIGN = columns_of(Campaign)
CUSTOMER = columns_of(Customer)
NUMBER = columns_of(Number)
DECLINE_LIMIT = 3
DEAD_AFTER = 2
MISSES_BEFORE_REST = 3
# What a user or a rule decided about a customer is not undone by how his last call ended.
DECIDED = (Status.WITHDRAWN, Status.DNC, Status.EXPIRED)
# What the end of a call may change of a customer, and of an agent.
OF_A_CUSTOMER = (
    "status",
    "reason",
    "attempts",
    "attempts_in_all",
    "declines",
    "open_call_id",
    "due_at",
    "finished_at",
)
OF_AN_AGENT = (
    "logged_in",
    "logged_in_seen_at",
    "busy_until",
    "missed_in_a_row",
    "last_call_ended_at",
    "wrap_up_until",
    "presence",
    "presence_since",
    "presence_source",
)
find_campaigns = Find(select(table(Campaign)), key=CAMPAIGN.id)
find_agents = (
    select(table(Agent))
    .where(
        AGENT.tenant_id == bindparam("tenant_id"),
        or_(
            AGENT.id.in_(bindparam("ids", expanding=True)),
            AGENT.extension.in_(bindparam("extensions", expanding=True)),
        ),
    )
    .order_by(AGENT.id)
    .with_for_update(key_share=True)
)
find_customers = Find(
    select(
        *(CUSTOMER[name] for name in ("id", "run_id", "priority", "callback_id", "expires_at")),
        *(CUSTOMER[name] for name in OF_A_CUSTOMER),
    )
    .order_by(CUSTOMER.id)
    .with_for_update(key_share=True),
    key=CUSTOMER.id,
)
find_owners = Find(
    select(NUMBER.person_id).where(NUMBER.tenant_id == bindparam("tenant_id"), NUMBER.removed_at.is_(None)),
    key=NUMBER.phone,
)
find_customers_of = Find(
    select(CUSTOMER.id).where(CUSTOMER.tenant_id == bindparam("tenant_id")), key=CUSTOMER.person_id
)
# Whoever is locked is being looked at, and to wait for him here would be out of the order of the keys.
find_held = Find(
    select(CUSTOMER.id)
    .where(WAITING, CUSTOMER.reason == Reason.CAP_REACHED, CUSTOMER.due_at > bindparam("now"))
    .order_by(CUSTOMER.id)
    .with_for_update(skip_locked=True, key_share=True),
    key=CUSTOMER.id,
)
find_newest_calls = Find(
    select(CALL.customer_id, func.max(CALL.id).label("newest"))
    .where(CALL.tenant_id == bindparam("tenant_id"))
    .group_by(CALL.customer_id),
    key=CALL.customer_id,
)
find_endings = Find(
    select(CALL.id, CALL.customer_id, CALL.run_id, CALL.outcome, CALL.ended_at)
    .where(CALL.tenant_id == bindparam("tenant_id"), CALL.outcome.is_not(None), CALL.charged.is_(True))
    .order_by(CALL.customer_id, CALL.id),
    key=CALL.customer_id,
)
find_dialed = Find(
    select(CALL.phone, CALL.outcome)
    .where(aside(CALL.tenant_id) == bindparam("tenant_id"), CALL.outcome.is_not(None), CALL.charged.is_(True), OURS)
    .order_by(CALL.phone, CALL.id),
    key=CALL.phone,
)
find_zone = select(columns_of(Tenant).zone).where(columns_of(Tenant).id == bindparam("tenant_id"))
find_numbers = Find(
    select(NUMBER.id, NUMBER.person_id, NUMBER.phone, NUMBER.dead_at)
    .where(NUMBER.tenant_id == bindparam("tenant_id"))
    .order_by(NUMBER.person_id, NUMBER.id)
    .with_for_update(key_share=True),
    key=NUMBER.person_id,
)
write_customers = Update(Customer, own(*OF_A_CUSTOMER, "updated_at"), where="customer.id = :id", shared=["updated_at"])
write_numbers = Update(
    Number, own("last_outcome", "last_outcome_at", "dead_at"), where="number.id = :id", shared=["last_outcome_at"]
)
write_turns = Update(Customer, own("due_at", "updated_at"), where="customer.id = :id", shared=["due_at", "updated_at"])
write_agents = Update(Agent, own(*OF_AN_AGENT), where="agent.id = :id")


@dataclass(frozen=True, slots=True)
class Plan:
    """By what a customer's next time is decided: the campaign's recalls, and how often this outcome came before."""

    policy: Policy
    tally: Tally


def policy_of(campaign: Any, timing: Timing) -> Policy:
    """A campaign's recalls, in this world's time."""
    return Policy(
        max_recall_count=campaign.max_recall_count,
        min_recall_duration=campaign.min_recall_duration,
        recall_delay=timing.of(campaign.recall_delay),
        unknown_recall_delay=timing.unknown_recall_delay,
        missed_delay=timing.missed_delay,
        recalls=recalls.read(campaign.recalls, timing.of),
    )


def follow(conn: Connection, now: datetime, timing: Timing, steps: Sequence[Step]) -> None:
    """Carry the ends of one tenant's calls to their customers, numbers and agents."""
    ended = [step for step in steps if step.call.customer_id is not None and _matters(step)]
    over = [step for step in steps if _agent_learns(step)]
    campaigns = _campaigns(conn, [*ended, *over])
    _follow_customers(conn, now, timing, ended, campaigns)
    _remember_numbers(conn, now, [step for step in ended if step.after.charged])
    _follow_agents(conn, now, timing, over, campaigns)
    _let_go(conn, now, [step for step in ended if step.before.charged and not step.after.charged])


def _let_go(conn: Connection, now: datetime, steps: Sequence[Step]) -> None:
    """A hand-over that counted and rang nobody after all kept others from their turn: who waits for a cap over the same
    person or number is looked at again at once."""
    if not steps:
        return
    tenant = {"tenant_id": steps[0].call.tenant_id}
    owners = {row.person_id for row in find_owners(conn, {step.call.phone for step in steps}, **tenant)}
    people = (owners | {step.call.person_id for step in steps}) - {None}
    customers = [row.id for row in find_customers_of(conn, people, **tenant)]
    held = [{"id": row.id} for row in find_held(conn, customers, now=now)]
    write_turns(conn, held, due_at=now, updated_at=now)


def _campaigns(conn: Connection, steps: Iterable[Step]) -> dict[int, Any]:
    ids = {step.call.campaign_id for step in steps} - {None}
    return {row.id: row for row in find_campaigns(conn, ids)}


def _matters(step: Step) -> bool:
    return _weight(step.before) != _weight(step.after)


def _weight(progress: Progress) -> tuple[Any, ...]:
    """What of a call a customer's next time depends on. Talk time counts: a record may make an answer too short."""
    talked = progress.billsec if progress.outcome is Outcome.ANSWERED else None
    return (progress.state.final, progress.outcome, progress.charged, talked)


def _follow_customers(
    conn: Connection, now: datetime, timing: Timing, steps: Sequence[Step], campaigns: Mapping[int, Any]
) -> None:
    if not steps:
        return
    ids = {step.call.customer_id for step in steps}
    customers = {row.id: row._asdict() for row in find_customers(conn, ids)}
    calls = find_newest_calls(conn, ids, tenant_id=steps[0].call.tenant_id)
    newest = {row.customer_id: row.newest for row in calls}
    policies = {key: policy_of(campaign, timing) for key, campaign in campaigns.items()}
    counted = tallies(conn, now, steps, policies)
    appointments = Appointments(conn, now, timing, steps, customers)
    told: list[dict[str, Any]] = []
    for step in steps:
        customer = customers[step.call.customer_id]
        plan = _plan(policies[step.call.campaign_id], counted.get(step.call.id, Tally()), customer)
        values = _next(now, timing, step, customer, plan, newest[customer["id"]])
        values = appointments.after(step, customer, values)
        if values.get("status", customer["status"]) != customer["status"] or "reason" in values:
            told.append(_told(step, customer, values))
        customer.update(values)
    write_customers(conn, list(customers.values()), updated_at=now)
    appointments.write(conn)
    write_changes(conn, told, tenant_id=steps[0].call.tenant_id, actor="engine", at=now)


def _plan(policy: Policy, tally: Tally, customer: Mapping[str, Any]) -> Plan:
    """Who stands here only by a triggered call is called once for it, whatever the campaign's recalls."""
    return Plan(policy if customer["expires_at"] is None else replace(policy, max_recall_count=0), tally)


def _next(
    now: datetime, timing: Timing, step: Step, customer: dict[str, Any], plan: Plan, newest: int
) -> dict[str, Any]:
    """What changes of a customer by the end (or the reopening) of one of his calls."""
    delta = int(step.after.charged) - int(step.before.charged)
    values: dict[str, Any] = {"attempts_in_all": customer["attempts_in_all"] + delta}
    if customer["run_id"] == step.call.run_id:
        values["attempts"] = customer["attempts"] + delta
    if customer["open_call_id"] not in (None, step.call.id) or step.call.id != newest:
        return values
    if not step.after.state.final:
        return {**values, "open_call_id": step.call.id}
    values["open_call_id"] = None
    decided = customer["status"] in DECIDED or customer["reason"] is Reason.WITHDRAWN
    if decided or customer["run_id"] != step.call.run_id:
        return values
    attempts = values.get("attempts", customer["attempts"])
    if step.after.state is CallState.RELEASED:
        return {**values, **_given_back(now, timing, step, customer, attempts)}
    return {**values, **settled(now, step, plan, attempts)}


def _given_back(now: datetime, timing: Timing, step: Step, customer: dict[str, Any], attempts: int) -> dict[str, Any]:
    reason = step.after.reason or Reason.TAKEN_BACK
    declines = customer["declines"] + (reason is Reason.DECLINED)
    if declines >= DECLINE_LIMIT:
        final = {"status": Status.FAIL, "reason": Reason.VENDOR_DECLINED, "finished_at": now}
        return {**final, "declines": declines}
    waits = {Reason.DECLINED: timing.decline_delay, Reason.UNREACHABLE: timing.unreachable_delay}
    return {
        "status": Status.QUEUE if attempts else Status.NEW,
        "reason": reason,
        "declines": declines,
        "due_at": now + waits.get(reason, timedelta(0)),
        "finished_at": None,
    }


def settled(now: datetime, step: Step, plan: Plan, attempts: int) -> dict[str, Any]:
    """What becomes of a customer by the outcome of his newest call."""
    after = step.after
    assert after.outcome is not None
    ended = min(after.ended_at or now, now)
    match retries.next_attempt(after.outcome, after.billsec, after.charged, attempts, ended, plan.policy, plan.tally):
        case GiveUp(status, reason):
            return {"status": status, "reason": reason, "finished_at": now, "declines": 0}
        case RetryAt(at, reason):
            status = Status.QUEUE if attempts else Status.NEW
            return {"status": status, "reason": reason, "due_at": at, "finished_at": None, "declines": 0}


def _told(step: Step, before: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    return {
        "campaign_id": step.call.campaign_id,
        "customer_id": step.call.customer_id,
        "call_id": step.call.id,
        "callback_id": None,
        "before": before["status"].value,
        "after": values.get("status", before["status"]).value,
        "reason": values.get("reason"),
        "detail": step.after.outcome.value if step.after.outcome else step.after.state.value,
    }


def tallies(conn: Connection, now: datetime, steps: Sequence[Step], policies: Mapping[int, Policy]) -> dict[int, Tally]:
    """How often each of these outcomes came before, by call id, where the campaign's recalls depend on it."""
    counting = [s for s in steps if s.after.outcome and policies[s.call.campaign_id].after(s.after.outcome).counts]
    if not counting:
        return {}
    tenant_id = counting[0].call.tenant_id
    zone = ZoneInfo(conn.scalars(find_zone, {"tenant_id": tenant_id}).one())
    before = find_endings(conn, {step.call.customer_id for step in counting}, tenant_id=tenant_id)
    return {step.call.id: _tally(now.astimezone(zone), step, before) for step in counting}


def _tally(today: datetime, step: Step, before: Sequence[Any]) -> Tally:
    """`today` is this moment on the tenant's clock."""
    begins = today.replace(hour=0, minute=0, second=0, microsecond=0)
    alike = [
        row
        for row in before
        if row.customer_id == step.call.customer_id and row.id != step.call.id and row.outcome is step.after.outcome
    ]
    return Tally(
        today=1 + sum(row.ended_at is not None and row.ended_at >= begins for row in alike),
        in_run=1 + sum(row.run_id == step.call.run_id for row in alike),
        in_all=1 + len(alike),
        tomorrow=begins + timedelta(days=1),
    )


def _remember_numbers(conn: Connection, now: datetime, steps: Sequence[Step]) -> None:
    """How the newest call to each number ended. One that failed twice in a row is dead: it is not tried again."""
    ended = {(step.call.person_id, step.call.phone): step.after.outcome for step in steps if step.after.outcome}
    if not ended:
        return
    tenant_id = steps[0].call.tenant_id
    numbers = find_numbers(conn, {person for person, _ in ended}, tenant_id=tenant_id)
    failed = {phone for (_, phone), outcome in ended.items() if outcome is Outcome.INVALID}
    dead = _failing(find_dialed(conn, failed, tenant_id=tenant_id))
    rows = [
        {
            "id": number.id,
            "last_outcome": ended[number.person_id, number.phone],
            "dead_at": (number.dead_at or now) if number.phone in failed & dead else None,
        }
        for number in numbers
        if (number.person_id, number.phone) in ended
    ]
    write_numbers(conn, rows, last_outcome_at=now)


def _failing(dialed: Sequence[Any]) -> set[str]:
    """The numbers of which the last calls failed, one after the other."""
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    for call in dialed:
        outcomes[call.phone].append(call.outcome)
    return {phone for phone, last in outcomes.items() if last[-DEAD_AFTER:] == [Outcome.INVALID] * DEAD_AFTER}


def _follow_agents(
    conn: Connection, now: datetime, timing: Timing, steps: Sequence[Step], campaigns: Mapping[int, Any]
) -> None:
    if not steps:
        return
    agents = _agents(conn, steps)
    learned: dict[int, dict[str, Any]] = {}
    for step in steps:
        for agent in agents:
            if _his(step, agent):
                agent.update(_of_the_agent(now, timing, step, campaigns.get(step.call.campaign_id), agent))
                learned[agent["id"]] = agent
    write_agents(conn, [learned[key] for key in sorted(learned)])


def _agents(conn: Connection, steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The agents of these calls, locked in id order."""
    ids = {step.call.agent_id for step in steps} - {None}
    extensions = {step.after.extension for step in steps} - {None}
    asked = {"tenant_id": steps[0].call.tenant_id, "ids": list(ids), "extensions": list(extensions)}
    return [dict(row._mapping) for row in conn.execute(find_agents, asked)]


def _agent_learns(step: Step) -> bool:
    known = step.call.agent_id is not None or step.after.extension is not None
    over = step.before.state.live and not step.after.state.live
    return known and (over or step.before.outcome != step.after.outcome)


def _his(step: Step, agent: Mapping[str, Any]) -> bool:
    place = (step.call.vendor_account_id, step.after.extension)
    return bool(agent["id"] == step.call.agent_id or place == (agent["vendor_account_id"], agent["extension"]))


def _of_the_agent(now: datetime, timing: Timing, step: Step, campaign: Any, agent: Mapping[str, Any]) -> dict[str, Any]:
    after = step.after
    match after.reason:
        case Reason.AGENT_AWAY:
            return {"logged_in": False, "logged_in_seen_at": now}
        case Reason.AGENT_BUSY:
            return {"busy_until": now + timing.agent_busy}
        case Reason.AGENT_MISSED:
            misses = agent["missed_in_a_row"] + 1
            return {"missed_in_a_row": misses, "last_call_ended_at": now, **_rest(now, misses)}
    values: dict[str, Any] = {}
    if step.before.state.live and not after.state.live and after.state is not CallState.RELEASED:
        values = {"last_call_ended_at": now}
        if campaign is not None and _talked(after):
            values["wrap_up_until"] = min(after.ended_at or now, now) + timing.of(campaign.wrap_up)
    if after.outcome not in (None, Outcome.UNKNOWN):
        values["missed_in_a_row"] = 0
    return values


def _talked(after: Progress) -> bool:
    answered = after.mode is not Mode.CLICK2CALL and after.answered_at is not None
    return answered or bool(after.billsec) or after.disposition is Outcome.ANSWERED


def _rest(now: datetime, misses: int) -> dict[str, Any]:
    """Three missed pick-ups in a row, and he rests until he says that he is ready."""
    if misses < MISSES_BEFORE_REST:
        return {}
    return {"presence": Presence.RESTING, "presence_since": now, "presence_source": "missed-calls"}
