"""Somebody who has a company's events posted to him, and answers as the test says."""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from campaigns.events import deliveries, webhooks
from campaigns.pages import Cut
from campaigns.words import DeliveryState
from database.sealed import VAULT, Evidence, Timed
from dialer import subscribing
from dialer.announcing import DispatchingLoop
from dialer.delivering import DeliveringLoop
from dialer.metrics import Metrics
from dialer.posting import Poster
from dialer.settings import Settings

HERE = Settings(egress_allow="127.0.0.0/8").egress
BLINK = timedelta(hours=2)
"""Longer than any pause between two tries."""


@dataclass
class Post:
    """What came."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return json.loads(self.body)

    def signed_by(self, secret: str) -> bool:
        """By the specification, and not by our own code."""
        told = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        good = "v1," + base64.b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode()
        return good in self.headers["webhook-signature"].split()


@dataclass
class Receiver:
    """A CRM with one webhook `crm`."""

    of: Evidence
    url: str = ""
    secret: str = ""
    posts: list[Post] = field(default_factory=list)
    answer: Callable[[Any], web.Response] = lambda _event: web.Response(status=204)
    metrics: Metrics = field(default_factory=Metrics)
    came: threading.Event = field(default_factory=threading.Event)
    """Set when something was posted."""
    go: asyncio.Event | None = None
    """While there is one, nothing is answered before it is set."""

    def __post_init__(self) -> None:
        database = Timed(self.of.desk, self.of)
        self.dispatching = DispatchingLoop(database)
        self.poster = Poster(HERE)
        self.delivering = DeliveringLoop(database, VAULT, self.poster, self.metrics)

    async def take(self, request: web.Request) -> web.Response:
        post = Post({name.lower(): value for name, value in request.headers.items()}, await request.read())
        self.posts.append(post)
        self.came.set()
        if self.go is not None:
            await self.go.wait()
        return self.answer(post.event)

    def subscribe(self, *events: str, name: str = "crm", path: str = "/events") -> str:
        asked = (name, self.url + path, list(events) or ["*"], VAULT, HERE)
        secret: str = self.of.run(lambda conn: subscribing.add(conn, self.of.now, self.of.of.tenant_id, *asked))
        return secret

    def happen(self, count: int = 1) -> None:
        """So many more calls, later than all before them, and their deliveries."""
        self.of.later(seconds=1)
        self.of.happen(count)
        self.dispatch()

    def dispatch(self) -> None:
        """What happened becomes deliveries."""

        async def all_of_it() -> None:
            while await self.dispatching.step(self.of.now):
                pass

        self.of.desk.portal.call(all_of_it)

    def deliver(self) -> None:
        """Until nothing is due any more."""

        async def all_of_it() -> None:
            while await self.delivering.step(self.of.now):
                pass

        self.of.desk.portal.call(all_of_it)

    def listed(self, state: DeliveryState | None = None) -> list[Any]:
        """The oldest first."""
        cut = Cut(1000, "id")
        return [*self.of.run(lambda conn: deliveries.read_deliveries(conn, self.of.of.tenant_id, cut, state)).rows]

    def webhook(self, name: str = "crm") -> Any:
        return self.of.run(webhooks.find, self.of.of.tenant_id, name)


@contextmanager
def receiving(of: Evidence) -> Iterator[Receiver]:
    one = Receiver(of)
    app = web.Application()
    app.router.add_post("/{rest:.*}", one.take)
    server = TestServer(app)
    of.desk.portal.call(server.start_server)
    one.url = str(server.make_url("")).rstrip("/")
    try:
        yield one
    finally:
        for webhook in of.run(webhooks.list_webhooks, of.of.tenant_id):
            of.run(lambda conn, name=webhook.name: webhooks.remove(conn, of.now, of.of.tenant_id, name))
        of.desk.portal.call(one.poster.aclose)
        of.desk.portal.call(server.close)
