"""`dialer db`: the database's schema."""

import anyio

from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import say, say_json
from dialer.commands.session import open_settled, read_settings
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
