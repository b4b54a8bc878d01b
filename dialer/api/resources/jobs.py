"""Jobs: work that takes longer than a request may. Who orders one is answered at once, and looks here how it stands."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from campaigns import jobs
from campaigns.words import JobFault, JobKind, JobState, Right
from dialer import ordering
from dialer.api.pages import SORT, Page, Paging, page
from dialer.api.problems import Problem
from dialer.api.resources.suppressions import campaign_id, campaign_of
from dialer.api.routes import Route, Strict, Told, Visit


class Job(BaseModel):
    """A job. `finished` of `total` rows are through; `result` and `fault` are there when it is over."""

    id: str
    kind: JobKind
    campaign: str | None
    state: JobState
    finished: int
    total: int | None
    result: dict[str, Any] = Field(
        description="Of an import: `counts`, and `rejected` and `remarks` with row, column and reason."
    )
    fault: JobFault | None
    detail: str | None
    actor: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class Jobs(Page[Job]):
    """A page of jobs."""


class Which(Paging):
    kind: JobKind | None = None
    state: JobState | None = None
    campaign: str | None = Field(default=None, max_length=64, description="Only those of this campaign.")
    sort: Annotated[Literal["created_at", "-created_at"], SORT] = "-created_at"


class NewJob(Strict):
    """A job to be done. Imports and exports are ordered at their own places."""

    kind: Literal["recall-sweep", "reconciliation"]
    campaign: str | None = Field(default=None, max_length=64, description="Needed for a sweep; else: every campaign.")


def list_(visit: Visit) -> BaseModel:
    query = visit.query
    cut = query.cut(jobs.SORTS)
    asked = {"kind": query.kind, "state": query.state, "campaign_id": campaign_id(visit, query.campaign)}
    return Jobs(**dict(page(jobs.read_jobs(visit.conn, visit.tenant.id, cut, **asked), cut, told)))


def get(visit: Visit) -> BaseModel:
    return told(jobs.find(visit.conn, visit.tenant.id, visit.path["job"]))


def create(visit: Visit) -> Told:
    said: NewJob = visit.body
    return ordered(visit, JobKind(said.kind), {}, said.campaign)


def ordered(
    visit: Visit,
    kind: JobKind,
    asked: Mapping[str, Any],
    campaign: str | None,
    file: tuple[str, bytes] | None = None,
    place: str = "/jobs",
) -> Told:
    """Order a job; what is answered at once. `file`: its name and its bytes."""
    of = campaign_of(visit, campaign)
    made = ordering.order(visit.conn, visit.now, visit.tenant.id, kind, asked, visit.actor, of, file)
    return Told(told(made), location=f"{place}/{made.reference}", status=202)


def told(row: Any) -> Job:
    return Job.model_validate(
        {name: getattr(row, name) for name in Job.model_fields if name != "id"} | {"id": row.reference}
    )


READ = (Right.CAMPAIGN_READ, Right.CUSTOMER_WRITE, Right.EXPORT)
ROUTES = (
    Route("GET", "/jobs", "Jobs, the newest first.", READ, list_, Jobs, query=Which),
    Route(
        "POST", "/jobs", "Look again at everybody who waits, or ask the vendor now about silent calls.",
        (Right.CAMPAIGN_WRITE,), create, Job, body=NewJob, status=202, problems=(Problem.NOT_NOW,),
    ),
    Route("GET", "/jobs/{job}", "One job: how it stands, and what came of it.", READ, get, Job),
)  # fmt: skip
