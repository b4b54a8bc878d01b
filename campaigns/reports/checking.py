"""Before a start: what would stand against a whole campaign if it ran now, and whether there is anybody to call."""

from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, func, select

from campaigns import agents, dossiers, shelf
from campaigns.reports.reasons import CUSTOMER
from campaigns.reports.timeline import Answer, of_the_campaign
from campaigns.rows import WAITING
from campaigns.words import Reason, Wanted


@dataclass(frozen=True, slots=True)
class Check:
    """`against`: what would keep everybody from being called. `waiting` customers have a turn to come; `agents` take
    the calls of it, where its mode has any."""

    code: str
    ready: bool
    against: Answer | None
    waiting: int
    agents: int


def check(conn: Connection, now: datetime, tenant: Any, campaign: Any) -> Check:
    """The same question that the engine asks, as if the campaign were running."""
    of = dossiers.brief(conn, tenant, campaign, shelf.find(conn, tenant.id, campaign.rulebook))
    as_if = SimpleNamespace(**{**campaign._mapping, "wanted": Wanted.RUNNING, "paused_because": None})
    against = of_the_campaign(conn, now, replace(of, campaign=as_if))
    staff = len(agents.roster(conn, tenant.id, campaign.id))
    if against is None and campaign.mode.uses_agents and not staff:
        against = Answer("campaign", Reason.NO_AGENT)
    mine = (CUSTOMER.tenant_id == tenant.id, CUSTOMER.campaign_id == campaign.id, WAITING)
    waiting = int(conn.scalar(select(func.count()).where(*mine)) or 0)
    return Check(campaign.code, against is None and waiting > 0, against, waiting, staff)
