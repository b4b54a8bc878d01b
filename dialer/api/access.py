"""Who asks: the token is verified, and its client looked up, so that a revoked one is out at once.

The keys of all tenants and the clients of the last second are remembered; nothing else is, so any worker can answer
any request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import anyio
from aiohttp import web
from joserfc.jwk import OKPKey
from sqlalchemy import Connection

from campaigns import allowing, clients
from campaigns.allowing import Network
from campaigns.words import Entrance, Right
from dialer.api.problems import Problem, Refused
from dialer.database import Database, clock
from dialer.sources import address_of
from dialer.tokens import LIVES, BadToken, Claims, key_name, verified

FRESH = 1.0
"""Seconds for which a client that was found is believed to be one still."""
KEYS_FRESH = 60.0
LOOKS_A_SECOND = 20
"""A tenant's first key is found at once, and who invents keys does not keep the database busy."""
REMEMBERED = 1000
Known = tuple[Any, datetime, Sequence[Network]]


@dataclass(frozen=True, slots=True)
class Visitor:
    """A client that was let in, and what its token allows it of what it may do."""

    client: Any
    rights: frozenset[Right]

    @property
    def actor(self) -> str:
        return f"client {self.client.name}"


class Access:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: dict[str, tuple[int, OKPKey]] = {}
        self._keys_at = -KEYS_FRESH
        self._looks = (0, 0)
        self._looking = anyio.Lock()
        self._clients: dict[str, tuple[float, Known]] = {}
        self._asking: dict[str, anyio.Lock] = {}

    async def admit(self, request: web.Request) -> Visitor:
        """The client whose token came along. Raises `Refused`."""
        token = _bearer(request)
        try:
            await self._know(key_name(token))
            # Its own word for who it is only tells whom to look up; nobody is let in by it.
            claims = verified(token, self._keys, await self._now())
        except BadToken:
            raise _stranger("invalid_token") from None
        return Visitor(*await self._look_up(claims, address_of(request)))

    async def _know(self, kid: str) -> None:
        """Read the keys anew where this one is not among them, or they are old."""
        if self._knows(kid):
            return
        # Who comes while somebody looks waits for what he finds.
        async with self._looking:
            if not self._knows(kid):
                await self._look()

    def _knows(self, kid: str) -> bool:
        return kid in self._keys and anyio.current_time() - self._keys_at < KEYS_FRESH

    async def _look(self) -> None:
        second, looks = self._looks
        now = anyio.current_time()
        if int(now) == second and looks >= LOOKS_A_SECOND:
            return
        self._looks = (int(now), looks + 1 if int(now) == second else 1)
        rows = await self._database.read(_read_keys)
        self._keys = {row.kid: (row.tenant_id, OKPKey.import_key(row.public_jwk)) for row in rows}
        self._keys_at = anyio.current_time()

    async def _now(self) -> datetime:
        """The database's clock, a second old at most and gone on since then by ours."""
        return (await self._client(""))[1]

    async def _look_up(self, claims: Claims, address: str) -> tuple[Any, frozenset[Right]]:
        client, _, allowed = await self._client(claims.client_id)
        if client is None or client.tenant_id != claims.tenant_id:
            raise _stranger("invalid_token")
        if not allowing.lets_in(allowed, address):
            raise Refused(Problem.FORBIDDEN, "The company lets nobody in from this address.")
        return client, claims.rights & clients.rights_of(client)

    async def _client(self, client_id: str) -> Known:
        """The client, the database's clock when it was read, and from where its company lets it in."""
        if (known := self._remembered(client_id)) is not None:
            return known
        # Of many requests of a busy client one asks, and the others hear what it heard.
        async with self._asking.setdefault(client_id, anyio.Lock()):
            return self._remembered(client_id) or await self._read(client_id)

    def _remembered(self, client_id: str) -> Known | None:
        found = self._clients.get(client_id)
        return found[1] if found is not None and anyio.current_time() - found[0] < FRESH else None

    async def _read(self, client_id: str) -> Known:
        known = await self._database.read(_read_client, client_id)
        if len(self._clients) >= REMEMBERED:
            self._clients.clear()
            self._asking.clear()
        self._clients[client_id] = (anyio.current_time(), known)
        return known


def _read_keys(conn: Connection) -> list[Any]:
    return clients.verifying_keys(conn, clock(conn) - LIVES)


def _read_client(conn: Connection, client_id: str) -> Known:
    client = clients.find(conn, client_id) if client_id else None
    allowed = allowing.networks(conn, Entrance.API, client.tenant_id) if client is not None else {}
    return client, clock(conn), next(iter(allowed.values()), ())


def _bearer(request: web.Request) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise _stranger()
    return token.strip()


def _stranger(error: str | None = None) -> Refused:
    told = 'Bearer realm="dialer"' + (f', error="{error}"' if error else "")
    return Refused(Problem.UNAUTHORIZED, headers=[("WWW-Authenticate", told)])


def require(visitor: Visitor, rights: tuple[Right, ...]) -> None:
    """Let nobody on who has none of these rights. Raises `Refused`."""
    if not visitor.rights & {*rights, Right.ADMIN}:
        told = f'Bearer realm="dialer", error="insufficient_scope", scope="{" ".join(rights)}"'
        detail = f"It needs {' or '.join(rights)}."
        raise Refused(Problem.FORBIDDEN, detail, headers=[("WWW-Authenticate", told)])
