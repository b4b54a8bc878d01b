"""A million of everything in well under a minute. Every hundredth customer's number is on the do-not-call list."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import StaticPool

from tests import masses
from tests.bench.ground import Ground

EVERY = 100
# Beyond the customers, in numbers that nobody on the list has.
FOREIGN = 50_000_000
# A prime, so that the calls of one round name each person once.
STRIDE = 7919
MESSAGES = 5


def of(campaign: Any) -> masses.Of:
    return masses.Of(campaign.tenant_id, campaign.vendor_account_id, campaign.id, campaign.id)


def phone(n: int) -> str:
    """Customer `n`'s number."""
    return f"+849{n:08}"


async def debtors(ground: Ground, campaign: Any, first: int, last: int) -> None:
    """Customers `first` to `last` of a campaign, due long since, each with a number of his own."""

    def load(conn: Connection) -> None:
        for statement in (masses.PERSON, masses.NUMBER, masses.CUSTOMER):
            masses.fill(conn, of(campaign), statement, first, last)
        masses.number_on(conn, "person", "number", "customer")

    await _carelessly(ground, load)


async def suppressions(ground: Ground, customers: int, count: int) -> None:
    """So many entries: every hundredth customer's number, and others'."""
    of_customers = min(customers // EVERY, count)
    number = f"CASE WHEN n <= {of_customers} THEN n * {EVERY} ELSE n + {FOREIGN} END"

    def load(conn: Connection) -> None:
        masses.fill(conn, masses.Of(), masses.SUPPRESSION, 1, count, phone=number)
        masses.number_on(conn, "suppression")

    await _carelessly(ground, load)


async def calls(ground: Ground, campaign: Any, first: int, last: int) -> None:
    """A call with each of these customers, which the vendor has taken as `v1`, `v2`, …"""

    def load(conn: Connection) -> None:
        masses.fill(conn, of(campaign), masses.CALL, first, last, more=masses.LIVE)
        masses.run(conn, of(campaign), masses.IN_CALL, first, last)
        masses.number_on(conn, "call")

    await _carelessly(ground, load)


async def ledger(ground: Ground, campaign: Any, people: int, count: int, a_day: int) -> None:
    """So many calls that nobody answered, so many a person and day, each with three facts and a change; and today five
    messages to every hundredth person. A person's calls do not lie beside each other, as in life."""
    rows = (masses.CALL, 1), (masses.FACTS, 3), (masses.CHANGE, 1)
    whose = f"(1 + (n * {STRIDE}) % {people})"
    missed = masses.OVER | {"outcome": "'no-answered'"}

    def load(conn: Connection) -> None:
        for statement, each in rows:
            last = count * each
            ago = f"({last} - n) * 86400.0 / {people * a_day * each}"
            masses.fill(conn, of(campaign), statement, 1, last, phone=whose, more=missed, whose=whose, ago=ago)
        told = f"((n % {people // EVERY + 1}) * {EVERY} + 1)"
        masses.fill(conn, of(campaign), masses.CONTACT, 1, people // EVERY * MESSAGES, phone=told, whose=told)
        masses.number_on(conn, "call")

    await _carelessly(ground, load)


async def _carelessly(ground: Ground, load: Callable[[Connection], None]) -> None:
    """Without looking up, row by row, what a row refers to: it was made by the same series."""
    if not ground.embedded:
        await ground.database.write(_without_looking, load)
        return
    file = ground.file()
    file.execute("PRAGMA foreign_keys=OFF")
    file.execute("PRAGMA synchronous=OFF")
    engine = create_engine("sqlite://", creator=lambda: file, poolclass=StaticPool)
    event.listen(engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as conn:
        load(conn)
    engine.dispose()


def _without_looking(conn: Connection, load: Callable[[Connection], None]) -> None:
    conn.exec_driver_sql("SET LOCAL session_replication_role = replica")
    load(conn)


async def settle_down(ground: Ground) -> None:
    """Statistics, and nothing left to be written, as a while after loading."""
    if ground.embedded:
        file = ground.file()
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file.close()
        return
    raw = await ground.raw()
    try:
        await raw.execute("VACUUM (ANALYZE) customer, person, number, suppression, call, contact, receipt, fact")
        await raw.execute("CHECKPOINT")
    finally:
        await raw.close()
