"""Jobs: ordered by somebody, claimed by one worker at a time on a lease, finished or failed; and their files.

Whatever a job changes is committed together with its end, guarded by the lease. So a worker that was given up for dead
changes nothing any more, and a job that another takes over begins anew.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from campaigns import pages
from campaigns.directory import missing
from campaigns.ledger import NotNow
from campaigns.models import Campaign, Job, JobPart
from campaigns.pages import Cut, Listing, Part, Sort
from campaigns.rows import columns_of, spelled, table
from campaigns.terms import BadTerms
from campaigns.words import JobFault, JobKind, JobState

JOB = columns_of(Job)
PART = columns_of(JobPart)
MOST_OPEN: Final = 20
"""So many jobs of a tenant may wait or be worked at: who asks faster than that waits for them."""
MOST_TRIES: Final = 3
LEASE: Final = timedelta(seconds=60)
PART_SIZE: Final = 256 * 1024
LARGEST_FILE: Final = 256 * 1024 * 1024
KEEP_FILES: Final = timedelta(days=1)
"""Files hold what the tables hold, and people may ask to be forgotten: they are for fetching, not for keeping."""
KEEP_JOBS: Final = timedelta(days=30)
SORTS: pages.Sorts = {"created_at": Sort((JOB.created_at, JOB.id))}
OPEN = spelled(JOB.state, (JobState.WAITING, JobState.WORKING))


class Lost(Exception):
    """Somebody else has the job by now, or nobody: nothing may be written for it any more."""


class Failed(Exception):
    """The job cannot be done; the message is a sentence for the one who ordered it."""

    def __init__(self, fault: JobFault, detail: str, result: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.fault = fault
        self.result = dict(result or {})


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done. `reference` is the name by which it is asked for; `file` comes with it."""

    reference: str
    kind: JobKind
    asked: Mapping[str, Any]
    campaign_id: int | None = None
    file_name: str | None = None
    file: bytes | None = None


def order(conn: Connection, now: datetime, tenant_id: int, wish: Wish, actor: str) -> None:
    """Write the job down, for whichever worker comes first. Raises `NotNow` where too many are open, and `BadTerms`."""
    if wish.kind is JobKind.RECALL_SWEEP and wish.campaign_id is None:
        raise BadTerms("campaign", "is needed: whose customers are to be looked at?")
    standing = (JOB.tenant_id == tenant_id, OPEN)
    if (conn.scalar(select(func.count()).where(*standing)) or 0) >= MOST_OPEN:
        raise NotNow(f"{MOST_OPEN} jobs are not done yet: come again when one of them is")
    row = {
        "tenant_id": tenant_id,
        "reference": wish.reference,
        "kind": wish.kind,
        "campaign_id": wish.campaign_id,
        "asked": dict(wish.asked),
        "actor": actor,
        "state": JobState.WAITING,
        "result": {},
        "created_at": now,
        "file_name": wish.file_name,
        "file_size": None if wish.file is None else len(wish.file),
    }
    job_id = conn.execute(insert(table(Job)).returning(JOB.id), row).scalar_one()
    if wish.file is not None:
        write_parts(conn, tenant_id, job_id, 0, parts_of(wish.file))


def parts_of(content: bytes) -> list[bytes]:
    return [content[start : start + PART_SIZE] for start in range(0, len(content), PART_SIZE)]


def write_parts(conn: Connection, tenant_id: int, job_id: int, first: int, parts: Iterable[bytes]) -> None:
    rows = [
        {"tenant_id": tenant_id, "job_id": job_id, "ordinal": ordinal, "content": part}
        for ordinal, part in enumerate(parts, first)
    ]
    if rows:
        conn.execute(insert(table(JobPart)), rows)


def read_part(conn: Connection, tenant_id: int, job_id: int, ordinal: int) -> bytes | None:
    """One part of a job's file, or None behind the last one."""
    mine = (PART.tenant_id == tenant_id, PART.job_id == job_id, PART.ordinal == ordinal)
    found: bytes | None = conn.scalar(select(PART.content).where(*mine))
    return found


def drop_parts(conn: Connection, tenant_id: int, job_id: int) -> None:
    conn.execute(delete(table(JobPart)).where(PART.tenant_id == tenant_id, PART.job_id == job_id))


def claim(conn: Connection, now: datetime, token: str) -> Any | None:
    """The oldest job that waits, or that a dead worker left, on a lease under this token."""
    left = and_(JOB.state == JobState.WORKING, JOB.lease_until < now)
    free = select(table(Job)).where(OPEN, or_(JOB.state == JobState.WAITING, left))
    row = conn.execute(free.order_by(JOB.id).limit(1).with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    if row.tries >= MOST_TRIES:
        _end(conn, now, row.id, JobState.FAILED, {}, JobFault.LOST, "three workers ended while they worked at it")
        drop_parts(conn, row.tenant_id, row.id)
        return claim(conn, now, token)
    values: dict[str, Any] = {"state": JobState.WORKING, "lease_token": token, "lease_until": now + LEASE}
    values |= {"tries": row.tries + 1, "started_at": row.started_at or now, "finished": 0, "total": None}
    conn.execute(update(table(Job)).where(JOB.id == row.id).values(**values))
    return conn.execute(select(table(Job)).where(JOB.id == row.id)).one()


def renew(conn: Connection, now: datetime, job: Any, finished: int = 0, total: int | None = None) -> None:
    """Go on holding the job, and tell how far it is. Raises `Lost`."""
    values: dict[str, Any] = {"lease_until": now + LEASE}
    values |= {"finished": finished, "total": total} if total is not None else {}
    if conn.execute(update(table(Job)).where(*_held(job)).values(**values)).rowcount == 0:
        raise Lost


def finish(
    conn: Connection,
    now: datetime,
    job: Any,
    result: Mapping[str, Any],
    finished: int,
    file: tuple[str, int] | None = None,
) -> None:
    """The job is done, in the transaction of what it did. `file`: the name and size of what it made. Raises `Lost`."""
    name, size = file or (job.file_name, job.file_size)
    values = {"finished": finished, "total": finished, "file_name": name, "file_size": size}
    if conn.execute(update(table(Job)).where(*_held(job)).values(**values)).rowcount == 0:
        raise Lost
    _end(conn, now, job.id, JobState.DONE, result)
    if file is None:
        drop_parts(conn, job.tenant_id, job.id)


def fail(conn: Connection, now: datetime, job: Any, fault: Failed) -> None:
    """The job cannot be done, unless another holds it by now."""
    if conn.execute(select(JOB.id).where(*_held(job)).with_for_update()).first() is not None:
        _end(conn, now, job.id, JobState.FAILED, fault.result, fault.fault, str(fault))
        drop_parts(conn, job.tenant_id, job.id)


def _held(job: Any) -> tuple[Any, ...]:
    return (JOB.id == job.id, JOB.state == JobState.WORKING, JOB.lease_token == job.lease_token)


def _end(
    conn: Connection,
    now: datetime,
    job_id: int,
    state: JobState,
    result: Mapping[str, Any],
    fault: JobFault | None = None,
    detail: str | None = None,
) -> None:
    values: dict[str, Any] = {"state": state, "result": dict(result), "fault": fault, "detail": detail}
    values |= {"ended_at": now, "lease_token": None, "lease_until": None}
    conn.execute(update(table(Job)).where(JOB.id == job_id).values(**values))


def find(conn: Connection, tenant_id: int, reference: str, kinds: Collection[JobKind] = tuple(JobKind)) -> Any:
    """The job of this name, with the code of its `campaign`. Raises `NotFound`."""
    chosen = _with_campaign(table(Job)).where(
        JOB.tenant_id == tenant_id, JOB.reference == reference, JOB.kind.in_(list(kinds))
    )
    found = conn.execute(chosen).first()
    if found is None:
        raise missing("job", "of this id", [], "see `dialer job list`")
    return found


def with_file(conn: Connection, tenant_id: int, reference: str, kinds: Collection[JobKind]) -> Any:
    """The job of this name, whose file can be read. Raises `NotNow` where it is not there yet, and `NotFound` where it
    is gone again."""
    job = find(conn, tenant_id, reference, kinds)
    if job.state is not JobState.DONE:
        raise NotNow(f"{reference} is {job.state}")
    if read_part(conn, tenant_id, job.id, 0) is None:
        raise missing("file", "of this export any more", [])
    return job


def read_jobs(conn: Connection, tenant_id: int, cut: Cut, **asked: Any) -> Part:
    """Jobs as `find` gives them. `asked`: what columns are, as in `state=…`; None narrows nothing."""
    scope = (JOB.tenant_id == tenant_id,)
    return pages.read(conn, Listing(Job, SORTS, scope, (), pages.matching(**asked), _with_campaign), cut)


def _with_campaign(source: Any) -> Any:
    campaign = columns_of(Campaign)
    joined = source.outerjoin(table(Campaign), source.c.campaign_id == campaign.id)
    return select(source, campaign.code.label("campaign")).select_from(joined)


def prune(conn: Connection, now: datetime, limit: int = 20) -> int:
    """Forget some files of a day ago and some jobs of a month ago; how many."""
    kept = select(PART.job_id).where(PART.tenant_id == JOB.tenant_id, PART.job_id == JOB.id).exists()
    old = conn.execute(
        select(JOB.id, JOB.tenant_id).where(JOB.ended_at < now - KEEP_FILES, kept).order_by(JOB.ended_at).limit(limit)
    ).all()
    for row in old:
        drop_parts(conn, row.tenant_id, row.id)
    ids = list(conn.scalars(select(JOB.id).where(JOB.ended_at < now - KEEP_JOBS).order_by(JOB.ended_at).limit(limit)))
    gone = 0
    if ids:
        gone = conn.execute(delete(table(Job)).where(JOB.id.in_(ids))).rowcount
    return len(old) + gone
