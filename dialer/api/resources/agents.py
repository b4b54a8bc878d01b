"""Agents: who can take a call now, and what they say of themselves."""

from datetime import datetime

from pydantic import BaseModel, Field

from campaigns import agents, reports
from campaigns.directory import missing
from campaigns.reports import AgentState
from campaigns.words import Presence, Right
from dialer.api.pages import Page, Paging, of_all
from dialer.api.resources.suppressions import campaign_id
from dialer.api.routes import Route, Visit, Work


class Agent(BaseModel):
    """An agent. `source` tells whose word his state is."""

    vendor: str
    extension: str
    user: str | None
    state: AgentState
    since: datetime | None
    source: str
    missed_in_a_row: int


class Agents(Page[Agent]):
    """A page of agents, by vendor and extension."""


class Which(Paging):
    campaign: str | None = Field(default=None, max_length=64, description="Only those who work for it.")
    state: AgentState | None = Field(default=None, description="Only those who are doing this now.")
    vendor: str | None = Field(default=None, max_length=64, description="Only those of this vendor account.")


def list_(visit: Visit) -> BaseModel:
    query, lines = visit.query, _lines(visit, campaign_id(visit, visit.query.campaign))
    asked = [line for line in lines if query.state in (None, line.state) and query.vendor in (None, line.vendor)]
    return Agents(**dict(of_all(asked, query, _told, lambda line: [line.vendor, line.extension])))


def _say(presence: Presence) -> Work:
    def say(visit: Visit) -> BaseModel:
        extension = visit.path["extension"]
        if not agents.say(visit.conn, visit.now, visit.tenant.id, extension, presence, "api"):
            raise missing("agent", extension, [])
        return _him(visit)

    return say


def _him(visit: Visit) -> BaseModel:
    """Those at this extension: every vendor may have one."""
    lines = [line for line in _lines(visit, None) if line.extension == visit.path["extension"]]
    return Agents(items=[_told(line) for line in lines])


def _lines(visit: Visit, only: int | None) -> list[reports.AgentLine]:
    return reports.roster(visit.conn, visit.now, visit.settings.timing, visit.tenant.id, only)


def _told(line: reports.AgentLine) -> Agent:
    return Agent.model_validate(line, from_attributes=True)


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
