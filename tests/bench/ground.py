"""Where it is measured: a database of each kind, as durable as in production, with a company in it."""

import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import SecretStr
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from campaigns import accounts, directory, ledger
from campaigns.terms import agree
from campaigns.timing import Timing
from campaigns.words import Mode, Wanted
from dialer import migrations
from dialer.database import Database, clock, open_database
from dialer.settings import Settings
from dialer.vault import Vault, open_vault, path_hash
from tests import postgres

# Everything is written through to the disk, as the server comes; only the room that a usual machine gives it is more.
DURABLE = ("-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB", "-c", "max_connections=60")
TIMING = Timing()
HOOK_PATH, HOOK_KEY = "an-unguessable-segment", "the-hook-key"
WIDE_OPEN = "10000"


@dataclass(frozen=True, slots=True)
class Ground:
    """A database, and the one company in it: tenant 1 with vendor account 1."""

    kind: str
    version: str
    settings: Settings
    database: Database
    vault: Vault

    @property
    def embedded(self) -> bool:
        return self.kind == "sqlite"

    async def raw(self) -> asyncpg.Connection:
        """A connection of the bare library; PostgreSQL only."""
        plain = make_url(self.settings.url).set(drivername="postgresql")
        return await asyncpg.connect(plain.render_as_string(hide_password=False), server_settings={"jit": "off"})

    def file(self) -> sqlite3.Connection:
        """A connection of the bare library, with the product's own settings; SQLite only."""
        connection = sqlite3.connect(str(make_url(self.settings.url).database), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    async def account(self, url: str) -> None:
        """The company's vendor account, at this address."""
        await self.database.write(_account, self.vault, url)

    async def campaign(self, code: str, mode: Mode, **terms: str) -> Any:
        """A running campaign with hardly a ceiling, and its first run."""
        return await self.database.write(_campaign, code, mode, terms)


def _account(conn: Connection, vault: Vault, url: str) -> None:
    now = clock(conn)
    tenant = directory.ensure_tenant(conn, now, "default", "Asia/Ho_Chi_Minh")
    secret = {"api_key": "simulator-api-key", "hook_key": HOOK_KEY, "hook_path": HOOK_PATH}
    account = accounts.Account(
        name="vendor",
        kind="tel4vn",
        url=url,
        sealed_credentials=vault.seal(secret),
        hook_path_hash=path_hash(HOOK_PATH),
        channels=int(WIDE_OPEN),
        reserve=0,
        settings={},
    )
    accounts.keep_account(conn, now, tenant.id, account)


def _campaign(conn: Connection, code: str, mode: Mode, more: dict[str, str]) -> Any:
    now = clock(conn)
    tenant = directory.find_tenant(conn, "default")
    account = accounts.find_account(conn, tenant.id, "vendor")
    terms = {"rulebook": "none", "purpose": "debt_reminder"} | more
    if mode is Mode.AUTOCALL:
        terms = {"queue_code": code, "template": "IVR-1", "concurrent_call": WIDE_OPEN} | terms
    campaign = directory.create_campaign(conn, now, account, code, mode, agree(mode, terms))
    ledger.open_run(conn, now, tenant.id, campaign.id, "bench")
    ledger.command(conn, now, campaign, Wanted.RUNNING, "bench")
    return directory.find_campaign(conn, tenant.id, code)


@asynccontextmanager
async def standing(url: str, folder: Path) -> AsyncIterator[Ground]:
    """The database behind a URL, migrated and with the company in it."""
    key = SecretStr(secrets.token_urlsafe(32))
    settings = Settings(data_dir=folder, database_url=url, secret_key=key, log_level="ERROR", stop_grace=0)
    database = open_database(url)
    try:
        await migrations.upgrade_any(url, database)
        kind = make_url(url).get_backend_name()
        version = await database.read(_version)
        ground = Ground(kind, version, settings, database, open_vault(settings))
        await ground.account("http://127.0.0.1:9")
        yield ground
    finally:
        await database.close()


def _version(conn: Connection) -> str:
    return ".".join(str(part) for part in conn.dialect.server_version_info or ())


@asynccontextmanager
async def fresh(server: postgres.Server | None, name: str) -> AsyncIterator[Ground]:
    """A new database: of this server, or else a file."""
    folder = Path(tempfile.mkdtemp(prefix="dialer-bench-"))
    try:
        url = f"sqlite:///{folder / 'dialer.db'}" if server is None else await _created(server, name)
        async with standing(url, folder) as ground:
            yield ground
        if server is not None:
            await _tell(server, f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _created(server: postgres.Server, name: str) -> str:
    await _tell(server, f'CREATE DATABASE "{name}"')
    return server.of(name)


async def _tell(server: postgres.Server, statement: str) -> None:
    plain = make_url(server.of(server.url.database or "postgres")).set(drivername="postgresql")
    connection = await asyncpg.connect(plain.render_as_string(hide_password=False))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def durable_server() -> Iterator[postgres.Server]:
    """A PostgreSQL that keeps what it acknowledged. Raises `postgres.Unavailable`."""
    with postgres.serving(DURABLE) as server:
        yield server
