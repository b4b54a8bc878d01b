"""What is left to do in a world and when, by one look at the database: so that nobody is woken for nothing.

It only spares turns; whatever it overlooks comes to light, because a world that does not end is a violation.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.sql.selectable import ScalarSelect

from campaigns.models import Agent, Call, Callback, Campaign, Customer, Receipt, VendorAccount
from campaigns.rows import WAITING, columns_of
from campaigns.words import CallState, Promise, QueueState, Wanted

AGENT, CALL, CAMPAIGN, CUSTOMER = columns_of(Agent), columns_of(Call), columns_of(Campaign), columns_of(Customer)
ACCOUNT, CALLBACK, RECEIPT = columns_of(VendorAccount), columns_of(Callback), columns_of(Receipt)
STALE = timedelta(seconds=3)
"""How old the oldest sighting of an agent may grow before he is looked at again."""
TENANT, NOW = bindparam("tenant"), bindparam("now", type_=CUSTOMER.due_at.type)


@dataclass(frozen=True, slots=True)
class Agenda:
    """The earliest moment at which each of these has something to do; None where it has nothing. `open_calls` have no
    verdict yet, `queues` are held by the vendor."""

    hook: datetime | None
    turn: datetime | None
    sighting: datetime | None
    check: datetime | None
    lease: datetime | None
    resumes: datetime | None
    wrap_up: datetime | None
    agent_busy: datetime | None
    over: datetime | None
    waiting: int
    open_calls: int
    queues: int

    @property
    def empty(self) -> bool:
        return not (self.hook or self.waiting or self.check or self.lease or self.open_calls or self.queues)

    def needs(self, loop: str, now: datetime) -> bool:
        """Whether a loop may find something to do now."""
        match loop:
            case "settling":
                return self.hook is not None
            case "placing":
                return _due(self.turn, now)
            case "attending":
                return _due(self.turn, now) and _due(self.sighting, now - STALE)
            case "expiring":
                return _due(self.over, now)
            case "reconciling":
                return _due(self.check, now) or _due(self.lease, now)
        return bool(self.queues)

    def next(self, now: datetime) -> datetime | None:
        told = (self.turn, self.check, self.lease, self.resumes, self.wrap_up, self.agent_busy, self.over)
        return min((at for at in told if at is not None and at > now), default=None)


def _due(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def _first(moment: Any, tenant: Any, *more: Any) -> ScalarSelect[Any]:
    return select(func.min(moment)).where(tenant == TENANT, *more).scalar_subquery()


def _count(key: Any, tenant: Any, *more: Any) -> ScalarSelect[Any]:
    return select(func.count(key)).where(tenant == TENANT, *more).scalar_subquery()


WAITS = (WAITING, CUSTOMER.open_call_id.is_(None))
RUNS = CUSTOMER.campaign_id.in_(
    select(CAMPAIGN.id).where(CAMPAIGN.tenant_id == TENANT, CAMPAIGN.wanted == Wanted.RUNNING)
)
LOOK = select(
    _first(RECEIPT.received_at, RECEIPT.tenant_id, RECEIPT.settled_at.is_(None)),
    _first(CUSTOMER.due_at, CUSTOMER.tenant_id, *WAITS, RUNS),
    _first(func.coalesce(AGENT.logged_in_seen_at, AGENT.presence_since), AGENT.tenant_id),
    _first(CALL.check_at, CALL.tenant_id),
    _first(CUSTOMER.lease_until, CUSTOMER.tenant_id),
    _first(ACCOUNT.placing_resumes_at, ACCOUNT.tenant_id, ACCOUNT.placing_resumes_at > NOW),
    _first(AGENT.wrap_up_until, AGENT.tenant_id, AGENT.wrap_up_until > NOW),
    _first(AGENT.busy_until, AGENT.tenant_id, AGENT.busy_until > NOW),
    _first(CALLBACK.not_after, CALLBACK.tenant_id, CALLBACK.promise == Promise.OPEN),
    _count(CUSTOMER.id, CUSTOMER.tenant_id, WAITING),
    _count(CALL.id, CALL.tenant_id, CALL.state != CallState.SETTLED, CALL.state != CallState.RELEASED),
    _count(CAMPAIGN.id, CAMPAIGN.tenant_id, CAMPAIGN.queue_state != QueueState.ABSENT),
)


def look(conn: Connection, tenant_id: int, now: datetime) -> Agenda:
    return Agenda(*conn.execute(LOOK, {"tenant": tenant_id, "now": now}).one())
