"""Call flows: a registry of the vendors' scripts and what each may speak. They are written at the vendor."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from campaigns import accounts, callflows
from campaigns.callflows import Script
from campaigns.directory import NotFound
from campaigns.words import Right
from dialer.api.pages import Page, Paging, of_all
from dialer.api.problems import Problem, invalid
from dialer.api.routes import Route, Strict, Told, Visit

Column = Annotated[str, Field(pattern=r"^[^,]{1,64}$")]
Variables = Annotated[list[Column], Field(max_length=100)]


class Callflow(BaseModel):
    """A script, under the vendor's own name for it: a campaign's `template`."""

    name: str
    vendor: str
    variables: list[str] = Field(description="What it may speak; a campaign with this template is held to it.")
    description: str
    created_at: datetime


class Callflows(Page[Callflow]):
    """A page of scripts."""


class Which(Paging):
    vendor: str | None = Field(default=None, max_length=64, description="Only those of this vendor account.")


class CallflowFields(Strict):
    variables: Variables | None = None
    description: str | None = Field(default=None, max_length=500)


class NewCallflow(Strict):
    name: str = Field(min_length=1, max_length=64)
    vendor: str = Field(min_length=1, max_length=64, description="The vendor account's name.")
    variables: Variables = Field(default=[])
    description: str = Field(default="", max_length=500)


def list_(visit: Visit) -> BaseModel:
    found = callflows.list_flows(visit.conn, visit.tenant.id)
    asked = [row for row in found if visit.query.vendor in (None, row.vendor)]
    return Callflows(**dict(of_all(asked, visit.query, _told, lambda row: [row.name])))


def create(visit: Visit) -> Told:
    said: NewCallflow = visit.body
    try:
        account = accounts.find_account(visit.conn, visit.tenant.id, said.vendor)
    except NotFound:
        raise invalid("vendor", "must be the name of a vendor account") from None
    made = callflows.add(visit.conn, visit.now, account, Script(said.name, said.variables, said.description))
    return Told(_told(made), tagged=True, location=f"/callflows/{made.name}")


def get(visit: Visit) -> Told:
    return Told(_told(_found(visit)), tagged=True)


def patch(visit: Visit) -> Told:
    flow = _found(visit)
    callflows.change(visit.conn, flow, visit.body.model_dump(exclude_none=True))
    return get(visit)


def remove(visit: Visit) -> BaseModel:
    flow = _found(visit)
    callflows.remove(visit.conn, visit.now, flow)
    return _told(flow)


def _found(visit: Visit) -> Any:
    return callflows.find(visit.conn, visit.tenant.id, visit.path["callflow"])


def _told(row: Any) -> Callflow:
    return Callflow.model_validate({name: getattr(row, name) for name in Callflow.model_fields})


READ, WRITE = (Right.CAMPAIGN_READ,), (Right.CAMPAIGN_WRITE,)
ROUTES = (
    Route("GET", "/callflows", "The scripts that are registered.", READ, list_, Callflows, query=Which),
    Route(
        "POST", "/callflows", "Register a vendor's script.", WRITE, create, Callflow,
        body=NewCallflow, status=201, tagged=True, problems=(Problem.TAKEN,),
    ),
    Route("GET", "/callflows/{callflow}", "One script.", READ, get, Callflow, tagged=True),
    Route(
        "PATCH", "/callflows/{callflow}", "Change what is told of it.", WRITE, patch, Callflow,
        body=CallflowFields, tagged=True,
    ),
    Route("DELETE", "/callflows/{callflow}", "Register it no more.", WRITE, remove, Callflow, tagged=True),
)  # fmt: skip
