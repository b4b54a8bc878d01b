"""Work that takes longer than a request may: jobs, and the files that come in with one or are made by one."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from campaigns.models.columns import (
    Id,
    belongs_to,
    document,
    key,
    moment,
    one_of,
    partial_index,
    quoted,
    referable,
    word,
)
from campaigns.words import JobFault, JobKind, JobState

OPEN = f"state IN ({quoted((JobState.WAITING, JobState.WORKING))})"


class Job(SQLModel, table=True):
    """One piece of work, for whichever worker takes it first."""

    __table_args__ = (
        referable("job"),
        belongs_to("job", "campaign_id", "campaign"),
        UniqueConstraint("tenant_id", "reference", name="uq_job_reference"),
        partial_index("ix_job_open", "id", where=OPEN),
        Index("ix_job_ended", "ended_at"),
        Index("ix_job_created", "tenant_id", "created_at", "id"),
        one_of("job", "kind", JobKind),
        one_of("job", "state", JobState),
        one_of("job", "fault", JobFault),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    reference: str = Field(max_length=40)
    """The name by which it is asked for; means nothing to anybody."""
    kind: JobKind = Field(sa_column=word(JobKind))
    campaign_id: int | None = Field(default=None, sa_type=Id)
    asked: dict[str, Any] = Field(sa_column=document())
    """What exactly is to be done, as the one who asked said it."""
    actor: str
    state: JobState = Field(default=JobState.WAITING, sa_column=word(JobState, JobState.WAITING))
    finished: int = 0
    total: int | None = None
    """How many rows are finished, and of how many; None: nobody knows yet."""
    result: dict[str, Any] = Field(sa_column=document())
    fault: JobFault | None = Field(default=None, sa_column=word(JobFault, nullable=True))
    detail: str | None = None
    """What went wrong, in a sentence."""
    tries: int = 0
    lease_token: str | None = Field(default=None, max_length=32)
    lease_until: datetime | None = Field(default=None, sa_column=moment())
    created_at: datetime = Field(sa_column=moment(nullable=False))
    started_at: datetime | None = Field(default=None, sa_column=moment())
    ended_at: datetime | None = Field(default=None, sa_column=moment())
    file_name: str | None = Field(default=None, max_length=200)
    file_size: int | None = None


class JobPart(SQLModel, table=True):
    """A part of a job's file: of the list that came with an import, or of what an export made. Every worker can read
    it, because it stands where all of them look; it is gone after a day."""

    __tablename__ = "job_part"
    __table_args__ = (belongs_to("job_part", "job_id", "job"),)
    tenant_id: int = Field(sa_type=Id, primary_key=True)
    job_id: int = Field(sa_type=Id, primary_key=True)
    ordinal: int = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)
