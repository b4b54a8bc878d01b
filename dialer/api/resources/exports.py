"""Exports: results, calls or usage, written into a file by a job; the file is fetched here, within a day."""

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from campaigns import exports, jobs
from campaigns.exports import Period
from campaigns.words import ExportFormat, ExportKind, JobKind, JobState, Right
from dialer.api.moments import Moment
from dialer.api.pages import SORT, Page, Paging, page
from dialer.api.problems import Problem
from dialer.api.resources import jobs as shown
from dialer.api.resources.jobs import Job
from dialer.api.resources.suppressions import campaign_of
from dialer.api.routes import Attachment, Route, Strict, Told, Visit

MEDIA = {
    ExportFormat.CSV: "text/csv",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.JSON: "application/json",
}


class NewExport(Strict):
    """What is to be written. A period is of the moments at which calls were intended."""

    kind: ExportKind = Field(strict=False)
    campaign: str | None = Field(default=None, max_length=64, description="Needed for results; else: every campaign.")
    since: Moment | None = Field(default=None, strict=False)
    until: Moment | None = Field(default=None, strict=False, description="Before this moment.")
    format: ExportFormat = Field(default=ExportFormat.CSV, strict=False)


class Exports(Page[Job]):
    """A page of exports."""


class Which(Paging):
    state: JobState | None = None
    sort: Annotated[Literal["created_at", "-created_at"], SORT] = "-created_at"


def create(visit: Visit) -> Told:
    said: NewExport = visit.body
    period = Period(campaign_of(visit, said.campaign), said.since, said.until)
    asked = exports.asked(said.kind, period, said.format)
    return shown.ordered(visit, JobKind.EXPORT, asked, said.campaign, place="/exports")


def list_(visit: Visit) -> BaseModel:
    query = visit.query
    cut = query.cut(jobs.SORTS)
    part = jobs.read_jobs(visit.conn, visit.tenant.id, cut, kind=JobKind.EXPORT, state=query.state)
    return Exports(**dict(page(part, cut, shown.told)))


def get(visit: Visit) -> BaseModel:
    return shown.told(_found(visit))


def file(visit: Visit) -> Told:
    """Raises `NotNow` where it is not there yet, and `NotFound` where it is gone again."""
    job = jobs.with_file(visit.conn, visit.tenant.id, visit.path["export"], [JobKind.EXPORT])
    media = MEDIA[ExportFormat(job.asked["format"])]
    return Told(shown.told(job), file=Attachment(job.file_name, media, partial(_part, job)))


def _part(job: Any, conn: Connection, ordinal: int) -> bytes | None:
    return jobs.read_part(conn, job.tenant_id, job.id, ordinal)


def _found(visit: Visit) -> Any:
    return jobs.find(visit.conn, visit.tenant.id, visit.path["export"], [JobKind.EXPORT])


RIGHTS = (Right.EXPORT,)
ROUTES = (
    Route("GET", "/exports", "Exports, the newest first.", RIGHTS, list_, Exports, query=Which),
    Route(
        "POST", "/exports", "Write results, calls or usage into a file. A job does it.",
        RIGHTS, create, Job, body=NewExport, status=202, problems=(Problem.NOT_NOW,),
    ),
    Route("GET", "/exports/{export}", "One export: how it stands.", RIGHTS, get, Job),
    Route(
        "GET", "/exports/{export}/file", "The file, for a day.", RIGHTS, file, Job,
        problems=(Problem.NOT_NOW,), files=tuple(MEDIA.values()),
    ),
)  # fmt: skip
