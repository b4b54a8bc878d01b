"""Why is nobody of a campaign called, who is next and when; and what would stand against a start."""

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, Field

from campaigns import reports
from campaigns.words import Reason, Right, Wanted
from dialer.api.resources import campaigns
from dialer.api.routes import Route, Visit

AT_ONCE = 2000
"""So many of those who wait are put to the gate for one answer; of the others the stored word is told."""


class Against(BaseModel):
    """What stands against everybody: of what the reason is one, and until when at the latest."""

    about: str
    reason: Reason | None
    until: datetime | None
    detail: str | None


class Group(BaseModel):
    """So many customers with one answer. `about` `turn`: nothing stands against them; `unseen`: not looked at."""

    about: str
    reason: str | None
    detail: str | None
    customers: int
    earliest: datetime | None
    latest: datetime | None


class Turn(BaseModel):
    """Somebody who waits, and when he may be called as things stand; null: no clock brings it."""

    code: str
    when: datetime | None
    about: str
    reason: Reason | None
    rule: str | None


class Explanation(BaseModel):
    """Everybody is counted once. `due` counts by the hour from `since` on; `open` is the share of each hour in which
    the rulebook lets ring."""

    code: str
    wanted: Wanted
    rulebook: str
    version: str | None
    hours_rule: str | None
    customers: int
    final: int
    in_call: int
    waiting: int
    looked_at: int
    answer: Against | None
    groups: list[Group]
    next: list[Turn]
    since: datetime
    due: list[int]
    open: list[float]


class Check(BaseModel):
    """Whether a start would call somebody now."""

    code: str
    ready: bool
    against: Against | None
    waiting: int
    agents: int = Field(description="Who take its calls, where its mode has any.")


def explain(visit: Visit) -> BaseModel:
    campaign = campaigns.of(visit)
    found = reports.explain(visit.conn, visit.now, visit.settings.timing, visit.tenant, campaign, AT_ONCE)
    return Explanation.model_validate(asdict(found))


def check(visit: Visit) -> BaseModel:
    return Check.model_validate(asdict(reports.check(visit.conn, visit.now, visit.tenant, campaigns.of(visit))))


ROUTES = (
    Route(
        "GET", "/campaigns/{code}/explanation", "Why is nobody called, who is next, and the coming day.",
        (Right.REPORT_READ,), explain, Explanation, still=True,
    ),
    Route(
        "GET", "/campaigns/{code}/check", "What would stand against a start.",
        (Right.REPORT_READ, Right.CAMPAIGN_READ), check, Check,
    ),
)  # fmt: skip
