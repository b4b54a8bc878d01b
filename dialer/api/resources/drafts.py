"""Rulebooks that are not kept yet: what a text says, and where two differ. Nothing is written."""

from aiohttp import web
from pydantic import BaseModel, Field

from campaigns import shelf
from campaigns.rulebooks import BadRulebook, read
from campaigns.rulebooks import Rulebook as Book
from campaigns.rulebooks.differences import diff
from campaigns.rulebooks.telling import whole
from campaigns.words import Right
from dialer.api import bodies
from dialer.api.problems import invalid
from dialer.api.resources.rulebooks import RulebookText, WholeRulebook
from dialer.api.routes import Route, Strict, Visit

LARGEST = 5 * 1024 * 1024
"""Bytes of two texts of the longest kind, however JSON spells their letters."""


class Side(Strict):
    """A rulebook by its `name`, or a text."""

    name: str | None = Field(default=None, max_length=64)
    text: str | None = Field(default=None, min_length=1, max_length=200_000, description="TOML.")


class Sides(Strict):
    a: Side
    b: Side


class Difference(BaseModel):
    """One field, and what each says of it; empty: nothing."""

    field: str
    a: str
    b: str


class Differences(BaseModel):
    items: list[Difference]


async def _text(request: web.Request) -> RulebookText:
    return await bodies.model(request, RulebookText, LARGEST)


async def _sides(request: web.Request) -> Sides:
    return await bodies.model(request, Sides, LARGEST)


def check(visit: Visit) -> BaseModel:
    return WholeRulebook.model_validate(whole(_read("text", visit.body.text)))


def differences(visit: Visit) -> BaseModel:
    said: Sides = visit.body
    rows = diff(_of(visit, "a", said.a), _of(visit, "b", said.b))
    return Differences(items=[Difference.model_validate(row, from_attributes=True) for row in rows])


def _of(visit: Visit, path: str, side: Side) -> Book:
    if (side.name is None) == (side.text is None):
        raise invalid(path, "must have a `name` or a `text`")
    if side.text is not None:
        return _read(f"{path}.text", side.text)
    book = shelf.find(visit.conn, visit.tenant.id, str(side.name))
    if book is None:
        raise invalid(f"{path}.name", "must be the name of a rulebook")
    return book


def _read(path: str, text: str) -> Book:
    try:
        return read(text)
    except BadRulebook as error:
        raise invalid(path, str(error)) from None


READ = (Right.CAMPAIGN_READ, Right.CAMPAIGN_WRITE)
ROUTES = (
    Route(
        "POST", "/rulebooks/texts/check", "What a text would say as a rulebook. Nothing is kept.",
        READ, check, WholeRulebook, body=RulebookText, asks=True, reader=_text,
    ),
    Route(
        "POST", "/rulebooks/texts/diff", "What two rulebooks or texts say differently, field by field.",
        READ, differences, Differences, body=Sides, asks=True, reader=_sides,
    ),
)  # fmt: skip
