"""Sweeps: everybody of a campaign who waits is looked at again; silent calls are asked about now."""

from sqlalchemy import Connection, select

from campaigns import jobs, ledger
from campaigns.models import Customer
from campaigns.rows import columns_of
from dialer.database import clock
from dialer.errands.errand import Errand, campaign_of

BATCH = 2000
CUSTOMER = columns_of(Customer)


async def sweep(errand: Errand) -> None:
    """Batch by batch: each stands by itself, so a sweep that another worker takes over only looks again."""
    after = looked = freed = 0
    while True:
        ids, again = await errand.database.write(_look_again, errand, after)
        looked, freed = looked + len(ids), freed + again
        if len(ids) < BATCH:
            break
        after = ids[-1]
        await errand.tell(looked, None)
    await errand.database.write(_finish, errand, {"looked_at": looked, "reopened": freed}, looked)


def _look_again(conn: Connection, errand: Errand, after: int) -> tuple[list[int], int]:
    campaign = campaign_of(conn, errand.job)
    mine = (CUSTOMER.tenant_id == campaign.tenant_id, CUSTOMER.campaign_id == campaign.id, CUSTOMER.id > after)
    ids = list(conn.scalars(select(CUSTOMER.id).where(*mine).order_by(CUSTOMER.id).limit(BATCH)))
    return ids, ledger.reconsider(conn, clock(conn), campaign.tenant_id, ids, errand.job.actor)


async def reconcile(errand: Errand) -> None:
    """The engine's reconciling asks; this only makes every silent call due."""

    def work(conn: Connection) -> None:
        now = clock(conn)
        due = ledger.ask_now(conn, now, errand.job.tenant_id, errand.job.campaign_id)
        jobs.finish(conn, now, errand.job, {"asked": due}, due)

    await errand.database.write(work)


def _finish(conn: Connection, errand: Errand, result: dict[str, int], looked: int) -> None:
    jobs.finish(conn, clock(conn), errand.job, result, looked)
