"""In which form something is told: JSON, or XML where the caller likes it better (RFC 9110, section 12.5.1)."""

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from aiohttp import hdrs, web
from pydantic import BaseModel

from dialer.api import xml
from dialer.api.pages import Page
from dialer.api.problems import Problem, Refused

QUALITY = re.compile(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.ASCII | re.IGNORECASE)
NOT_A_NAME = re.compile(r"[^A-Za-z0-9_]+")


class Media(StrEnum):
    JSON = "application/json"
    XML = "application/xml"


OFFERED: Mapping[Media, Sequence[str]] = {Media.JSON: ("application/json",), Media.XML: ("application/xml", "text/xml")}
OF_PROBLEMS: Mapping[Media, Sequence[str]] = {
    Media.JSON: ("application/problem+json", "application/json"),
    Media.XML: ("application/problem+xml", "application/xml", "text/xml"),
}


def wanted(request: web.Request, files: Sequence[str] = ()) -> Media:
    """The form that the caller likes best; JSON where he does not care. `files`: it is told as one of these instead.
    Raises `Refused`."""
    if files:
        if _best(request, {Media.JSON: files}) is None:
            raise Refused(Problem.NOT_ACCEPTABLE, f"It is told as {' or '.join(files)}.")
        return Media.JSON
    found = _best(request, OFFERED)
    if found is None:
        raise Refused(Problem.NOT_ACCEPTABLE, "It is told as application/json or application/xml.")
    return found


def of_problems(request: web.Request) -> Media:
    """The same for what went wrong, which is told in any case."""
    return _best(request, OF_PROBLEMS) or Media.JSON


def told(media: Media, body: BaseModel, bare: bool = False) -> bytes:
    """A model in this form. `bare`: of a page its list alone."""
    bare = bare and isinstance(body, Page)
    if media is Media.JSON and not bare:
        return body.model_dump_json().encode()
    shown: Any = body.model_dump(mode="json")
    shown = shown["items"] if bare else shown
    if media is Media.JSON:
        return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
    return xml.written(NOT_A_NAME.sub("_", type(body).__name__), shown)


def _best(request: web.Request, offers: Mapping[Media, Sequence[str]]) -> Media | None:
    ranges = _ranges(",".join(request.headers.getall(hdrs.ACCEPT, [])) or "*/*")
    liked = {media: max(_quality(name, ranges) for name in names) for media, names in offers.items()}
    best = max(liked, key=lambda media: liked[media])
    return best if liked[best] > 0 else None


def _quality(name: str, ranges: Mapping[str, float]) -> float:
    """How much a form is liked: what names it most exactly decides."""
    for one in (name, f"{name.partition('/')[0]}/*", "*/*"):
        if one in ranges:
            return ranges[one]
    return 0.0


def _ranges(accept: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in accept.split(","):
        kind, *words = part.split(";")
        qualities = [match for match in map(QUALITY.fullmatch, words) if match]
        found[kind.strip().lower()] = float(qualities[0][1]) if qualities else 1.0
    return found
