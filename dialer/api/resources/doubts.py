"""Numbers in doubt: those that may be land lines of before 2018, and wait for somebody to look."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from campaigns import reviews
from campaigns.words import Right, Role
from dialer.api.pages import SORT, Page, Paging, page
from dialer.api.routes import Route, Visit


class Doubt(BaseModel):
    """A number in doubt. It is not called about a debt before `POST /numbers/{number}/review`."""

    number: str
    person: str = Field(description="The list's own id of whose it is, or else his first number.")
    name: str
    role: Role
    vintage: date | None = Field(description="The day on which the record of it was true.")
    note: str


class Which(Paging):
    sort: Annotated[Literal["id", "-id"], SORT] = "id"


class Doubts(Page[Doubt]):
    """A page of numbers in doubt."""


def list_(visit: Visit) -> BaseModel:
    cut = visit.query.cut(reviews.SORTS)
    return Doubts(**dict(page(reviews.waiting(visit.conn, visit.tenant.id, cut), cut, _told)))


def _told(row: Any) -> Doubt:
    told = dict(row._mapping) | {"number": row.phone, "name": row.person, "person": row.key}
    return Doubt.model_validate({name: told[name] for name in Doubt.model_fields})


ROUTES = (
    Route(
        "GET", "/doubtful-numbers", "Numbers that wait for somebody to look.",
        (Right.CAMPAIGN_READ, Right.CUSTOMER_WRITE), list_, Doubts, query=Which,
    ),
)  # fmt: skip
