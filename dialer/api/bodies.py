"""What comes with a request, read within bounds: JSON or XML, query words, and their models."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import anyio
from aiohttp import web
from pydantic import BaseModel, ValidationError

from dialer.api import xml
from dialer.api.problems import Problem, Refused, invalid, of_fields

JSON = "application/json"
XML = ("application/xml", "text/xml")
FORMS = (JSON, XML[0])
LARGEST = 256 * 1024
DEEPEST = 16
SECONDS = 15.0
"""Within which the whole body must have come."""
Shape = TypeVar("Shape", bound=BaseModel)


async def read(request: web.Request, largest: int = LARGEST) -> bytes:
    """The body as it came. Raises `Refused` where it is too large or too slow."""
    if (request.content_length or 0) > largest:
        raise too_large(largest)
    parts: list[bytes] = []
    size = 0
    try:
        with anyio.fail_after(SECONDS):
            async for part in request.content.iter_any():
                size += len(part)
                if size > largest:
                    raise too_large(largest)
                parts.append(part)
    except TimeoutError:
        raise Refused(Problem.TOO_SLOW) from None
    return b"".join(parts)


def too_large(largest: int) -> Refused:
    return Refused(Problem.TOO_LARGE, f"At most {largest} bytes.")


async def model(request: web.Request, shape: type[Shape], largest: int = LARGEST) -> Shape:
    """The body as this model. Raises `Refused`."""
    kind = request.content_type
    if kind not in (JSON, *XML):
        raise Refused(Problem.UNSUPPORTED_MEDIA_TYPE)
    body = await read(request, largest)
    if kind in XML:
        # XML's texts have no types: the model says which one is meant.
        return of_json(json.dumps(of_xml(body)).encode(), shape, strict=False)
    parsed(body)
    return of_json(body, shape)


def of_json(body: bytes, shape: type[Shape], strict: bool = True) -> Shape:
    """This JSON as the model. Raises `Refused`."""
    try:
        # Strictly as JSON has it: a number is no text, a truth is no number.
        return shape.model_validate_json(body, strict=strict)
    except ValidationError as error:
        raise of_fields(error) from None


def of_xml(body: bytes) -> Any:
    """What an XML document says, as JSON would have it. Raises `Refused`."""
    try:
        told = xml.read(body)
    except xml.BadXml as error:
        raise Refused(Problem.MALFORMED, str(error)) from None
    check(told)
    return told


def parsed(body: bytes) -> Any:
    """JSON as RFC 8259 has it: UTF-8, no name twice, no NaN, nothing deep. Raises `Refused`."""
    try:
        told = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        why = "It is nested too deeply." if isinstance(error, RecursionError) else "It is not JSON."
        raise Refused(Problem.MALFORMED, why) from None
    check(told)
    return told


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) < len(pairs):
        raise ValueError("a name stands there twice")
    return told


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def check(told: Any) -> None:
    """Refuse what is too deep, and text that no database holds. Raises `Refused`."""
    level = [told]
    for _ in range(DEEPEST):
        texts = [one for one in level if isinstance(one, str)]
        texts += [name for one in level if isinstance(one, dict) for name in one]
        if not all(map(storable, texts)):
            raise Refused(Problem.MALFORMED, "A text holds a character that cannot be stored.")
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise Refused(Problem.MALFORMED, "It is nested too deeply.")


def _inside(one: Any) -> list[Any]:
    if isinstance(one, dict):
        return list(one.values())
    return one if isinstance(one, list) else []


def storable(text: str) -> bool:
    """Whether both databases take this text: no NUL, no half of a character."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def query(request: web.Request, shape: type[Shape]) -> Shape:
    """The words behind the question mark as this model, each once. Raises `Refused`."""
    told: dict[str, str] = {}
    for name, text in request.query.items():
        if name in told:
            raise invalid(name, "must stand there once")
        told[name] = text
    check(told)
    try:
        return shape.model_validate(told)
    except ValidationError as error:
        raise of_fields(error) from None


def path(request: web.Request) -> Mapping[str, str]:
    """The words of the path. Raises `Refused`: no code holds what no database takes."""
    told = dict(request.match_info)
    if not all(map(storable, told.values())):
        raise Refused(Problem.NOT_FOUND)
    return told
