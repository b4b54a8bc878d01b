"""The webhook server: verify, store the receipt, acknowledge. What a hook means is settled later.

A hook's address ends in a segment that nobody can guess; it names the vendor account. Where the settings ask for it,
the account's key must come too, as `Authorization: Bearer` or as `x-api-key` (how TEL4VN sends it is undocumented).
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from campaigns import receipts
from campaigns.allowing import Network, lets_in
from campaigns.receipts import Delivery
from dialer.database import DATABASE_ERRORS, Database, clock
from dialer.intake import Intake, NotWritten
from dialer.logs import log
from dialer.metrics import Asked, Metrics, timed
from dialer.settings import Settings
from dialer.sources import address_of
from dialer.vault import path_hash

LARGEST_HOOK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Door:
    """One account's entrance: which account, and the key that its hooks carry."""

    tenant_id: int
    account_id: int
    key: str
    allowed: Sequence[Network] = ()
    """From where its hooks may come; none: from everywhere."""


Doors = Callable[[], Any]


class Webhooks:
    """The routes of one server. `doors` answers with the entrances by hashed path segment."""

    def __init__(
        self, database: Database, settings: Settings, doors: Doors, arrived: Callable[[], None], metrics: Metrics
    ) -> None:
        self._database = database
        self._auth = settings.hook_auth
        self._timing = settings.timing
        self._doors = doors
        self._arrived = arrived
        self._metrics = metrics
        self.intake: Intake[tuple[Door, bytes]] = Intake(self._store)
        metrics.waiting.set_function(lambda: self.intake.waiting)
        self._log = log("webhooks")

    def application(self, ready: Callable[[], Any], middlewares: Sequence[Any] = ()) -> web.Application:
        app = web.Application(client_max_size=LARGEST_HOOK, middlewares=middlewares)
        app.router.add_post("/hooks/{segment}", self.receive)
        app.router.add_get("/healthz", _alive)
        app.router.add_get("/readyz", _readiness(ready))
        app.router.add_get("/metrics", self._scrape)
        return app

    async def receive(self, request: web.Request) -> web.Response:
        """Take one hook in, and count how it went."""
        with timed(self._metrics.intake_seconds):
            answer = await self._take(request)
        self._metrics.hooks.labels(str(answer.status)).inc()
        return answer

    async def _take(self, request: web.Request) -> web.Response:
        """204 once the receipt is durable, 401, 403 or 404 to strangers, 503 where the vendor must come again."""
        try:
            door = (await self._doors()).get(path_hash(request.match_info["segment"]))
        except DATABASE_ERRORS:
            return _come_again()
        if door is None:
            return web.Response(status=404)
        if not self._proven(request, door):
            self._log.warning("hook without its key", account=door.account_id)
            return web.Response(status=401)
        if not lets_in(door.allowed, address_of(request)):
            self._log.warning("hook from an address that is not allowed", account=door.account_id)
            return web.Response(status=403)
        body = await request.read()
        try:
            await self.intake.submit((door, body))
        except NotWritten:
            return _come_again()
        return web.Response(status=204)

    def _proven(self, request: web.Request, door: Door) -> bool:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        plain = request.headers.get("x-api-key", "")
        match self._auth:
            case "bearer":
                return hmac.compare_digest(bearer.encode(), door.key.encode())
            case "x-api-key":
                return hmac.compare_digest(plain.encode(), door.key.encode())
        # The unguessable segment is the proof; a key that comes all the same must be the right one.
        shown = [value for value in (bearer, plain) if value]
        return self._auth == "path" or all(hmac.compare_digest(v.encode(), door.key.encode()) for v in shown)

    async def _scrape(self, _request: web.Request) -> web.Response:
        """Prometheus text format."""
        try:
            asked = await self._database.read(Asked, self._timing)
        except DATABASE_ERRORS:
            # What this process counted by itself is worth most when the database is away.
            asked = None
        page = self._metrics.page(asked, self._database.pool())
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _store(self, batch: Sequence[tuple[Door, bytes]]) -> None:
        await self._database.write(store, batch)
        self._arrived()


def store(conn: Any, batch: Sequence[tuple[Door, bytes]]) -> None:
    now: datetime = clock(conn)
    receipts.store(conn, [Delivery(door.tenant_id, door.account_id, body, now) for door, body in batch])


def _come_again() -> web.Response:
    return web.Response(status=503, headers={"Retry-After": "1"})


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"status": "alive"})


def _readiness(ready: Callable[[], Any]) -> Callable[[web.Request], Any]:
    async def readyz(_request: web.Request) -> web.Response:
        """200 where the database answers and every loop of this role runs; else 503 and what is missing."""
        missing = await ready()
        status = 503 if missing else 200
        return web.json_response({"status": "not ready" if missing else "ready", "missing": missing}, status=status)

    return readyz
