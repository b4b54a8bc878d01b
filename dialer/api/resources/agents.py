"""Agents: who can take a call now, and what they say of themselves."""

from datetime import datetime

from pydantic import BaseModel, Field

from campaigns import agents, reports
from campaigns.directory import missing
from campaigns.reports import AgentState
from campaigns.words import Presence, Right
from dialer.api.resources.suppressions import campaign_id
from dialer.api.routes import Route, Strict, Visit, Work


class Agent(BaseModel):
    """An agent. `source` tells whose word his state is."""

    vendor: str
    extension: str
    user: str | None
    state: AgentState
    since: datetime | None
    source: str
    missed_in_a_row: int


class Agents(BaseModel):
    """All agents, whole: a floor has no second page."""

    items: list[Agent]


class Which(Strict):
    campaign: str | None = Field(default=None, max_length=64, description="Only those who work for it.")


def list_(visit: Visit) -> BaseModel:
    return _roster(visit, campaign_id(visit, visit.query.campaign))


def _say(presence: Presence) -> Work:
    def say(visit: Visit) -> BaseModel:
        extension = visit.path["extension"]
        if not agents.say(visit.conn, visit.now, visit.tenant.id, extension, presence, "api"):
            raise missing("agent", extension, [])
        return _roster(visit, None, extension)

    return say


def _him(visit: Visit) -> BaseModel:
    return _roster(visit, None, visit.path["extension"])


def _roster(visit: Visit, only: int | None, extension: str | None = None) -> Agents:
    lines = reports.roster(visit.conn, visit.now, visit.settings.timing, visit.tenant.id, only)
    chosen = [line for line in lines if extension in (None, line.extension)]
    return Agents(items=[Agent.model_validate(line, from_attributes=True) for line in chosen])


WRITE = (Right.CAMPAIGN_WRITE,)
ROUTES = (
    Route("GET", "/agents", "Agents and their state.", (Right.CAMPAIGN_READ,), list_, Agents, query=Which),
    Route(
        "POST", "/agents/{extension}/ready", "He is back: he is given calls.", WRITE, _say(Presence.READY), Agents,
        shows=_him,
    ),
    Route(
        "POST", "/agents/{extension}/pause", "He takes a break: no more calls.", WRITE, _say(Presence.PAUSED), Agents,
        shows=_him,
    ),
)  # fmt: skip
