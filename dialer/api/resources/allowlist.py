"""The allow-list: networks from which API clients and vendors' hooks may come; where there is none, from anywhere."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from campaigns import allowing
from campaigns.directory import missing
from campaigns.words import Entrance, Right
from dialer.api.pages import Page, Paging, of_all
from dialer.api.problems import Problem
from dialer.api.routes import Route, Strict, Told, Visit


class Source(BaseModel):
    """A network that is let in."""

    id: int
    entrance: Entrance
    network: str
    note: str
    actor: str
    created_at: datetime


class Sources(Page[Source]):
    """A page of the list. An entrance of which nothing stands in it is open to all."""


class Which(Paging):
    entrance: Entrance | None = None


class NewSource(Strict):
    """A network to be let in. The first one of an entrance shuts everybody else out, the asker too: begin with your
    own. What shut you out, `dialer allowlist remove` opens."""

    entrance: Entrance = Field(strict=False)
    network: str = Field(min_length=2, max_length=50, description="203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.")
    note: str = Field(default="", max_length=200)


def list_(visit: Visit) -> BaseModel:
    found = allowing.list_sources(visit.conn, visit.tenant.id)
    asked = [row for row in found if visit.query.entrance in (None, row.entrance)]
    return Sources(**dict(of_all(asked, visit.query, _told, lambda row: [row.entrance.value, row.network])))


def create(visit: Visit) -> Told:
    said: NewSource = visit.body
    conn, now, tenant_id = visit.conn, visit.now, visit.tenant.id
    made = allowing.add(conn, now, tenant_id, said.entrance, said.network, said.note, visit.actor)
    return Told(_told(made), location="/security/allowlist")


def remove(visit: Visit) -> BaseModel:
    rows = {str(row.id): row for row in allowing.list_sources(visit.conn, visit.tenant.id)}
    row = rows.get(visit.path["source"])
    if row is None:
        raise missing("entry", "of this id", [])
    allowing.remove(visit.conn, visit.now, visit.tenant.id, row.id, visit.actor)
    return _told(row)


def _told(row: Any) -> Source:
    return Source.model_validate({name: getattr(row, name) for name in Source.model_fields})


RIGHTS = (Right.ADMIN,)
ROUTES = (
    Route(
        "GET", "/security/allowlist", "From where the company may be spoken to.", RIGHTS, list_, Sources, query=Which
    ),
    Route(
        "POST", "/security/allowlist", "Let a network in.", RIGHTS, create, Source,
        body=NewSource, status=201, problems=(Problem.TAKEN,),
    ),
    Route("DELETE", "/security/allowlist/{source}", "Let it in no more.", RIGHTS, remove, Source),
)  # fmt: skip
