"""The vendor accounts of this process: which gateway speaks for which account. The only place that picks a vendor."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import anyio
from sqlalchemy import Connection, select

from campaigns import ledger
from campaigns.models import Agent, VendorAccount
from campaigns.rows import columns_of, table
from dialer.database import Database, clock
from dialer.gateways import Gateway, Hook, Malformed, Misconfigured
from dialer.logs import log
from dialer.metrics import Metrics
from dialer.vault import KeyLost, Vault

KINDS = ("tel4vn",)
# What an account's row holds for us and not for the gateway.
FRESH = 1.0
"""For so many seconds we go by what we read of the accounts: every step of every loop asks."""
OUR_SECRETS = ("hook_key", "hook_path")
OUR_SETTINGS = ("abandoned_without_extension", "records_name_customers")


class TooFast(Exception):
    """A speed other than 1 is for a simulator on this machine; real people are called in real time."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How one account's hooks are understood."""

    read: Callable[[bytes], Hook | Malformed]
    extensions: frozenset[str]
    abandoned_without_extension: bool
    records_name_customers: bool = True
    """Whether a record without a customer id is certainly not of a call that we ordered."""
    by_list_id: bool = False
    """Whether calls went out under the list's ids instead of references of our own."""

    def known(self, hook: Hook) -> Hook:
        """The hook with its extension only where it is one of our agents': a queue's number looks like one too."""
        foreign = hook.extension is not None and hook.extension not in self.extensions
        return replace(hook, extension=None) if foreign else hook


def own_clock() -> datetime:
    """This machine's."""
    return datetime.now(UTC)  # noqa: TID251 a single command has no other


def open_gateway(
    kind: str,
    url: str,
    credentials: dict[str, Any],
    settings: dict[str, Any],
    now: Callable[[], datetime] = own_clock,
    tell: Callable[[str], object] = str,
) -> Gateway:
    """The gateway of a vendor kind; opens no connection yet. `tell` hears of faults that it gets over by itself.
    Raises `ValueError` for a kind we do not have."""
    if kind not in KINDS:
        raise ValueError(f"no gateway for vendor kind {kind}; there is {', '.join(KINDS)}")
    from dialer.gateways.tel4vn import open_tel4vn

    credentials = {name: value for name, value in credentials.items() if name not in OUR_SECRETS}
    settings = {name: value for name, value in settings.items() if name not in OUR_SETTINGS}
    return open_tel4vn(url, credentials, settings, now, tell)


def is_loopback(url: str) -> bool:
    """Whether an address means this machine; the unspecified one of a server that listens everywhere does too."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        return host == "localhost"


class Vendors:
    """Gateways by account, opened when first needed, replaced when the account's row changes."""

    def __init__(self, database: Database, vault: Vault, speed: float = 1.0) -> None:
        self.metrics = Metrics()
        self._database = database
        self._vault = vault
        self._speed = speed
        self._unusable: dict[int, Any] = {}
        self._open: dict[int, tuple[Any, Gateway]] = {}
        self._accounts: list[Any] = []
        self._extensions: dict[int, frozenset[str]] = {}
        self._read_at = -FRESH
        self._told = own_clock()
        self._stack = AsyncExitStack()
        self._log = log("vendors")

    async def __aenter__(self) -> "Vendors":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def accounts(self) -> list[Any]:
        """The accounts that were not removed."""
        await self._refresh()
        return self._accounts

    async def _refresh(self) -> None:
        if anyio.current_time() - self._read_at >= FRESH:
            self._accounts = await self._database.read(read_accounts)
            self._extensions = await self._database.read(read_extensions)
            self._told = await self._database.read(clock)
            self._read_at = anyio.current_time()

    def now(self) -> datetime:
        """The database's time, by its last word and by how long ago that was: clearances are dated by that clock, and
        this machine's may be another."""
        return self._told + timedelta(seconds=anyio.current_time() - self._read_at)

    async def gateway(self, account_id: int) -> Gateway | None:
        """The account's gateway; None where it was removed, or its secrets cannot be opened."""
        rows = {row.id: row for row in await self.accounts()}
        row = rows.get(account_id)
        return await self._gateway(row) if row is not None else None

    async def _gateway(self, row: Any) -> Gateway | None:
        identity = (row.kind, row.url, bytes(row.sealed_credentials), str(row.settings))
        known = self._open.get(row.id)
        if known is not None and known[0] == identity:
            return known[1]
        if self._speed != 1 and not is_loopback(row.url):
            raise TooFast(f"DIALER_SPEED={self._speed:g} with vendor {row.name}, which is not on this machine")
        try:
            credentials = self._vault.open(row.sealed_credentials, f"vendor {row.name}")
            gateway = open_gateway(row.kind, row.url, credentials, row.settings, self.now, self._hears_of(row.name))
        except (KeyLost, Misconfigured) as error:
            self._complain(row, identity, error)
            return None
        self._stack.push_async_callback(gateway.aclose)
        self._open[row.id] = (identity, gateway)
        return gateway

    def _complain(self, row: Any, identity: Any, error: Exception) -> None:
        """Once for each version of the row: every step of every loop asks for its gateway."""
        if self._unusable.get(row.id) != identity:
            self._unusable[row.id] = identity
            word = "secrets cannot be opened" if isinstance(error, KeyLost) else "vendor account unusable"
            self._log.error(word, vendor=row.name, what_to_do=str(error))

    def _hears_of(self, name: str) -> Callable[[str], None]:
        def hear(fault: str) -> None:
            self._log.warning("vendor fault", vendor=name, fault=fault)
            self.metrics.vendor_faults.labels(name, fault).inc()

        return hear

    async def locked_out(self, account_id: int, detail: str) -> None:
        """The vendor refuses the account's credentials: no campaign of it goes on, and a person is told, once."""
        row = next((row for row in self._accounts if row.id == account_id), None)
        if row is not None and await self._database.write(_shut_out, row, detail):
            self.metrics.vendor_faults.labels(row.name, "log-in-refused").inc()
            told = {"detail": detail, "what_to_do": f"dialer vendor add {row.name}, then resume its campaigns"}
            self._log.error("log-in refused: campaigns paused", vendor=row.name, **told)

    async def admitted(self, account_id: int) -> None:
        """The vendor answered with what only a valid log-in gets."""
        row = next((row for row in self._accounts if row.id == account_id), None)
        # What we read a second ago costs nothing to ask; most accounts are in no trouble.
        if row is not None and row.trouble is not None and await self._database.write(ledger.let_in, account_id):
            self._log.info("log-in works again", vendor=row.name)

    async def readers(self) -> dict[int, Reader]:
        """How to understand each account's hooks."""
        readers = {}
        for row in await self.accounts():
            gateway = await self._gateway(row)
            if gateway is not None:
                abandoned = bool(row.settings.get("abandoned_without_extension", True))
                by_list_id = row.settings.get("customer_reference") == "list-id"
                named = bool(row.settings.get("records_name_customers", True))
                known = self._extensions.get(row.id, frozenset())
                readers[row.id] = Reader(gateway.read, known, abandoned, named, by_list_id)
        return readers


def _shut_out(conn: Connection, row: Any, detail: str) -> bool:
    return ledger.shut_out(conn, clock(conn), row.id, row.sealed_credentials, detail)


def read_accounts(conn: Connection) -> list[Any]:
    columns = columns_of(VendorAccount)
    chosen = select(table(VendorAccount)).where(columns.removed_at.is_(None))
    return list(conn.execute(chosen.order_by(columns.id)))


def read_extensions(conn: Connection) -> dict[int, frozenset[str]]:
    columns = columns_of(Agent)
    found: dict[int, set[str]] = {}
    for account, extension in conn.execute(select(columns.vendor_account_id, columns.extension)):
        found.setdefault(account, set()).add(extension)
    return {account: frozenset(extensions) for account, extensions in found.items()}
