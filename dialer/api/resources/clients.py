"""Clients of the API: who may ask, and what. Made, seen and ended by `admin`; a secret is told once, when it is made.

`admin` itself is given at the command line only. So a token that was stolen, which is good for ten minutes, cannot make
itself a client for good that may do everything.
"""

from datetime import datetime
from typing import Annotated, Any

import anyio.to_thread
from aiohttp import web
from pydantic import BaseModel, Field, PrivateAttr

from campaigns import clients
from campaigns.words import Right
from dialer import tokens
from dialer.api import bodies
from dialer.api.problems import Problem, Refused, invalid
from dialer.api.routes import Nothing, Route, Strict, Visit

Scope = Annotated[Right, Field(strict=False)]


class ApiClient(BaseModel):
    """A client without its secret, which nobody knows."""

    name: str
    client_id: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None


class NewApiClient(Strict):
    name: str = Field(min_length=1, max_length=64, description="Letters, digits, dots, dashes and underscores.")
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=20)]
    _secret: str = PrivateAttr(default_factory=tokens.new_secret)
    _secret_hash: str = PrivateAttr(default="")


class ApiClientWithSecret(ApiClient):
    """The client with its secret: this once."""

    client_secret: str


class ApiClients(BaseModel):
    """Also those that were revoked."""

    items: list[ApiClient]


class Key(BaseModel):
    """What names the key that signs tokens from now on."""

    kid: str


async def _new(request: web.Request) -> NewApiClient:
    """What is to be made, with its secret hashed: that takes long on purpose, and must not hold up a transaction."""
    said = await bodies.model(request, NewApiClient)
    if Right.ADMIN in said.scopes:
        raise invalid("scopes", "cannot hold `admin`: that is given by `dialer client add`")
    said._secret_hash = await anyio.to_thread.run_sync(tokens.hashed, said._secret)
    return said


def list_(visit: Visit) -> BaseModel:
    return ApiClients(items=[_told(row) for row in clients.list_clients(visit.conn, visit.tenant.id)])


def create(visit: Visit) -> BaseModel:
    said: NewApiClient = visit.body
    made = tokens.new_client_id()
    clients.add(visit.conn, visit.now, visit.tenant.id, said.name, made, said._secret_hash, dict.fromkeys(said.scopes))
    return ApiClientWithSecret(**dict(_told(clients.find(visit.conn, made))), client_secret=said._secret)


def revoke(visit: Visit) -> BaseModel:
    row = clients.revoke(visit.conn, visit.now, visit.tenant.id, visit.path["name"])
    if row.id == visit.client.id:
        raise Refused(Problem.NOT_NOW, "It is the client that asks: nobody shuts himself out. Ask with another one.")
    return _told(row)


def rotate(visit: Visit) -> BaseModel:
    return Key(kid=tokens.rotate(visit.conn, visit.now, visit.tenant.id, visit.vault))


def _told(row: Any) -> ApiClient:
    return ApiClient.model_validate({name: getattr(row, name) for name in ApiClient.model_fields})


RIGHTS = (Right.ADMIN,)
ROUTES = (
    Route("GET", "/clients", "Clients, also those that were revoked.", RIGHTS, list_, ApiClients, query=Nothing),
    Route(
        "POST", "/clients", "Make a client; its secret is told this once.", RIGHTS, create, ApiClientWithSecret,
        body=NewApiClient, status=201, problems=(Problem.TAKEN,), reader=_new,
    ),
    Route(
        "DELETE", "/clients/{name}", "End a client and all its tokens, within a second.", RIGHTS, revoke, ApiClient,
        problems=(Problem.NOT_NOW,),
    ),
    Route(
        "POST", "/clients/keys/rotate", "Sign tokens with a new key; those that are out stay good until they end.",
        RIGHTS, rotate, Key,
    ),
)  # fmt: skip
