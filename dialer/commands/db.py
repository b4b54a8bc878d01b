"""`dialer db`: the database's schema, and what may be forgotten."""

from datetime import timedelta
from typing import Annotated

import anyio
import typer

from campaigns import retention
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import say, say_json
from dialer.commands.session import open_settled, opened, read_settings
from dialer.database import clock
from dialer.migrations import upgrade_any

app = noun("The database's schema. SQLite is upgraded by itself; PostgreSQL only by `dialer db upgrade`.")


@app.command(epilog=example("dialer db upgrade"))
def upgrade(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Bring the database to this version's schema. A SQLite file is copied beside itself first."""
    before, after = anyio.run(_upgrade)
    if as_json:
        say_json({"before": before, "after": after})
    else:
        say(f"schema {after}, as before" if before == after else f"schema {before or 'none'} -> {after}")


async def _upgrade() -> tuple[str | None, str]:
    settings = read_settings()
    database = open_settled(settings)
    try:
        return await upgrade_any(settings.url, database)
    finally:
        await database.close()


@app.command(epilog=example("dialer db prune --older-than 30"))
def prune(
    older_than: Annotated[float | None, typer.Option(min=1, metavar="DAYS", help="Else DIALER_RECEIPT_DAYS.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Delete settled webhooks as they came, older than so many days, of all tenants. What they meant stays."""
    pruned = anyio.run(_prune, tenant, older_than)
    if as_json:
        say_json({"pruned": pruned})
    else:
        say(f"{pruned} receipts pruned")


async def _prune(tenant: str | None, days: float | None) -> int:
    async with opened(tenant) as session:
        keep = timedelta(days=days if days is not None else session.settings.receipt_days)
        before = await session.database.read(clock) - keep
        pruned = 0
        # One small batch a transaction, so that nobody else waits for long.
        while batch := await session.database.write(retention.prune, before):
            pruned += batch
        return pruned
