"""What leads from one operation to another, for the OpenAPI file: what was made or listed can be asked for by its name.

A link is found by the paths: what answers at `/campaigns` leads to every operation below `/campaigns/{code}`, whose
`code` stands in the answer, or else its `id`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from dialer.api.pages import Page
from dialer.api.routes import Route
from dialer.api.versions import Version


def links(route: Route, routes: Sequence[Route], version: Version) -> dict[str, Any]:
    """The links of a route's answer, by name."""
    told = {}
    at, model = _where(route, version)
    for other in routes:
        word = _next_word(route.path, other.path)
        field = None if word is None or model is None else _field(word, model)
        if field is not None and word is not None:
            told[other.name] = _link(route, other, version, {word: f"$response.body#{at}/{field}"})
    if issubclass(route.answers, Page) and not version.bare_pages:
        told["next_page"] = _link(route, route, version, {"query.cursor": "$response.body#/next"})
    return told


def _where(route: Route, version: Version) -> tuple[str, type[BaseModel] | None]:
    """Where in an answer the first thing stands, and what it is."""
    items = route.answers.model_fields.get("items")
    if items is None:
        return "", route.answers
    of = getattr(items.annotation, "__args__", (None,))[0]
    bare = version.bare_pages and issubclass(route.answers, Page)
    return ("/0" if bare else "/items/0"), of if isinstance(of, type) and issubclass(of, BaseModel) else None


def _next_word(path: str, other: str) -> str | None:
    """`code`, for `/campaigns` and `/campaigns/{code}/start`: the only word that `other` needs besides."""
    rest = other.removeprefix(path + "/")
    if rest == other or not rest.startswith("{") or rest.count("{") != 1:
        return None
    return rest[1:].partition("}")[0]


def _field(word: str, model: type[BaseModel]) -> str | None:
    return next((name for name in (word, "id") if name in model.model_fields), None)


def _link(route: Route, other: Route, version: Version, found: Mapping[str, str]) -> dict[str, Any]:
    words = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    known = {word: f"$request.path.{word}" for word in words}
    return {"operationId": version.operation(other.name), "parameters": known | dict(found)}
