"""A job in a worker's hands: its database, its file, and how its progress is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, select

from campaigns import directory, jobs
from campaigns.directory import NotFound
from campaigns.jobs import Failed
from campaigns.models import Tenant
from campaigns.rows import columns_of, table
from campaigns.words import JobFault
from dialer.database import Database, clock
from dialer.vault import Vault


@dataclass(frozen=True, slots=True)
class Errand:
    database: Database
    vault: Vault
    job: Any
    public_url: str | None = None
    """Where vendors reach our hooks."""

    async def tell(self, finished: int, total: int | None) -> None:
        """How far it is; the lease is renewed with it. Raises `Lost`."""
        await self.database.write(lambda conn: jobs.renew(conn, clock(conn), self.job, finished, total))

    async def fetch(self, path: Path) -> None:
        """Write the file that came with the job to this path, a part at a time."""
        job, ordinal = self.job, 0
        with path.open("wb") as file:
            while part := await self.database.read(jobs.read_part, job.tenant_id, job.id, ordinal):
                file.write(part)
                ordinal += 1

    async def store(self, path: Path) -> int:
        """Keep this file as what the job made, in place of what a worker before had left; its size."""
        ordinal = size = 0
        await self.database.write(jobs.drop_parts, self.job.tenant_id, self.job.id)
        with path.open("rb") as file:
            while part := file.read(jobs.PART_SIZE):
                await self.database.write(self._keep, ordinal, part)
                ordinal, size = ordinal + 1, size + len(part)
        return size

    def _keep(self, conn: Connection, ordinal: int, part: bytes) -> None:
        jobs.renew(conn, clock(conn), self.job)
        jobs.write_parts(conn, self.job.tenant_id, self.job.id, ordinal, [part])


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with TemporaryDirectory(prefix="dialer-") as name:
        yield Path(name)


def tenant_of(conn: Connection, job: Any) -> Any:
    return conn.execute(select(table(Tenant)).where(columns_of(Tenant).id == job.tenant_id)).one()


def campaign_of(conn: Connection, job: Any) -> Any:
    """The campaign that the job is about; None where it is about none. Raises `Failed` where it was deleted."""
    if job.campaign_id is None:
        return None
    try:
        return directory.find_campaign(conn, job.tenant_id, job.asked["campaign"])
    except NotFound:
        raise Failed(JobFault.GONE, "the campaign was deleted before its turn came") from None
