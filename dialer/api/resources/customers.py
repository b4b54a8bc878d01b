"""Customers of a campaign: who stands where and why, one of them with everything that happened; and how one is put on
the list, corrected and withdrawn."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field

from campaigns import lists, reports, withdrawals
from campaigns.directory import missing
from campaigns.lists import Told as Row
from campaigns.withdrawals import customers_by_id
from campaigns.words import Reason, Right, Role, Status
from dialer.api.moments import Asked
from dialer.api.pages import SORT, Page, Paging, page
from dialer.api.resources import campaigns
from dialer.api.resources.suppressions import Number, Underway, e164
from dialer.api.routes import Route, Strict, Told, Visit


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


class CustomerEvents(BaseModel):
    """What happened with one customer, in order of time."""

    items: list[Event]


class Customers(Page[Customer]):
    """A page of customers."""


class Telephone(Strict):
    """A number, and whose it is."""

    number: Number
    role: Role = Field(default=Role.BORROWER, strict=False)


Line = Annotated[str, Field(max_length=200)]
VariableName = Annotated[str, Field(min_length=1, max_length=64)]


class CustomerFields(Strict):
    """What can be told of a customer. What is left out stays as it is."""

    name: Line | None = None
    address: Line | None = None
    zone: Annotated[str, Field(max_length=64)] | None = Field(default=None, description="His time zone.")
    priority: int | None = Field(default=None, ge=0, le=1_000_000, description="A smaller one is called earlier.")
    phones: list[Telephone] | None = Field(default=None, min_length=1, max_length=20, description="In their order.")
    contract_number: Line | None = None
    variables: dict[VariableName, Line | int] | None = Field(
        default=None, max_length=50, description="What a script may say of this contract, such as total_ovd_amount."
    )

    def row(self, customer_id: str | None = None) -> Row:
        """Raises `Refused` for a number that is none, naming the field."""
        phones = None
        if self.phones is not None:
            phones = [(e164(f"phones.{n}.number", one.number), one.role) for n, one in enumerate(self.phones)]
        told = {name: getattr(self, name) for name in CustomerFields.model_fields if name != "phones"}
        return Row(id=customer_id, phones=phones, **told)


class NewCustomer(CustomerFields):
    """A customer to be put on the list. Without an id he is known by his first number."""

    id: str | None = Field(default=None, min_length=1, max_length=200)
    phones: list[Telephone] = Field(min_length=1, max_length=20, description="In their order.")


class Withdrawn(BaseModel):
    """`withdrawn` is false where he was final already. `underway`: live calls that it comes too late for."""

    id: str
    withdrawn: bool
    underway: list[Underway]


class Because(Strict):
    reason: str = Field(default="withdrawn over the API", max_length=200, description="For his history, as in paid.")


class Which(Paging):
    status: Status | None = Field(default=None, description="Only those with this status.")
    reason: Reason | None = Field(default=None, description="Only those for whom this is the reason.")
    due_before: Asked | None = Field(default=None, description="Only those who wait and are due before this moment.")
    number: Number | None = None
    sort: Annotated[Literal["id", "-id", "due_at", "-due_at"], SORT] = Field(
        default="id", description="By `due_at`: only those who wait. Downwards with a dash before it."
    )


def list_(visit: Visit) -> BaseModel:
    campaign, query = campaigns.of(visit), visit.query
    number = e164("number", query.number) if query.number is not None else None
    sought = reports.Sought(query.status, query.reason and query.reason.value, query.due_before, number)
    cut = query.cut(reports.CUSTOMER_SORTS)
    return Customers(**dict(page(reports.read_customers(visit.conn, visit.now, campaign, sought, cut), cut, _customer)))


def _customer(row: Any) -> Customer:
    told = dict(row._mapping) | {"id": row.code, "reason": row.why, "due_at": None if row.status.final else row.due_at}
    return Customer.model_validate({name: told[name] for name in Customer.model_fields})


def get(visit: Visit) -> BaseModel:
    return _story(visit, campaigns.of(visit), visit.path["customer"])


def _story(visit: Visit, campaign: Any, code: str) -> CustomerStory:
    row = found(visit, campaign, code)
    timeline = reports.timeline(visit.conn, visit.now, visit.settings.timing, visit.tenant, campaign, row)
    told = asdict(timeline) | {"id": timeline.code, "why": asdict(timeline.answer)}
    return CustomerStory.model_validate(told | {"numbers": [number.partition(" (")[0] for number in timeline.numbers]})


def events(visit: Visit) -> BaseModel:
    campaign = campaigns.of(visit)
    return CustomerEvents(items=_story(visit, campaign, visit.path["customer"]).events)


def create(visit: Visit) -> Told:
    said: NewCustomer = visit.body
    campaign = campaigns.of(visit)
    key = lists.enter(visit.conn, visit.now, campaign, said.row(said.id), visit.actor)
    return Told(_story(visit, campaign, key), location=f"/campaigns/{campaign.code}/customers/{quote(key, safe='')}")


def patch(visit: Visit) -> BaseModel:
    campaign = campaigns.of(visit)
    customer = found(visit, campaign, visit.path["customer"])
    lists.correct(visit.conn, visit.now, campaign, customer, visit.body.row(), visit.actor)
    return _story(visit, campaign, customer.code)


def delete(visit: Visit) -> BaseModel:
    campaign = campaigns.of(visit)
    customer = found(visit, campaign, visit.path["customer"])
    done = withdrawals.withdraw(visit.conn, visit.now, campaign, [customer.code], visit.actor, visit.query.reason)
    late = [Underway.model_validate(one, from_attributes=True) for one in done.underway]
    return Withdrawn(id=customer.code, withdrawn=done.withdrawn > 0, underway=late)


def found(visit: Visit, campaign: Any, code: str) -> Any:
    rows = customers_by_id(visit.conn, campaign, [code])[code]
    if not rows:
        raise missing("customer", code, [])
    return rows[0]


READ, WRITE = (Right.CAMPAIGN_READ,), (Right.CUSTOMER_WRITE,)
ROUTES = (
    Route("GET", "/campaigns/{code}/customers", "A campaign's customers.", READ, list_, Customers, query=Which),
    Route(
        "POST", "/campaigns/{code}/customers", "Put one customer on the list, or bring him to what is told.",
        WRITE, create, CustomerStory, body=NewCustomer, status=201,
    ),
    Route(
        "GET", "/campaigns/{code}/customers/{customer}", "One customer, by id or number, and why he is (not) called.",
        READ, get, CustomerStory, tagged=True,
    ),
    Route(
        "PATCH", "/campaigns/{code}/customers/{customer}", "Correct what is told of him.",
        WRITE, patch, CustomerStory, body=CustomerFields, tagged=True,
    ),
    Route(
        "DELETE", "/campaigns/{code}/customers/{customer}", "Withdraw him: from the next claim on he is not called.",
        WRITE, delete, Withdrawn, query=Because, tagged=True,
    ),
    Route(
        "GET", "/campaigns/{code}/customers/{customer}/events", "What happened with him, in order.",
        READ, events, CustomerEvents,
    ),
)  # fmt: skip
