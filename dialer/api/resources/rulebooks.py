"""Rulebooks: the law and the house rules under which people are called; those shipped and the tenant's own."""

from datetime import date, datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from campaigns import shelf
from campaigns.directory import missing
from campaigns.rulebooks.telling import brief, whole
from campaigns.words import Purpose, Right
from dialer.api.routes import Route, Visit


class Rulebook(BaseModel):
    """A rulebook in a line."""

    name: str
    version: str
    extends: str | None
    summary: str
    country: str | None
    warning: str | None
    purposes: list[Purpose] = Field(description="What it is for; empty: anything.")


class Rulebooks(BaseModel):
    items: list[Rulebook]


class WholeRulebook(Rulebook):
    """All that a rulebook says, in the words of its file."""

    effective_from: date | datetime | None
    effective_to: date | datetime | None
    counsel: str
    digest: str
    overrides: dict[str, str]
    hours: dict[str, Any] | None
    requires: dict[str, timedelta | Any]
    caps: list[dict[str, Any]]
    conduct: list[Any]
    sources: list[Any]


def list_(visit: Visit) -> BaseModel:
    found = (shelf.find(visit.conn, visit.tenant.id, name) for name in shelf.names(visit.conn, visit.tenant.id))
    return Rulebooks(items=[Rulebook.model_validate(brief(book)) for book in found if book is not None])


def get(visit: Visit) -> BaseModel:
    book = shelf.find(visit.conn, visit.tenant.id, visit.path["name"])
    if book is None:
        raise missing("rulebook", visit.path["name"], [])
    return WholeRulebook.model_validate(whole(book))


READ = (Right.CAMPAIGN_READ,)
ROUTES = (
    Route("GET", "/rulebooks", "What a campaign may be called under.", READ, list_, Rulebooks),
    Route("GET", "/rulebooks/{name}", "All that a rulebook says.", READ, get, WholeRulebook),
)
