"""What follows from a call's end: the customer's next time, in the same transaction, and the agent's wrap-up."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, and_, bindparam, case, func, insert, or_, select, update

from campaigns import retries
from campaigns.models import Agent, Call, Campaign, Change, Customer, Number
from campaigns.retries import GiveUp, Policy, RetryAt
from campaigns.rows import columns_of, in_chunks, table
from campaigns.states import Progress
from campaigns.timing import Timing
from campaigns.words import CallState, Mode, Outcome, Presence, Reason, Status

CUSTOMER = columns_of(Customer)
AGENT = columns_of(Agent)
DECLINE_LIMIT = 3
MISSES_BEFORE_REST = 3
# What a user or a rule decided about a customer is not undone by how his last call ended.
DECIDED = (Status.WITHDRAWN, Status.DNC, Status.EXPIRED)


class Step(Protocol):
    """A call's row, and its evidence before and after."""

    @property
    def call(self) -> Any: ...
    @property
    def before(self) -> Progress: ...
    @property
    def after(self) -> Progress: ...


def policy_of(campaign: Any, timing: Timing) -> Policy:
    """A campaign's recalls, in this world's time."""
    return Policy(
        max_recall_count=campaign.max_recall_count,
        min_recall_duration=campaign.min_recall_duration,
        recall_delay=timing.of(campaign.recall_delay),
        unknown_recall_delay=timing.unknown_recall_delay,
        missed_delay=timing.missed_delay,
    )


def follow(conn: Connection, now: datetime, timing: Timing, steps: Sequence[Step]) -> None:
    """Carry the ends of calls to their customers, numbers and agents."""
    ended = [step for step in steps if step.call.customer_id is not None and _matters(step)]
    _follow_customers(conn, now, timing, ended)
    _remember_numbers(conn, now, [step for step in ended if step.after.charged])
    _follow_agents(conn, now, timing, steps)


def _matters(step: Step) -> bool:
    before, after = step.before, step.after
    return (before.state.final, before.outcome, before.charged) != (after.state.final, after.outcome, after.charged)


def _follow_customers(conn: Connection, now: datetime, timing: Timing, steps: Sequence[Step]) -> None:
    if not steps:
        return
    customers = _customers(conn, [step.call.customer_id for step in steps])
    campaigns = _campaigns(conn, {step.call.campaign_id for step in steps})
    newest = _newest_calls(conn, list(customers))
    changed: dict[int, dict[str, Any]] = {}
    told: list[dict[str, Any]] = []
    for step in steps:
        customer = customers[step.call.customer_id]
        current = {**customer._mapping, **changed.get(customer.id, {})}
        values = _next(now, timing, step, current, campaigns[step.call.campaign_id], newest[customer.id])
        changed[customer.id] = {**changed.get(customer.id, {}), **values}
        if values.get("status", current["status"]) != current["status"] or "reason" in values:
            told.append(_told(now, step, current, values))
    _write(conn, now, customers, changed)
    if told:
        conn.execute(insert(table(Change)), told)


def _next(
    now: datetime, timing: Timing, step: Step, customer: dict[str, Any], campaign: Any, newest: int
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
    if customer["status"] in DECIDED or customer["run_id"] != step.call.run_id:
        return values
    attempts = values.get("attempts", customer["attempts"])
    if step.after.state is CallState.RELEASED:
        return {**values, **_given_back(now, timing, step, customer, attempts)}
    return {**values, **_settled(now, timing, step, campaign, attempts)}


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


def _settled(now: datetime, timing: Timing, step: Step, campaign: Any, attempts: int) -> dict[str, Any]:
    after = step.after
    assert after.outcome is not None
    ended = min(after.ended_at or now, now)
    policy = policy_of(campaign, timing)
    match retries.next_attempt(after.outcome, after.billsec, after.charged, attempts, ended, policy):
        case GiveUp(status, reason):
            return {"status": status, "reason": reason, "finished_at": now, "declines": 0}
        case RetryAt(at, reason):
            status = Status.QUEUE if attempts else Status.NEW
            return {"status": status, "reason": reason, "due_at": at, "finished_at": None, "declines": 0}


def _told(now: datetime, step: Step, before: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    return {
        "tenant_id": step.call.tenant_id,
        "campaign_id": step.call.campaign_id,
        "customer_id": step.call.customer_id,
        "call_id": step.call.id,
        "before": before["status"].value,
        "after": values.get("status", before["status"]).value,
        "reason": values.get("reason"),
        "detail": step.after.outcome.value if step.after.outcome else step.after.state.value,
        "actor": "engine",
        "at": now,
    }


WRITTEN = (
    "status",
    "reason",
    "attempts",
    "attempts_in_all",
    "declines",
    "open_call_id",
    "due_at",
    "finished_at",
)


def _write(conn: Connection, now: datetime, customers: dict[int, Any], changed: dict[int, dict[str, Any]]) -> None:
    values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in WRITTEN}
    statement = update(table(Customer)).where(CUSTOMER.id == bindparam("b_id")).values(**values, updated_at=now)
    rows = [
        {"b_id": key} | {f"b_{name}": value.get(name, getattr(customers[key], name)) for name in WRITTEN}
        for key, value in sorted(changed.items())
    ]
    if rows:
        conn.execute(statement, rows)


def _customers(conn: Connection, ids: Sequence[int]) -> dict[int, Any]:
    rows: dict[int, Any] = {}
    for chunk in in_chunks(sorted(set(ids)), 500):
        chosen = select(table(Customer)).where(CUSTOMER.id.in_(chunk)).order_by(CUSTOMER.id).with_for_update()
        rows.update({row.id: row for row in conn.execute(chosen)})
    return rows


def _campaigns(conn: Connection, ids: set[int]) -> dict[int, Any]:
    columns = columns_of(Campaign)
    return {row.id: row for row in conn.execute(select(table(Campaign)).where(columns.id.in_(sorted(ids))))}


def _newest_calls(conn: Connection, customer_ids: Sequence[int]) -> dict[int, int]:
    call = columns_of(Call)
    newest: dict[int, int] = {}
    for chunk in in_chunks(sorted(customer_ids), 500):
        chosen = select(call.customer_id, func.max(call.id)).where(call.customer_id.in_(chunk))
        newest.update(dict(conn.execute(chosen.group_by(call.customer_id)).all()))
    return newest


def _remember_numbers(conn: Connection, now: datetime, steps: Sequence[Step]) -> None:
    number = columns_of(Number)
    statement = (
        update(table(Number))
        .where(
            number.tenant_id == bindparam("b_tenant"),
            number.person_id == bindparam("b_person"),
            number.phone == bindparam("b_phone"),
        )
        .values(last_outcome=bindparam("b_outcome"), last_outcome_at=now)
    )
    rows = [
        {
            "b_tenant": step.call.tenant_id,
            "b_person": step.call.person_id,
            "b_phone": step.call.phone,
            "b_outcome": step.after.outcome,
        }
        for step in steps
        if step.after.outcome is not None
    ]
    if rows:
        conn.execute(statement, sorted(rows, key=lambda row: (row["b_person"], row["b_phone"])))


def _follow_agents(conn: Connection, now: datetime, timing: Timing, steps: Sequence[Step]) -> None:
    over = [step for step in steps if _agent_learns(step)]
    if not over:
        return
    campaigns = _campaigns(conn, {step.call.campaign_id for step in over if step.call.campaign_id})
    for step in over:
        values = _of_the_agent(now, timing, step, campaigns.get(step.call.campaign_id))
        if values:
            conn.execute(update(table(Agent)).where(_his(step)).values(**values))


def _agent_learns(step: Step) -> bool:
    known = step.call.agent_id is not None or step.after.extension is not None
    over = step.before.state.live and not step.after.state.live
    return known and (over or step.before.outcome != step.after.outcome)


def _his(step: Step) -> Any:
    by_extension = and_(AGENT.vendor_account_id == step.call.vendor_account_id, AGENT.extension == step.after.extension)
    same = AGENT.id == step.call.agent_id
    return and_(AGENT.tenant_id == step.call.tenant_id, or_(same, by_extension) if step.after.extension else same)


def _of_the_agent(now: datetime, timing: Timing, step: Step, campaign: Any) -> dict[str, Any]:
    after = step.after
    match after.reason:
        case Reason.AGENT_AWAY:
            return {"logged_in": False, "logged_in_seen_at": now}
        case Reason.AGENT_BUSY:
            return {"busy_until": now + timing.agent_busy}
        case Reason.AGENT_MISSED:
            misses = AGENT.missed_in_a_row + 1
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


def _rest(now: datetime, misses: Any) -> dict[str, Any]:
    """Three missed pick-ups in a row, and he rests until he says that he is ready."""
    rests = misses >= MISSES_BEFORE_REST
    return {
        "presence": case((rests, Presence.RESTING.value), else_=AGENT.presence),
        "presence_since": case((rests, now), else_=AGENT.presence_since),
        "presence_source": case((rests, "missed-calls"), else_=AGENT.presence_source),
    }
