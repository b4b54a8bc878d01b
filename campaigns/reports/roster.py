"""Agents, their state, since when and by whose word."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from campaigns import agents
from campaigns.models import Agent, Call, VendorAccount
from campaigns.rows import LIVE, columns_of
from campaigns.timing import Timing
from campaigns.words import Presence

AGENT = columns_of(Agent)
CALL = columns_of(Call)


class AgentState(StrEnum):
    READY = "ready"
    IN_CALL = "in-call"
    WRAP_UP = "wrap-up"
    BUSY = "busy"
    """The vendor said so, for a call that is not ours."""
    PAUSED = "paused"
    RESTING = "resting"
    """He missed three calls in a row and has not said that he is back."""
    AWAY = "away"
    UNKNOWN = "unknown"
    """The vendor was not asked, or too long ago: no engine is running, or no campaign of his."""


@dataclass(frozen=True, slots=True)
class AgentLine:
    """`source` tells whose word the state is: `vendor`, `call`, or what set his presence (`agent`, `campaign`, …)."""

    vendor: str
    extension: str
    user: str | None
    state: AgentState
    since: datetime | None
    source: str
    missed_in_a_row: int


def roster(
    conn: Connection, now: datetime, timing: Timing, tenant_id: int, campaign_id: int | None = None
) -> list[AgentLine]:
    """All agents (of a campaign) as they are now."""
    account = columns_of(VendorAccount)
    names = conn.execute(select(account.id, account.name).where(account.tenant_id == tenant_id))
    vendors: dict[int, str] = dict(names.all())
    talking = _talking_since(conn, tenant_id)
    lines = []
    for agent in agents.roster(conn, tenant_id, campaign_id):
        state, since, source = _state(now, timing, agent, talking.get(agent.id))
        vendor = vendors[agent.vendor_account_id]
        line = AgentLine(vendor, agent.extension, agent.vendor_user, state, since, source, agent.missed_in_a_row)
        lines.append(line)
    return lines


def _talking_since(conn: Connection, tenant_id: int) -> dict[int, datetime]:
    his = or_(
        CALL.agent_id == AGENT.id,
        and_(CALL.vendor_account_id == AGENT.vendor_account_id, CALL.extension == AGENT.extension),
    )
    began = func.min(func.coalesce(CALL.answered_at, CALL.ringing_at, CALL.intended_at))
    live = select(AGENT.id, began).where(AGENT.tenant_id == tenant_id, CALL.tenant_id == tenant_id, LIVE, his)
    return dict(conn.execute(live.group_by(AGENT.id)).all())


def _state(now: datetime, timing: Timing, agent: Any, talking_since: datetime | None) -> tuple[Any, Any, str]:
    """The first that holds: what he does now, what he said, what the vendor said of him, what he still has to do."""
    if agent.in_call:
        return AgentState.IN_CALL, talking_since, "call"
    if agent.presence is not Presence.READY:
        return AgentState(agent.presence.value), agent.presence_since, agent.presence_source
    seen = agent.logged_in_seen_at
    if agent.logged_in is None or seen is None or seen < now - timing.agent_snapshot:
        return AgentState.UNKNOWN, seen, "vendor"
    if not agent.logged_in:
        return AgentState.AWAY, seen, "vendor"
    if agent.wrap_up_until and agent.wrap_up_until > now:
        return AgentState.WRAP_UP, agent.last_call_ended_at, "campaign"
    if agent.busy_until and agent.busy_until > now:
        return AgentState.BUSY, agent.busy_until - timing.agent_busy, "vendor"
    moments = (agent.presence_since, agent.last_call_ended_at, agent.wrap_up_until)
    return AgentState.READY, max(filter(None, moments), default=None), agent.presence_source
