"""Rulebooks: the law and the house rules under which people are called; those shipped and the tenant's own."""

from datetime import date, datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from campaigns import shelf
from campaigns.directory import missing
from campaigns.rulebooks import BadRulebook, shipped
from campaigns.rulebooks.telling import brief, whole
from campaigns.words import Purpose, Right
from dialer.api.pages import Page, Paging, of_all
from dialer.api.problems import Problem, Refused, invalid
from dialer.api.routes import Route, Strict, Told, Visit


class Rulebook(BaseModel):
    """A rulebook in a line."""

    name: str
    version: str
    extends: str | None
    summary: str
    country: str | None
    warning: str | None
    purposes: list[Purpose] = Field(description="What it is for; empty: anything.")


class Rulebooks(Page[Rulebook]):
    """A page of rulebooks."""


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


class RulebookText(Strict):
    """A rulebook of the company's own, as its file says it."""

    text: str = Field(min_length=1, max_length=200_000, description="TOML, as in docs/rulebooks.md.")


class Removed(BaseModel):
    name: str


def add(visit: Visit) -> Told:
    try:
        book = shelf.add(visit.conn, visit.now, visit.tenant.id, visit.body.text, visit.actor)
    except BadRulebook as error:
        raise invalid("text", str(error)) from None
    return Told(WholeRulebook.model_validate(whole(book)), location=f"/rulebooks/{book.name}")


def remove(visit: Visit) -> BaseModel:
    name = visit.path["name"]
    if name in shipped():
        raise Refused(Problem.NOT_NOW, "It comes with the engine and cannot be removed.")
    if not shelf.remove(visit.conn, visit.now, visit.tenant.id, name):
        raise missing("rulebook", name, [])
    return Removed(name=name)


def list_(visit: Visit) -> BaseModel:
    found = (shelf.find(visit.conn, visit.tenant.id, name) for name in shelf.names(visit.conn, visit.tenant.id))
    books = [book for book in found if book is not None]
    return Rulebooks(
        **dict(of_all(books, visit.query, lambda book: Rulebook.model_validate(brief(book)), lambda book: [book.name]))
    )


def get(visit: Visit) -> BaseModel:
    book = shelf.find(visit.conn, visit.tenant.id, visit.path["name"])
    if book is None:
        raise missing("rulebook", visit.path["name"], [])
    return WholeRulebook.model_validate(whole(book))


READ, WRITE = (Right.CAMPAIGN_READ,), (Right.CAMPAIGN_WRITE,)
ROUTES = (
    Route("GET", "/rulebooks", "What a campaign may be called under.", READ, list_, Rulebooks, query=Paging),
    Route(
        "POST", "/rulebooks", "Keep a rulebook of the company's own, in place of an earlier one of its name.",
        WRITE, add, WholeRulebook, body=RulebookText, status=201,
    ),
    Route("GET", "/rulebooks/{name}", "All that a rulebook says.", READ, get, WholeRulebook, tagged=True),
    Route(
        "DELETE", "/rulebooks/{name}", "Take one of the company's own away, where no campaign is called under it.",
        WRITE, remove, Removed, tagged=True, problems=(Problem.NOT_NOW,),
    ),
)  # fmt: skip
