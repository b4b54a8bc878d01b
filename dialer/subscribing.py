"""Webhooks as the command line and the API make them: an address that may be posted to, and a secret of its own."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from campaigns.events import webhooks
from campaigns.terms import BadTerms
from dialer.egress import Forbidden, Network, checked
from dialer.signing import spelled
from dialer.vault import KeyLost, Vault

KEY_BYTES = 32
OVERLAP = timedelta(hours=24)
"""For so long the old secret signs beside the new one."""


def add(
    conn: Connection,
    now: datetime,
    tenant_id: int,
    name: str,
    url: str,
    events: list[str],
    vault: Vault,
    allowed: tuple[Network, ...],
) -> str:
    """A new webhook; its secret, which is shown this once. Raises `BadTerms`, `BadCode`, `Taken`."""
    _may_be_told(url, allowed, "url")
    secret = new_secret()
    webhooks.add(conn, now, tenant_id, name, url, events, vault.seal(_kept(secret)))
    return secret


def for_order(
    conn: Connection, now: datetime, tenant_id: int, url: str | None, vault: Vault, allowed: tuple[Network, ...]
) -> None:
    """Before an order is taken: its events can go to this address, if it names one. Raises `BadTerms`."""
    if url is not None:
        _may_be_told(url, allowed, "callback_url")
        for_calls(conn, now, tenant_id, vault)


def _may_be_told(url: str, allowed: tuple[Network, ...], field: str) -> None:
    try:
        checked(url, allowed)
    except Forbidden as error:
        raise BadTerms(field, str(error)) from None


def for_calls(conn: Connection, now: datetime, tenant_id: int, vault: Vault) -> Any:
    """The webhook by which events of single calls go to whoever ordered them. Nobody has seen its secret before it is
    rotated."""
    return webhooks.ensure_per_call(conn, now, tenant_id, lambda: vault.seal(_kept(new_secret())))


def rotate(conn: Connection, now: datetime, tenant_id: int, name: str, vault: Vault, overlap: timedelta) -> str:
    """Another secret, shown this once. The one so far signs beside it until the overlap is over. Raises `NotFound`."""
    if name == webhooks.PER_CALL:
        for_calls(conn, now, tenant_id, vault)
    webhook = webhooks.find(conn, tenant_id, name)
    secret = new_secret()
    before = [{"secret": one, "until": (now + overlap).isoformat()} for one in _current(vault, webhook, overlap)]
    webhooks.reseal(conn, webhook, vault.seal(_kept(secret) | {"before": before}))
    return secret


def _current(vault: Vault, webhook: Any, overlap: timedelta) -> list[str]:
    """The secret so far, if it is to sign any longer. One that cannot be opened has signed nothing for a while."""
    try:
        return [vault.open(webhook.sealed_secrets, _named(webhook))["secret"]] if overlap else []
    except KeyLost:
        return []


def signing_secrets(vault: Vault, webhook: Any, now: datetime) -> list[str]:
    """The secrets that sign at this moment, the newest first. Raises `KeyLost`."""
    kept: Mapping[str, Any] = vault.open(webhook.sealed_secrets, _named(webhook))
    good = [one["secret"] for one in kept["before"] if datetime.fromisoformat(one["until"]) > now]
    return [kept["secret"], *good]


def new_secret() -> str:
    return spelled(secrets.token_bytes(KEY_BYTES))


def _kept(secret: str) -> dict[str, Any]:
    return {"secret": secret, "before": []}


def _named(webhook: Any) -> str:
    return f"webhook {webhook.name}"
