"""What is asked of a vendor on somebody's word: how things stand there, and that our hooks be taken off.

The command line asks at once, the API by a job; both by these functions only.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from dialer.gateways import Findings, Gateway
from dialer.vault import Vault
from dialer.vendors import open_gateway

WHERE_SERVE_IS = "http://127.0.0.1:8780"


def hook_url(public_url: str, segment: str) -> str:
    """Where an account's hooks arrive."""
    return f"{public_url.rstrip('/')}/hooks/{segment}"


async def findings(
    vault: Vault, account: Any, users: Mapping[str, str], now: datetime, public_url: str | None
) -> Findings:
    """Log in and look around. `users` by extension. Raises `KeyLost`, `Misconfigured`."""
    async with _speaking(vault, account) as (gateway, secret):
        return await gateway.check(_hooks_at(secret, public_url), dict(users), now)


async def take_hooks_off(vault: Vault, account: Any, public_url: str | None) -> list[str]:
    """Take our hooks off at the vendor, nobody else's; the names of their events. Raises `GatewayError`, `KeyLost`."""
    async with _speaking(vault, account) as (gateway, secret):
        return list(await gateway.remove_hooks(_hooks_at(secret, public_url)))


@asynccontextmanager
async def _speaking(vault: Vault, account: Any) -> AsyncIterator[tuple[Gateway, dict[str, str]]]:
    secret = vault.open(account.sealed_credentials, f"vendor {account.name}")
    gateway = open_gateway(account.kind, account.url, secret, account.settings)
    try:
        yield gateway, secret
    finally:
        await gateway.aclose()


def _hooks_at(secret: Mapping[str, str], public_url: str | None) -> str:
    return hook_url(public_url or WHERE_SERVE_IS, secret["hook_path"])


def as_data(found: Findings) -> dict[str, Any]:
    """Findings, as programs read them."""
    return {
        "logged_in": found.logged_in,
        "hooks": dict(found.hooks),
        "extensions": dict(found.extensions),
        "clock_skew_seconds": found.clock_skew.total_seconds() if found.clock_skew is not None else None,
        "cdr_mapping": found.cdr_mapping,
        "remarks": list(found.remarks),
    }
