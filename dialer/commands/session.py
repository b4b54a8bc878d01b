"""Where a command works: the settings read, the database open and up to date, one transaction, and who asks."""

import getpass
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import anyio
from pydantic import ValidationError
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from campaigns import directory
from campaigns.directory import NotFound
from dialer import logs
from dialer.commands.record import Record
from dialer.database import Database, clock, hold_still, open_database
from dialer.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
DEFAULT_TENANT = "default"


class BadSetting(Exception):
    """A `DIALER_…` variable cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command's work is given inside its transaction."""

    conn: Connection
    now: datetime
    tenant: Any
    actor: str
    settings: Settings


Work = Callable[Concatenate[Desk, P], T]


@dataclass(frozen=True, slots=True)
class Session:
    """An open database, and the tenant for whom the command speaks."""

    settings: Settings
    database: Database
    tenant: str
    record: Record = field(default_factory=Record)

    async def write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do this in a writing transaction. What was typed is kept with the first one of a command."""
        return await self.database.write(self._written, lambda desk: work(desk, *args, **kwargs))

    def _written(self, conn: Connection, work: Callable[[Desk], T]) -> T:
        desk = self._desk(conn)
        done = work(desk)
        self.record.keep(conn, desk.now, desk.tenant.id, desk.actor)
        return done

    async def read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.database.read(lambda conn: work(self._desk(conn), *args, **kwargs))

    async def survey(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read in several statements that see one moment."""

        def still(conn: Connection) -> T:
            hold_still(conn)
            return work(self._desk(conn), *args, **kwargs)

        return await self.database.read(still)

    def _desk(self, conn: Connection) -> Desk:
        return Desk(conn, clock(conn), directory.find_tenant(conn, self.tenant), actor(), self.settings)


def read_settings() -> Settings:
    """The settings from the environment and `.env`. Raises `BadSetting`."""
    try:
        return Settings()
    except ValidationError as error:
        faults = (f"DIALER_{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
        raise BadSetting("; ".join(faults)) from None


def actor() -> str:
    """Who types: the operating system's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have a number and no name.
        return f"uid {os.getuid()}"


@asynccontextmanager
async def opened(tenant: str | None, founding: bool = False) -> AsyncIterator[Session]:
    """The database, brought to this version's schema where it is the embedded one. `founding`: a tenant that is not
    there is made. Raises `Outdated`, `NotFound`, `BadSetting`."""
    settings = read_settings()
    # What went wrong is said once, by the command itself.
    logs.configure("CRITICAL", settings.log_format)
    database = open_settled(settings)
    try:
        await _bring_up_to_date(settings, database)
        session = Session(settings, database, tenant or settings.tenant)
        await _meet(session, founding)
        yield session
    finally:
        await database.close()


def open_settled(settings: Settings) -> Database:
    """The database that the settings name. Raises `BadSetting`."""
    try:
        return open_database(settings.url)
    except (ArgumentError, ImportError):
        raise BadSetting("DIALER_DATABASE_URL must be sqlite:///FILE or postgresql+asyncpg://…") from None


async def _bring_up_to_date(settings: Settings, database: Database) -> None:
    from dialer import migrations

    if make_url(settings.url).get_backend_name() == "sqlite":
        await migrations.upgrade_any(settings.url, database)
    else:
        await database.read(migrations.require_head)


async def _meet(session: Session, founding: bool) -> None:
    """See to it that the tenant is there: the default one always is, others are founded by what they own first."""
    try:
        await session.database.read(directory.find_tenant, session.tenant)
    except NotFound:
        if session.tenant != DEFAULT_TENANT:
            if not founding:
                raise
            print(f"tenant {session.tenant} is new", file=sys.stderr)
        await session.database.write(_found, session.tenant, session.settings.zone)


def _found(conn: Connection, code: str, zone: str) -> None:
    directory.ensure_tenant(conn, clock(conn), code, zone)


def change(tenant: str | None, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do this in one writing transaction."""

    async def run() -> T:
        async with opened(tenant) as session:
            return await session.write(work, *args, **kwargs)

    return anyio.run(run)


def look(tenant: str | None, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do this in one reading transaction."""

    async def run() -> T:
        async with opened(tenant) as session:
            return await session.read(work, *args, **kwargs)

    return anyio.run(run)
