"""Calls: every hand-over that we know of, the newest first; and one with its facts."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from campaigns import reports
from campaigns.directory import missing
from campaigns.words import CallState, FactKind, Mode, Origin, Outcome, Purpose, Reason, Right, Role, Verdict
from dialer.api.moments import Asked
from dialer.api.pages import SORT, Page, Paging, page
from dialer.api.resources.customers import Event
from dialer.api.resources.suppressions import Number, PersonId, campaign_id, e164
from dialer.api.resources.triggers import TriggeredCall, find
from dialer.api.routes import Route, Visit


class Call(BaseModel):
    """One call. `outcome` is null until it is known."""

    id: str
    campaign: str | None
    customer: str | None
    origin: Origin
    mode: Mode | None
    purpose: Purpose | None
    phone: str
    role: Role | None
    state: CallState
    outcome: Outcome | None
    reason: Reason | None
    attempt: int = Field(description="Which one of its run it was.")
    charged: bool = Field(description="Whether it counts as an attempt: it may have rung.")
    extension: str | None = Field(description="Who talked, or was to.")
    hotline: str | None
    billsec: int | None
    recording_url: str | None
    rulebook: str | None
    rulebook_version: str | None
    intended_at: datetime
    placed_at: datetime | None
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    settled_at: datetime | None


class Fact(BaseModel):
    """What was learned about the call, when, and what it changed."""

    kind: FactKind
    verdict: Verdict
    before: CallState | None
    after: CallState | None
    reason: Reason | None
    at: datetime
    recorded_at: datetime


class CallStory(Call):
    """One call with every fact, in the order in which they were applied."""

    facts: list[Fact]


class AnyCall(RootModel[CallStory | TriggeredCall]):
    """A call, or the order of one that another system gave."""


class Events(BaseModel):
    """What happened, in order of time."""

    items: list[Event]


class Calls(Page[Call]):
    """A page of calls."""


class Which(Paging):
    campaign: str | None = Field(default=None, max_length=64)
    customer: PersonId | None = None
    number: Number | None = None
    state: CallState | None = None
    outcome: Outcome | None = None
    origin: Origin | None = None
    since: Asked | None = Field(default=None, description="Intended at this moment or later.")
    until: Asked | None = Field(default=None, description="Intended before this moment.")
    sort: Annotated[Literal["intended_at", "-intended_at"], SORT] = "-intended_at"


def list_(visit: Visit) -> BaseModel:
    query = visit.query
    sought = reports.SoughtCalls(
        campaign_id=campaign_id(visit, query.campaign),
        phone=e164("number", query.number) if query.number is not None else None,
        customer=query.customer,
        state=query.state,
        outcome=query.outcome,
        origin=query.origin,
        since=query.since,
        until=query.until,
    )
    cut = query.cut(reports.CALL_SORTS)
    part = reports.read_calls(visit.conn, visit.tenant.id, sought, cut)
    return Calls(**dict(page(part, cut, lambda row: Call(**_told(row)))))


def get(visit: Visit) -> BaseModel:
    if (triggered := find(visit, visit.path["id"])) is not None:
        return AnyCall(triggered)
    call, facts = _found(visit)
    told = [Fact.model_validate({name: getattr(fact, name) for name in Fact.model_fields}) for fact in facts]
    return AnyCall(CallStory(**_told(call), facts=told))


def events(visit: Visit) -> BaseModel:
    """Of an order those of its calls are among them."""
    reference = visit.path["id"]
    if find(visit, reference) is not None:
        happened = reports.events(visit.conn, visit.tenant, reference)
    else:
        happened = reports.events_of_call(visit.conn, _found(visit)[0])
    return Events(items=[Event.model_validate(one, from_attributes=True) for one in happened])


def _found(visit: Visit) -> tuple[Any, list[Any]]:
    found = reports.find_call(visit.conn, visit.tenant.id, visit.path["id"])
    if found is None:
        raise missing("call", "of this id", [])
    return found


def _told(row: Any) -> dict[str, Any]:
    told = dict(row._mapping) | {"id": row.reference, "extension": row.extension or row.reserved}
    return {name: told[name] for name in Call.model_fields}


READ, SEE = (Right.REPORT_READ,), (Right.REPORT_READ, Right.CALL_PLACE)
ROUTES = (
    Route(
        "GET",
        "/calls",
        "Calls, the newest first. What was ordered and not placed yet: `/orders`.",
        READ,
        list_,
        Calls,
        query=Which,
    ),
    Route("GET", "/calls/{id}", "One call or order, and what was learned about it.", SEE, get, AnyCall, tagged=True),
    Route("GET", "/calls/{id}/events", "What happened to one call or order.", SEE, events, Events),
)
