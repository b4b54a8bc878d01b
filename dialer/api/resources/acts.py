"""Who changed what: each change over the API or by the command line, the newest first."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from campaigns import acts
from campaigns.words import Right
from dialer.api.moments import Asked
from dialer.api.pages import SORT, Page, Paging, page
from dialer.api.routes import Route, Visit


class Act(BaseModel):
    """One change. Numbers are masked; names and free text are left out."""

    id: int
    at: datetime
    actor: str
    client: str = Field(description="The client's id, or `command line`.")
    request_id: str
    method: str = Field(description="The verb, or `command`.")
    route: str = Field(description="The pattern of the path, or the command's words.")
    object: str = Field(description="What it was done to, such as `campaigns/C1`.")
    asked: dict[str, Any]
    before: dict[str, Any] = Field(description="The fields that changed, as they stood; empty: nothing to show.")
    after: dict[str, Any] = Field(description="The same fields, or what was answered.")
    result: int = Field(description="The status that was answered, or the exit code.")
    milliseconds: int


class Acts(Page[Act]):
    """A page of acts."""


class Which(Paging):
    actor: str | None = Field(default=None, max_length=200, description="Such as `client crm`.")
    route: str | None = Field(default=None, max_length=200, description="Such as `/v1/campaigns/{code}`.")
    object: str | None = Field(default=None, max_length=400, description="Such as `campaigns/C1`.")
    since: Asked | None = Field(default=None, description="At this moment or later.")
    until: Asked | None = Field(default=None, description="Before this moment.")
    sort: Annotated[Literal["at", "-at"], SORT] = "-at"


def list_(visit: Visit) -> BaseModel:
    query: Which = visit.query
    cut = query.cut(acts.SORTS)
    asked = acts.Asked(query.actor, query.route, query.object, query.since, query.until)
    return Acts(**dict(page(acts.read_acts(visit.conn, visit.tenant.id, asked, cut), cut, told)))


def told(row: Any) -> Act:
    return Act.model_validate(row, from_attributes=True)


ROUTES = (
    Route("GET", "/audit", "Who changed what, the newest first.", (Right.ADMIN,), list_, Acts, query=Which),
)  # fmt: skip
