"""Customers of a campaign: who stands where and why, and one of them with everything that happened."""

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, Field

from campaigns import reports
from campaigns.directory import missing
from campaigns.phones import Phone, normalise
from campaigns.withdrawals import customers_by_id
from campaigns.words import Reason, Right, Status
from dialer.api.pages import Page, Paging, page
from dialer.api.resources import campaigns
from dialer.api.routes import Route, Visit


class Customer(BaseModel):
    """A customer. `reason` says why he is where he is."""

    id: str = Field(description="The list's own id of him, or else his first number.")
    name: str
    status: Status
    reason: str
    priority: int
    attempts: int = Field(description="In this run.")
    attempts_in_all: int
    due_at: datetime | None = Field(description="Not before; null where he is final.")
    finished_at: datetime | None
    updated_at: datetime


class Why(BaseModel):
    """Why he is (not) called at this moment. `about`: of what the reason is one; `turn`: nothing stands against him."""

    about: str
    reason: Reason | None
    until: datetime | None = Field(description="When that ends at the latest.")
    detail: str | None


class Event(BaseModel):
    """Something that happened. `kind` is `list`, `suppression`, `decision`, `call`, `fact` or `change`."""

    at: datetime
    kind: str
    what: str
    reason: str | None
    actor: str | None
    detail: str | None


class CustomerStory(BaseModel):
    """One customer: the answer to "why was he (not) called?", and what happened, in order."""

    id: str
    name: str
    status: Status
    reason: Reason | None
    attempts: int
    attempts_in_all: int
    due_at: datetime
    numbers: list[str] = Field(description="In E.164, in the order of the list.")
    contracts: list[str]
    why: Why
    events: list[Event]


class Customers(Page[Customer]):
    """A page of customers."""


class Which(Paging):
    status: Status | None = Field(default=None, description="Only those with this status.")
    reason: Reason | None = Field(default=None, description="Only those for whom this is the reason.")


def list_(visit: Visit) -> BaseModel:
    told = visit.query.after(str, int)
    after = (told[0], told[1]) if told else None
    campaign, query = campaigns.of(visit), visit.query
    rows = reports.listed_after(
        visit.conn, visit.now, campaign, after, query.limit + 1, query.status, query.reason and query.reason.value
    )
    return Customers(**dict(page(rows, query, _customer, lambda row: [row.id, row.row])))


def _customer(row: reports.Listed) -> Customer:
    return Customer.model_validate(row, from_attributes=True)


def get(visit: Visit) -> BaseModel:
    campaign, code = campaigns.of(visit), visit.path["customer"]
    rows = customers_by_id(visit.conn, campaign, [code])[code]
    if not rows:
        raise missing("customer", code, [])
    timeline = reports.timeline(visit.conn, visit.now, visit.settings.timing, visit.tenant, campaign, rows[0])
    told = asdict(timeline) | {"id": timeline.code, "why": asdict(timeline.answer)}
    return CustomerStory.model_validate(told | {"numbers": [_e164(number) for number in timeline.numbers]})


def _e164(number: str) -> str:
    """`0912345678 (borrower)`, as a timeline tells it, in E.164."""
    read = normalise(number.partition(" (")[0])
    return read.e164 if isinstance(read, Phone) else number


READ = (Right.CAMPAIGN_READ,)
ROUTES = (
    Route("GET", "/campaigns/{code}/customers", "A campaign's customers.", READ, list_, Customers, query=Which),
    Route(
        "GET", "/campaigns/{code}/customers/{customer}", "One customer, by id or number, and why he is (not) called.",
        READ, get, CustomerStory,
    ),
)  # fmt: skip
