"""Opt-outs: somebody does not want to be called, and all his numbers with him, whoever is named; and their end."""

from typing import Annotated

from pydantic import BaseModel, Field

from campaigns import optouts
from campaigns.optouts import Refusal
from campaigns.withdrawals import underway
from campaigns.words import Purpose, Right, Subject
from dialer.api.moments import Moment
from dialer.api.problems import invalid
from dialer.api.resources.suppressions import Named, Underway
from dialer.api.routes import Route, Visit

ForWhat = Annotated[Purpose | None, Field(strict=False, description="Null: for every purpose.")]


class OptOut(Named):
    """These people, with all their numbers, are called no more. A number or id that stands on no list is kept, too."""

    purpose: ForWhat = None
    channel: str = Field(default="phone", min_length=1, max_length=64, description="How they said it: phone, zalo, …")
    proof: str = Field(default="", max_length=500, description="Where it is proved: a recording, a message, a form.")
    at: Moment | None = Field(default=None, strict=False, description="When they said it; else now.")


class OptIn(Named):
    """What these people asked for themselves ends. That is no consent: calls that need one wait for it."""

    purpose: ForWhat = None
    reason: str = Field(min_length=1, max_length=500, description="Why, for the history.")


class OptedOut(BaseModel):
    """`people` are known; `underway`: live calls that it comes too late for."""

    people: int
    records: int
    entries: int
    underway: list[Underway]


class OptedIn(BaseModel):
    """`still`: who is on the do-not-call list for another reason, in E.164 or by id."""

    ended: int
    reopened: int
    still: list[str]


def opt_out(visit: Visit) -> BaseModel:
    said: OptOut = visit.body
    if said.at is not None and said.at > visit.now:
        raise invalid("at", "is still to come")
    refusal = Refusal(said.purpose, said.channel, said.proof, said.at)
    done = optouts.opt_out(visit.conn, visit.now, visit.tenant.id, _whom(said), refusal, visit.actor)
    late = [Underway.model_validate(one, from_attributes=True) for one in underway(done.late)]
    return OptedOut(people=done.people, records=done.records, entries=done.entries, underway=late)


def lift(visit: Visit) -> BaseModel:
    said: OptIn = visit.body
    conn, now, tenant_id = visit.conn, visit.now, visit.tenant.id
    freed = optouts.lift(conn, now, tenant_id, _whom(said), said.purpose, visit.actor, said.reason)
    return OptedIn(ended=freed.ended, reopened=freed.reopened, still=freed.still)


def _whom(said: Named) -> optouts.Whom:
    subjects = said.subjects()
    return optouts.Whom(
        ids=[subject for kind, subject in subjects if kind is Subject.PERSON],
        phones=[subject for kind, subject in subjects if kind is Subject.NUMBER],
    )


WRITE = (Right.DNC_WRITE,)
ROUTES = (
    Route(
        "POST", "/optouts", "They do not want to be called: one step, all their numbers, every campaign.",
        WRITE, opt_out, OptedOut, body=OptOut,
    ),
    Route("POST", "/optouts/lift", "End what they asked for.", WRITE, lift, OptedIn, body=OptIn),
)  # fmt: skip
