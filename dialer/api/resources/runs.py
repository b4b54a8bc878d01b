"""Another pass over a campaign's customers, people taken off it together, and its end."""

from typing import Annotated

from pydantic import BaseModel, Field

from campaigns import revising, runs, withdrawals
from campaigns.words import Right
from dialer.api.problems import Problem
from dialer.api.resources import campaigns
from dialer.api.resources.suppressions import PersonId, Underway
from dialer.api.routes import Route, Strict, Told, Visit


class Rerun(BaseModel):
    """`left` stay as they are: withdrawn, on the do-not-call list, or here by an order only."""

    code: str
    run: int
    reopened: int
    left: int


class Deleted(BaseModel):
    code: str


class Withdrawals(Strict):
    """Customers of one campaign who are to be called no more."""

    customers: Annotated[list[PersonId], Field(min_length=1, max_length=1000)]
    reason: str = Field(min_length=1, max_length=200, description="For their history, as in paid.")


class WithdrawnTogether(BaseModel):
    """`final` had ended already, `unknown` are not on the list. `underway`: live calls that it comes too late for."""

    withdrawn: int
    final: int
    unknown: list[str]
    underway: list[Underway]


def rerun(visit: Visit) -> BaseModel:
    campaign = revising.hold(visit.conn, visit.tenant.id, visit.path["code"])
    done = runs.rerun(visit.conn, visit.now, campaign, visit.actor)
    return Rerun(code=campaign.code, run=done.ordinal, reopened=done.reopened, left=done.left)


def _held(visit: Visit) -> Told:
    """The campaign before its end, which nobody else changes meanwhile."""
    revising.hold(visit.conn, visit.tenant.id, visit.path["code"])
    return campaigns.get(visit)


def delete(visit: Visit) -> BaseModel:
    code = visit.path["code"]
    visit.unchanged(campaigns.shown(visit, revising.hold(visit.conn, visit.tenant.id, code)))
    revising.delete(visit.conn, visit.now, visit.tenant.id, code, visit.actor)
    return Deleted(code=code)


def withdraw(visit: Visit) -> BaseModel:
    said: Withdrawals = visit.body
    campaign = campaigns.of(visit)
    done = withdrawals.withdraw(visit.conn, visit.now, campaign, said.customers, visit.actor, said.reason)
    return WithdrawnTogether.model_validate(done, from_attributes=True)


WRITE = (Right.CAMPAIGN_WRITE,)
ROUTES = (
    Route(
        "DELETE", "/campaigns/{code}", "Hide a campaign that is stopped or a draft. Its ledger stays.",
        WRITE, delete, Deleted, tagged=True, problems=(Problem.NOT_NOW,), shows=_held,
    ),
    Route(
        "POST", "/campaigns/{code}/rerun", "Call everybody again, but who is withdrawn or must not be called.",
        WRITE, rerun, Rerun, problems=(Problem.NOT_NOW,),
    ),
    Route(
        "POST", "/campaigns/{code}/withdrawals", "Withdraw many: from the next claim on they are not called.",
        (Right.CUSTOMER_WRITE,), withdraw, WithdrawnTogether, body=Withdrawals,
    ),
)  # fmt: skip
