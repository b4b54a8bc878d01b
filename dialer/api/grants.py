"""`POST /oauth/token`: a client's id and secret become a short token (RFC 6749, section 4.4); and our public keys."""

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import anyio
import anyio.to_thread
from aiohttp import web
from anyio import CapacityLimiter
from sqlalchemy import Connection

from campaigns import clients
from campaigns.words import Right
from dialer.api import bodies
from dialer.api.guessing import Guesses
from dialer.api.limits import Limits
from dialer.api.peers import Peers
from dialer.api.problems import Problem, Refused
from dialer.database import Database, clock
from dialer.tokens import LIVES, ensure_key, matches, signed
from dialer.vault import Vault

AT_ONCE = 2
WAITING_ROOM = 50
"""So many secrets wait to be compared at most: each takes tens of milliseconds, and strangers may send them, too."""


class Grants:
    def __init__(self, database: Database, vault: Vault, limits: Limits, peers: Peers) -> None:
        self._database = database
        self._vault = vault
        self._limits = limits
        self._peers = peers
        self._guesses = Guesses()
        self._comparing = CapacityLimiter(AT_ONCE)

    async def token(self, request: web.Request) -> web.Response:
        """A token, or an error as RFC 6749 section 5.2 has it."""
        try:
            form = await _form(request)
            client_id, secret = _credentials(request, form)
            return await self._granted(form, client_id, secret, self._peers.of(request).address)
        except Refused as refused:
            return _of(refused)

    async def _granted(self, form: dict[str, str], client_id: str, secret: str, address: str) -> web.Response:
        if (grant := form.get("grant_type")) != "client_credentials":
            return _error(400, "unsupported_grant_type" if grant else "invalid_request")
        if wait := self._guesses.wait(client_id, address):
            raise Refused(Problem.TOO_MANY_REQUESTS, headers=[("Retry-After", str(wait))])
        client = await self._proven(client_id, secret)
        if client is None:
            self._guesses.failed(client_id, address)
            return _error(401, "invalid_client", [("WWW-Authenticate", 'Basic realm="dialer"')])
        left = await self._limits.spend(client)
        rights = _asked(form, client)
        if not rights:
            return _error(400, "invalid_scope")
        told = {
            "access_token": await self._database.write(self._sign, client, rights),
            "token_type": "Bearer",
            "expires_in": int(LIVES.total_seconds()),
            "scope": " ".join(sorted(rights)),
        }
        return web.json_response(told, headers={"Pragma": "no-cache", **dict(left)})

    async def keys(self, _request: web.Request) -> web.Response:
        """The public keys of RFC 7517 by which our tokens are verified."""
        rows = await self._database.read(_keys)
        return web.json_response({"keys": [row.public_jwk for row in rows]})

    async def _proven(self, client_id: str, secret: str) -> Any | None:
        if self._comparing.statistics().tasks_waiting >= WAITING_ROOM:
            raise Refused(Problem.UNAVAILABLE, headers=[("Retry-After", "5")])
        client = await self._database.read(clients.find, client_id) if bodies.storable(client_id) else None
        kept = client.secret_hash if client is not None else None
        known = await anyio.to_thread.run_sync(matches, kept, secret, limiter=self._comparing)
        return client if known else None

    def _sign(self, conn: Connection, client: Any, rights: frozenset[Right]) -> str:
        now: datetime = clock(conn)
        return signed(ensure_key(conn, now, client.tenant_id, self._vault), now, client.client_id, rights)


def _keys(conn: Connection) -> list[Any]:
    return clients.verifying_keys(conn, clock(conn) - LIVES)


async def _form(request: web.Request) -> dict[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refused(Problem.MALFORMED, "A token is asked for by a form.")
    try:
        pairs = parse_qsl((await bodies.read(request)).decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise Refused(Problem.MALFORMED, "It is not a form.") from None
    if len(dict(pairs)) < len(pairs):
        raise Refused(Problem.MALFORMED, "A field stands there twice.")
    return dict(pairs)


def _credentials(request: web.Request, form: dict[str, str]) -> tuple[str, str]:
    """Of HTTP Basic, or else of the form; never of both. Raises `Refused`."""
    kind, _, told = request.headers.get("Authorization", "").partition(" ")
    if not kind:
        return form.get("client_id", ""), form.get("client_secret", "")
    if "client_secret" in form:
        raise Refused(Problem.MALFORMED, "A client proves itself in one way.")
    try:
        plain = base64.b64decode(told if kind.lower() == "basic" else "", validate=True).decode()
    except ValueError:
        return "", ""
    client_id, _, secret = plain.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _asked(form: dict[str, str], client: Any) -> frozenset[Right]:
    """All that the client may, or what it asks for; nothing, where it asks for more."""
    rights = clients.rights_of(client)
    asked = set(form.get("scope", "").split())
    if not asked:
        return rights
    return frozenset(right for right in rights if right in asked) if asked <= rights else frozenset()


def _of(refused: Refused) -> web.Response:
    """What was refused, in the words of RFC 6749."""
    error = "invalid_request" if refused.status in (400, 408, 413) else "temporarily_unavailable"
    return _error(refused.status, error, refused.headers, refused.detail)


def _error(
    status: int, error: str, headers: Iterable[tuple[str, str]] = (), description: str | None = None
) -> web.Response:
    told = {"error": error} | ({"error_description": description} if description else {})
    return web.json_response(told, status=status, headers=dict(headers))
