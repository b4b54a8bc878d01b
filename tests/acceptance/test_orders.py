"""A CRM orders a call over HTTP and is told what came of it: posts in order, verified as docs/events.md shows it."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from architecture import events_page
from sqlalchemy import Connection

from campaigns import clients
from campaigns.words import CallState, Mode, Right
from dialer.database import clock
from dialer.simulator import Simulator
from dialer.tokens import hashed
from tests.acceptance.floor import Floor, calm, phones

pytestmark = pytest.mark.anyio
SECRET = "a secret for tests"
STEPS = [f"call.{state}" for state in CallState]


class Crm:
    """Orders calls, and keeps what is posted to it."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self._address = address
        self._session = session
        self.url = ""
        self.posts: list[tuple[dict[str, str], bytes, Any]] = []

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.posts.append((headers, await request.read(), await request.json()))
        return web.Response(status=204)

    async def token(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": "c_test", "client_secret": SECRET}
        async with self._session.post(f"{self._address}/oauth/token", data=form) as answer:
            self._session.headers["Authorization"] = f"Bearer {(await answer.json())['access_token']}"

    async def ask(self, path: str, body: Any, key: str = "") -> Any:
        async with self._session.post(self._address + path, json=body, headers={"Idempotency-Key": key}) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def order(self, phone: str) -> str:
        body = {"campaign": "A", "customer": {"phone": phone}, "callback_url": self.url + "/of-mine"}
        return str((await self.ask("/v1/calls", body, phone))["id"])

    def told_of(self, order: str) -> list[str]:
        return [event["type"] for _, _, event in self.posts if event["data"]["order"] == order]


def _client(conn: Connection) -> None:
    clients.add(conn, clock(conn), 1, "crm", "c_test", hashed(SECRET), (Right.ADMIN,))


async def test_whoever_orders_a_call_is_told_what_came_of_it_signed_and_in_order(tmp_path: Path) -> None:
    async with Simulator(calm()) as simulator:
        floor = Floor(tmp_path, simulator, egress_allow="127.0.0.0/8")
        await floor.open()
        await floor.campaign("A", Mode.AUTOCALL, phones(1))
        await floor.database.write(_client)
        await floor.suppress("+84900000099")
        async with floor.engine() as address, aiohttp.ClientSession() as session:
            crm, app = Crm(address, session), web.Application()
            app.router.add_post("/of-mine", crm.take)
            async with TestServer(app) as server:
                crm.url = str(server.make_url("")).rstrip("/")
                await _tell(floor, crm)
        await floor.database.close()


async def _tell(floor: Floor, crm: Crm) -> None:
    await crm.token()
    secret = (await crm.ask("/v1/webhooks/per-call/rotate", {"overlap_hours": 0}))["secret"]
    called, forbidden = await crm.order("0900000098"), await crm.order("0900000099")

    async def told() -> bool:
        return "call.settled" in crm.told_of(called) and "order.ended" in crm.told_of(forbidden)

    await floor.until(told)
    steps = [STEPS.index(kind) for kind in crm.told_of(called)]
    assert steps == sorted(steps)
    assert crm.told_of(called)[0] == "call.placed"
    assert crm.told_of(forbidden) == ["order.ended"]
    shown: dict[str, Any] = {}
    exec(events_page.PAGE.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0], shown)
    assert all(shown["genuine"](headers, body, secret) for headers, body, _ in crm.posts)
