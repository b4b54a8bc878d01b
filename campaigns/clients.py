"""Clients of the API: who may ask, for which tenant and what; the keys that sign their tokens; how much they may ask.

Secrets and private keys come hashed and sealed: nothing here could show one.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select, update

from campaigns.directory import Taken, checked_code, missing
from campaigns.models import Allowance, Client, SigningKey, Tenant
from campaigns.rows import columns_of, ignoring, table
from campaigns.words import Right

ALLOWANCE = columns_of(Allowance)
CLIENT = columns_of(Client)
KEY = columns_of(SigningKey)
MINUTE = timedelta(minutes=1)
LARGEST_SHARE = 20
"""So many requests a web worker may answer before it asks again how many are left."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many requests a web worker may answer for a client until `ends_at`; `left` are for others, or for later."""

    granted: int
    left: int
    ends_at: datetime


def add(
    conn: Connection,
    now: datetime,
    tenant_id: int,
    name: str,
    client_id: str,
    secret_hash: str,
    scopes: Collection[Right],
) -> None:
    """A new client. Raises `BadCode`, and `Taken` where one of this name is not revoked."""
    row = {
        "tenant_id": tenant_id,
        "name": checked_code(name, "client"),
        "client_id": client_id,
        "secret_hash": secret_hash,
        "scopes": sorted(scopes),
        "created_at": now,
    }
    if conn.execute(ignoring(conn, Client).values(row)).rowcount == 0:
        raise Taken(f"there is a client {name} already: revoke it first with `dialer client revoke {name}`")


def list_clients(conn: Connection, tenant_id: int) -> list[Any]:
    """All clients of a tenant, also those that were revoked."""
    return list(conn.execute(select(table(Client)).where(CLIENT.tenant_id == tenant_id).order_by(CLIENT.id)))


def revoke(conn: Connection, now: datetime, tenant_id: int, name: str) -> Any:
    """End a client, and with it every token of it; its row as it is now. Raises `NotFound`."""
    standing = (CLIENT.tenant_id == tenant_id, CLIENT.revoked_at.is_(None))
    ended = update(table(Client)).where(*standing, CLIENT.name == name).values(revoked_at=now).returning(CLIENT.id)
    found = conn.execute(ended).first()
    if found is None:
        names = conn.scalars(select(CLIENT.name).where(*standing))
        raise missing("client", name, names, "make one with `dialer client add`")
    return conn.execute(select(table(Client)).where(CLIENT.id == found.id)).one()


def find(conn: Connection, client_id: str) -> Any | None:
    """A client that was not revoked, with the code of its tenant, by the name under which it asks for tokens."""
    tenant = columns_of(Tenant)
    joined = table(Client).join(table(Tenant), CLIENT.tenant_id == tenant.id)
    chosen = select(table(Client), tenant.code.label("tenant")).select_from(joined)
    return conn.execute(chosen.where(CLIENT.client_id == client_id, CLIENT.revoked_at.is_(None))).first()


def keep_key(conn: Connection, now: datetime, tenant_id: int, kid: str, sealed: bytes, jwk: Mapping[str, Any]) -> None:
    """Make this the key that signs the tenant's tokens, unless another one does already."""
    row = {"tenant_id": tenant_id, "kid": kid, "sealed_key": sealed, "public_jwk": dict(jwk), "created_at": now}
    conn.execute(ignoring(conn, SigningKey).values(row))


def retire_key(conn: Connection, now: datetime, tenant_id: int) -> None:
    """Nothing is signed any more with the key that signed so far; what it signed stays good until it ends."""
    standing = (KEY.tenant_id == tenant_id, KEY.retired_at.is_(None))
    conn.execute(update(table(SigningKey)).where(*standing).values(retired_at=now))


def signing_key(conn: Connection, tenant_id: int) -> Any | None:
    """The key that signs the tenant's tokens now."""
    standing = (KEY.tenant_id == tenant_id, KEY.retired_at.is_(None))
    return conn.execute(select(table(SigningKey)).where(*standing)).first()


def verifying_keys(conn: Connection, retired_since: datetime) -> list[Any]:
    """The keys of all tenants by which a token may still be verified, without their private parts."""
    good = or_(KEY.retired_at.is_(None), KEY.retired_at > retired_since)
    return list(conn.execute(select(KEY.kid, KEY.tenant_id, KEY.public_jwk).where(good).order_by(KEY.id)))


def take_share(conn: Connection, now: datetime, client: Any, limit: int) -> Share:
    """A share of what a client may ask in this minute of the database's clock, for one web worker.

    Shares get smaller with what is left, so that workers never grant more than the limit together, and hardly less.
    """
    minute = now.replace(second=0, microsecond=0)
    mine = (ALLOWANCE.tenant_id == client.tenant_id, ALLOWANCE.client_id == client.id)
    first = {"tenant_id": client.tenant_id, "client_id": client.id, "minute": minute, "spent": 0}
    conn.execute(ignoring(conn, Allowance).values(first))
    row = conn.execute(select(table(Allowance)).where(*mine).with_for_update()).one()
    # A worker whose clock was read a moment earlier must not open a minute that is over.
    spent, minute = (row.spent, row.minute) if row.minute >= minute else (0, minute)
    left = max(limit - spent, 0)
    granted = min(left, max(1, min(LARGEST_SHARE, left // 10)))
    taken = update(table(Allowance)).where(*mine)
    conn.execute(taken.values(minute=minute, spent=spent + granted))
    return Share(granted, left - granted, minute + MINUTE)


def rights_of(client: Any) -> frozenset[Right]:
    """What a client may do, of the words that are known today."""
    return frozenset(_known(client.scopes))


def _known(scopes: Iterable[str]) -> Iterable[Right]:
    known = {right.value: right for right in Right}
    return (known[scope] for scope in scopes if scope in known)
