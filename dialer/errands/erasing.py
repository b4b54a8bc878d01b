"""An erasure: the raw hooks that name a person are looked for page by page, then all of him is forgotten at once."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from campaigns import jobs, people, privacy
from campaigns.jobs import Failed
from campaigns.ledger import NotNow
from campaigns.privacy import Erased
from campaigns.words import JobFault
from dialer import chains
from dialer.database import Database, clock
from dialer.errands.errand import Errand
from dialer.vault import Vault

After = Callable[[Connection, Erased], None]


async def erase(errand: Errand) -> None:
    """Raises `Failed` while a call with him is under way."""
    job = errand.job

    def person(conn: Connection) -> Any:
        [found] = people.read(conn, job.tenant_id, [job.asked["person"]])
        return found

    def end(conn: Connection, done: Erased) -> None:
        names = ("customers", "calls", "numbers", "receipts", "entries")
        told = {name: getattr(done, name) for name in names} | {"complete_at": done.complete_at.isoformat()}
        jobs.finish(conn, clock(conn), job, told, 1)

    try:
        await forget(errand.database, errand.vault, await errand.database.read(person), job.actor, end)
    except NotNow as error:
        raise Failed(JobFault.NOT_NOW, str(error)) from None


async def forget(
    database: Database, vault: Vault, person: Any, actor: str, end: After = lambda _conn, _done: None
) -> Erased:
    """Forget this person, with whatever `end` writes in the same transaction. Raises `NotNow`."""
    receipts = await _receipts(database, person)

    def work(conn: Connection) -> Erased:
        now = clock(conn)
        keys = chains.keys_of(vault, chains.ensure(conn, now, person.tenant_id, vault))
        done = privacy.erase(conn, now, person, keys.pseudonyms, actor, receipts)
        end(conn, done)
        return done

    return await database.write(work)


async def _receipts(database: Database, person: Any) -> list[int]:
    """The raw hooks that name him, looked for before anybody is locked."""
    told = await database.read(privacy.about, person)
    phones = {row["phone"] for name in ("numbers", "calls") for row in told[name]}
    phones = {phone for phone in phones if phone.startswith("+")}
    found: list[int] = []
    after = 0
    while phones:
        page, after = await database.read(privacy.receipts_naming, person.tenant_id, phones, after)
        found += page
        if not after:
            break
    return found
