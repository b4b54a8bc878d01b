"""The working loop: takes one job at a time, does it, and writes how it ended.

A worker that dies holds its lease a minute longer; then another takes the job over, and after three of them it has
failed. While a job is worked at its lease is renewed, so a long one is not taken from a worker that lives.
"""

import secrets
from datetime import datetime
from typing import Any

import anyio
from sqlalchemy import Connection

from campaigns import jobs
from campaigns.jobs import LEASE, Failed, Lost
from campaigns.words import JobFault
from dialer.database import DATABASE_ERRORS, Database, clock
from dialer.errands import RUN, Errand
from dialer.logs import log
from dialer.vault import Vault

RENEW_EVERY = LEASE.total_seconds() / 3


class WorkingLoop:
    def __init__(self, database: Database, vault: Vault, public_url: str | None = None) -> None:
        self._database = database
        self._vault = vault
        self._public_url = public_url
        self._log = log("working")

    async def step(self, now: datetime) -> bool:
        """One job, if there is one."""
        job = await self._database.write(jobs.claim, now, secrets.token_hex(16))
        if job is None:
            return False
        self._log.info("job begun", job=job.reference, kind=job.kind.value, tries=job.tries)
        try:
            await self._work(job)
        except Lost:
            self._log.warning("job lost", job=job.reference)
        except Failed as failed:
            await self._fail(job, failed)
        except DATABASE_ERRORS:
            # The lease runs out, and whoever finds the database again goes on.
            raise
        except Exception as error:
            self._log.exception("job failed", job=job.reference, error=type(error).__name__)
            await self._fail(job, Failed(JobFault.SURPRISE, "something went wrong on our side: the log has it"))
        return True

    async def _work(self, job: Any) -> None:
        fault: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._hold, job)
            try:
                await RUN[job.kind](Errand(self._database, self._vault, job, self._public_url))
            except Exception as error:
                # A task group would wrap it, and who catches it goes by its kind.
                fault = error
            tasks.cancel_scope.cancel()
        if fault is not None:
            raise fault
        self._log.info("job done", job=job.reference, kind=job.kind.value)

    async def _hold(self, job: Any) -> None:
        """Renew the lease until the work is over. Whoever lost it finds out where he writes."""
        while True:
            await anyio.sleep(RENEW_EVERY)
            try:
                await self._database.write(lambda conn: jobs.renew(conn, clock(conn), job))
            except (Lost, *DATABASE_ERRORS):
                return

    async def _fail(self, job: Any, failed: Failed) -> None:
        def work(conn: Connection) -> None:
            jobs.fail(conn, clock(conn), job, failed)

        await self._database.write(work)
        self._log.info("job failed", job=job.reference, kind=job.kind.value, fault=failed.fault.value)
