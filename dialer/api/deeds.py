"""Each change that a request makes is written down in its own transaction: who, what, before and after.

A refused request changes nothing and is only logged. What a change replaces is shown by a GET of the same thing, so
that a route need not say it itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from pydantic import BaseModel, ValidationError

from campaigns import acts
from campaigns.acts import Done
from campaigns.directory import NotFound
from dialer import witness
from dialer.api.problems import Refused
from dialer.api.routes import Nothing, Route, Told, Visit, Work
from dialer.database import clock, hold
from dialer.logs import masked

OF_PEOPLE = ("customer", "person", "number", "phone")
"""The words of a path that name somebody."""


@dataclass(frozen=True, slots=True)
class Author:
    """Whose request it is, and when it came (on the process's own clock)."""

    actor: str
    client: str
    began: float


def shower(route: Route, routes: Sequence[Route]) -> Work | None:
    """What tells the thing that this route changes, as it stands: see `Route.shows`."""
    if route.shows is not None or not route.writes:
        return route.shows
    gets = {one.path: one for one in routes if one.verb == "GET" and _plain(one)}
    if route.path in gets and route.path.endswith("}"):
        return gets[route.path].work
    path = route.path
    while "/" in path.strip("/"):
        path = path.rpartition("/")[0]
        if path.endswith("}") and path in gets and gets[path].answers is route.answers:
            return gets[path].work
    return None


def _plain(route: Route) -> bool:
    """Whether it answers without a word behind the question mark."""
    try:
        route.query()
    except ValidationError:
        return False
    return True


def witnessed(route: Route, prefix: str, shows: Work | None, visit: Visit, author: Author) -> Told:
    """Do the route's work, and keep that it was done."""
    if route.guarded:
        # Of two that were told the same state, the second one waits here and finds it changed.
        thing = route.path[: route.path.rindex("}") + 1]
        hold(visit.conn, f"{visit.tenant.id} {thing_of(thing, visit.path, None)}")
        visit = replace(visit, now=clock(visit.conn))
    shown = _shown(shows, visit) if shows is not None else None
    if route.guarded:
        visit.unchanged(shown)
    before = shown.model_dump(mode="json") if shown is not None else {}
    told = route.told(route.work(visit))
    after = told.body.model_dump(mode="json")
    if before:
        before, after = witness.differences(before, after)
    asked = visit.body.model_dump(mode="json", exclude_unset=True) if isinstance(visit.body, BaseModel) else {}
    thing = thing_of(route.path, visit.path, told.location)
    done = Done(author.actor, author.client, visit.request_id, route.verb, prefix + route.path, thing, *map(
        witness.seen, (asked, before, after)
    ))  # fmt: skip
    took = round((perf_counter() - author.began) * 1000)
    acts.record(visit.conn, visit.now, visit.tenant.id, done, told.status or route.status, took)
    return told


def _shown(shows: Work, visit: Visit) -> BaseModel | None:
    try:
        told = shows(replace(visit, query=Nothing(), body=None, match=None))
    except (NotFound, Refused):
        # The change itself will say so.
        return None
    return told.body if isinstance(told, Told) else told


def thing_of(pattern: str, words: Mapping[str, str], location: str | None) -> str:
    """What a path names, as it may be kept: `campaigns/C1`. What was just made is named by where it is."""
    if location is not None:
        return str(masked(location.strip("/")))
    told = {name: witness.person(word) if name in OF_PEOPLE else masked(word) for name, word in words.items()}
    return pattern.format(**told).strip("/")
