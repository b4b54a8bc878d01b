"""A vendor is asked how things stand there, or our hooks are taken off and the account out of use."""

from typing import Any

from sqlalchemy import Connection

from campaigns import accounts, jobs
from campaigns.accounts import InUse
from campaigns.directory import NotFound
from campaigns.jobs import Failed
from campaigns.words import JobFault
from dialer import inquiring
from dialer.database import clock
from dialer.errands.errand import Errand
from dialer.gateways import GatewayError
from dialer.vault import KeyLost


async def check_vendor(errand: Errand) -> None:
    """Raises `Failed`. A vendor that does not let us in is no failure: that is what was found."""
    job = errand.job

    def read(conn: Connection) -> tuple[Any, dict[str, str], Any]:
        account = _account(conn, job)
        return account, accounts.users_of(conn, account), clock(conn)

    account, users, now = await errand.database.read(read)
    try:
        found = await inquiring.findings(errand.vault, account, users, now, errand.public_url)
    except (GatewayError, KeyLost) as error:
        raise Failed(JobFault.UNREACHABLE, str(error)) from None
    told = inquiring.as_data(found)
    await errand.database.write(lambda conn: jobs.finish(conn, clock(conn), job, told, 1))


async def remove_vendor(errand: Errand) -> None:
    """Raises `Failed`: then the account is there as before, and what was taken off at the vendor is put on again."""
    job = errand.job
    account = await errand.database.read(_unused, job)
    taken_off: list[str] = []
    if not job.asked["keep_hooks"]:
        try:
            taken_off += await inquiring.take_hooks_off(errand.vault, account, errand.public_url)
        except (GatewayError, KeyLost) as error:
            raise Failed(JobFault.UNREACHABLE, str(error)) from None

    def remove(conn: Connection) -> None:
        accounts.remove_account(conn, clock(conn), _unused(conn, job))
        jobs.finish(conn, clock(conn), job, {"hooks_removed": taken_off}, 1)

    await errand.database.write(remove)


def _unused(conn: Connection, job: Any) -> Any:
    account = _account(conn, job)
    try:
        accounts.check_unused(conn, account)
    except InUse as error:
        raise Failed(JobFault.NOT_NOW, str(error)) from None
    return account


def _account(conn: Connection, job: Any) -> Any:
    try:
        return accounts.find_account(conn, job.tenant_id, job.asked["vendor"])
    except NotFound:
        raise Failed(JobFault.GONE, "the account was removed before its turn came") from None
