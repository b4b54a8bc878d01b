"""The front door over a real server and a real database of each kind, for companies of their own."""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import founding
import pytest
from aiohttp import ClientSession, encode_basic_auth, web
from aiohttp.test_utils import TestServer
from anyio.from_thread import BlockingPortal
from argon2 import PasswordHasher
from database.conftest import KINDS, clones, database, portal, postgresql, sqlite, template
from databases import Desk
from founding import Company
from pydantic import SecretStr
from sqlalchemy import Connection

from campaigns import clients
from campaigns.words import Right
from dialer.api.server import Api
from dialer.database import clock
from dialer.settings import Settings
from dialer.vault import Vault

__all__ = ["KINDS", "clones", "database", "portal", "postgresql", "sqlite", "template"]
KEY = "a key for tests"
SECRET = "a secret for tests"
HASHED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(SECRET)
"""A hash says what it costs to compare it, and a true one costs a quarter of a second: too much for every test."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def problem(self) -> str:
        """The kind of problem that this is, which must be told as one."""
        assert self.headers["Content-Type"] == "application/problem+json", self.text
        told = self.json
        assert told["status"] == self.status
        assert told["request_id"] == self.headers["X-Request-ID"]
        return str(told["type"]).removeprefix("urn:dialer:problem:")

    @property
    def paths(self) -> list[str]:
        """The fields that could not stand."""
        return [one["path"] for one in self.json["errors"]]


@dataclass
class Door:
    """A server of the API over a database."""

    desk: Desk
    portal: BlockingPortal
    server: TestServer
    session: ClientSession

    def ask(self, verb: str, path: str, token: str | None = None, **told: Any) -> Answer:
        """One request. `told` goes to aiohttp: `json`, `data`, `headers`, `params`."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= told.pop("headers", {})

        async def ask() -> Answer:
            url = self.server.make_url(path)
            async with self.session.request(verb, url, headers=headers, allow_redirects=False, **told) as answer:
                return Answer(answer.status, answer.headers.copy(), await answer.text())

        return self.portal.call(ask)

    def token(self, client_id: str, secret: str = SECRET, scope: str | None = None) -> Answer:
        form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})

        async def ask() -> Answer:
            url = self.server.make_url("/oauth/token")
            headers = {"Authorization": encode_basic_auth(client_id, secret)}
            async with self.session.post(url, data=form, headers=headers) as answer:
                return Answer(answer.status, answer.headers.copy(), await answer.text())

        return self.portal.call(ask)


@dataclass
class Client:
    """A company's program at the door, with a token."""

    door: Door
    company: Company
    client_id: str
    token: str
    name: str = field(default="crm")

    def ask(self, verb: str, path: str, **told: Any) -> Answer:
        return self.door.ask(verb, path, self.token, **told)

    def run(self, work: Any, *args: Any) -> Any:
        return self.door.desk.run(work, *args)


def new_client(conn: Connection, company: Company, name: str, rights: tuple[Right, ...]) -> str:
    client_id = f"c_{secrets.token_hex(8)}"
    clients.add(conn, clock(conn), company.tenant_id, name, client_id, HASHED, rights)
    return client_id


def client_of(door: Door, company: Company, *rights: Right, name: str = "crm") -> Client:
    """A client with these rights, or with all of them."""
    client_id = door.desk.run(new_client, company, name, rights or (Right.ADMIN,))
    answer = door.token(client_id)
    assert answer.status == 200, answer.text
    return Client(door, company, client_id, answer.json["access_token"], name)


@contextmanager
def open_door(desk: Desk, **settings: Any) -> Iterator[Door]:
    api = Api(desk.database, Settings(secret_key=SecretStr(KEY), **settings), Vault([KEY]))

    async def start() -> tuple[TestServer, ClientSession]:
        app = web.Application()
        api.mount(app)
        server = TestServer(app)
        await server.start_server()
        return server, ClientSession()

    server, session = desk.portal.call(start)
    try:
        yield Door(desk, desk.portal, server, session)
    finally:
        desk.portal.call(session.close)
        desk.portal.call(server.close)


@pytest.fixture(scope="session")
def door(database: Desk) -> Iterator[Door]:
    with open_door(database, api_requests_a_minute=100_000) as one:
        yield one


@pytest.fixture
def company(door: Door) -> Company:
    return door.desk.run(founding.company)


@pytest.fixture
def crm(door: Door, company: Company) -> Client:
    """A client that may do everything for its company."""
    return client_of(door, company)
