"""Callbacks: calls that customers were promised, to whom and for when; promised, seen and taken back."""

from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field

from campaigns import callbacks, ledger
from campaigns.directory import missing
from campaigns.ledger import Appointment
from campaigns.words import Reason, Right
from dialer.api.moments import Moment
from dialer.api.pages import SORT, Page, Paging, page
from dialer.api.problems import Problem, invalid
from dialer.api.resources import campaigns, customers
from dialer.api.routes import Nothing, Route, Strict, Told, Visit


class Callback(BaseModel):
    """A promise that is open. `missed`: its time is over. `reason`: why he still waits."""

    id: str
    name: str
    at: datetime
    zone: str
    agent: str | None
    missed: bool
    reason: Reason | None
    note: str
    actor: str


class Callbacks(Page[Callback]):
    """A page of a campaign's open promises."""


class Which(Paging):
    missed: bool = Field(default=False, description="Only those whose time is over.")
    sort: Annotated[Literal["at", "-at"], SORT] = "at"


class NewCallback(Strict):
    """A call to be promised. It takes the place of one that was promised before."""

    at: Moment = Field(strict=False)
    zone: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="His clock; else as we know it."
    )
    agent: Annotated[str, Field(max_length=16)] | None = Field(default=None, description="Who calls; else any agent.")
    note: str = Field(default="", max_length=500, description="What was agreed.")


class Promised(BaseModel):
    """The promise. `hindrance`: what stands against calling him then, as far as it is known now; the law holds."""

    id: str
    at: datetime
    zone: str
    agent: str | None
    note: str
    hindrance: Reason | None
    until: datetime | None


class TakenBack(BaseModel):
    id: str


def list_(visit: Visit) -> BaseModel:
    cut, campaign = visit.query.cut(callbacks.SORTS), campaigns.of(visit)
    part = callbacks.read_lines(visit.conn, visit.now, visit.settings.timing, campaign, visit.query.missed, cut)
    return Callbacks(**dict(page(part, cut, _shown)))


def _shown(line: callbacks.Line) -> Callback:
    return Callback.model_validate(line, from_attributes=True)


def get(visit: Visit) -> BaseModel:
    campaign, row = _customer(visit)
    found = callbacks.lines(visit.conn, visit.now, visit.settings.timing, campaign, row.id)
    if not found:
        raise missing("callback", "to him", [])
    return _shown(found[0])


def promise(visit: Visit) -> Told:
    said: NewCallback = visit.body
    campaign, row = _customer(visit)
    agent = callbacks.agent_of(visit.conn, campaign, said.agent)
    prospect = callbacks.prospect(visit.conn, visit.now, visit.settings.timing, visit.tenant, campaign, row)
    zone = _zone(said.zone) or prospect.zone
    at = callbacks.check_time(visit.now, said.at)
    ledger.promise(visit.conn, visit.now, campaign, row.id, Appointment(at, zone, agent, said.note), visit.actor)
    against = prospect.forecast(at)
    reason, until = (against.reason, against.until) if against else (None, None)
    made = Promised(id=row.code, at=at, zone=zone, agent=said.agent, note=said.note, hindrance=reason, until=until)
    # It says more than what stands: the tag of what stands is told by the GET.
    return Told(made)


def take_back(visit: Visit) -> BaseModel:
    campaign, row = _customer(visit)
    ledger.take_back(visit.conn, visit.now, visit.settings.timing, campaign, row.id, visit.actor)
    return TakenBack(id=row.code)


def _customer(visit: Visit) -> tuple[Any, Any]:
    campaign = campaigns.of(visit)
    return campaign, customers.found(visit, campaign, visit.path["customer"])


def _zone(name: str | None) -> str | None:
    try:
        return name if name is None else ZoneInfo(name).key
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise invalid("zone", "must be a time zone such as Asia/Ho_Chi_Minh") from None


WRITE = (Right.CUSTOMER_WRITE,)
ROUTES = (
    Route(
        "GET", "/campaigns/{code}/callbacks", "The calls that are promised in a campaign, the earliest first.",
        (Right.CAMPAIGN_READ,), list_, Callbacks, query=Which,
    ),
    Route(
        "GET", "/campaigns/{code}/customers/{customer}/callback", "The call that he is promised.",
        (Right.CAMPAIGN_READ,), get, Callback, tagged=True,
    ),
    Route(
        "PUT", "/campaigns/{code}/customers/{customer}/callback", "Promise him a call.",
        WRITE, promise, Promised, body=NewCallback, tagged=True, shows=get, problems=(Problem.NOT_NOW,),
    ),
    Route(
        "DELETE", "/campaigns/{code}/customers/{customer}/callback", "Take the promise back.",
        WRITE, take_back, TakenBack, query=Nothing, tagged=True, shows=get, problems=(Problem.NOT_NOW,),
    ),
)  # fmt: skip
