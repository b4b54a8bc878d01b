"""The registering loop: sees to it that each vendor sends its hooks to us; and which entrance is whose."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import anyio
from sqlalchemy import Connection

from campaigns import allowing
from campaigns.allowing import Network
from campaigns.words import Entrance
from dialer.database import Database
from dialer.gateways import GatewayError, LoginRefused
from dialer.inquiring import hook_url
from dialer.logs import log
from dialer.vault import KeyLost, Vault
from dialer.vendors import Vendors, is_loopback, read_accounts
from dialer.webhooks import Door

FRESH = 1.0


class RegisteringLoop:
    def __init__(self, database: Database, vendors: Vendors, vault: Vault, public_url: str) -> None:
        self._database = database
        self._vendors = vendors
        self._vault = vault
        self._public_url = public_url
        self._log = log("registering")

    async def step(self, now: datetime) -> bool:
        """Register what is missing with every account; other systems' hooks are left alone."""
        for account in await self._vendors.accounts():
            try:
                await self._register(account)
            except (GatewayError, KeyLost) as error:
                self._log.warning("hooks not registered", vendor=account.name, detail=str(error))
                if isinstance(error, LoginRefused):
                    await self._vendors.locked_out(account.id, str(error))
        return False

    async def _register(self, account: Any) -> None:
        if is_loopback(self._public_url) and not is_loopback(account.url):
            self._log.warning("hooks not registered", vendor=account.name, detail="DIALER_PUBLIC_URL is not set")
            return
        gateway = await self._vendors.gateway(account.id)
        if gateway is None:
            return
        secret = self._vault.open(account.sealed_credentials, f"vendor {account.name}")
        done = await gateway.register_hooks(hook_url(self._public_url, secret["hook_path"]), secret["hook_key"])
        await self._vendors.admitted(account.id)
        if done.added or done.replaced:
            self._log.info("hooks registered", vendor=account.name, added=done.added, replaced=done.replaced)


def doors_of(database: Database, vault: Vault) -> Callable[[], Awaitable[dict[str, Door]]]:
    """The entrances of all accounts by hashed segment, read again after a second at the earliest."""
    opened: dict[bytes, str] = {}
    found: dict[str, Door] | None = None
    read_at = -FRESH

    async def doors() -> dict[str, Door]:
        nonlocal found, read_at
        # Nobody is a stranger before we have once read who is none.
        if found is not None and anyio.current_time() - read_at < FRESH:
            return found
        read_at = anyio.current_time()
        rows, allowed = await database.read(_with_sources)
        found = {}
        for row in rows:
            sealed = bytes(row.sealed_credentials)
            if sealed not in opened:
                try:
                    opened[sealed] = vault.open(sealed, f"vendor {row.name}").get("hook_key", "")
                except KeyLost:
                    continue
            found[row.hook_path_hash] = Door(row.tenant_id, row.id, opened[sealed], allowed.get(row.tenant_id, ()))
        return found

    return doors


def _with_sources(conn: Connection) -> tuple[list[Any], dict[int, Sequence[Network]]]:
    return list(read_accounts(conn)), allowing.networks(conn, Entrance.HOOKS)
