"""What can go wrong at the front door: a closed list of problem types, told as RFC 9457 problem details.

An answer names fields and never values, and what nobody expected is told without its inside.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from campaigns.accounts import InUse
from campaigns.answers import OtherRequest
from campaigns.directory import BadCode, NotFound, Taken
from campaigns.ledger import NotNow
from campaigns.lists import BadRow
from campaigns.shelf import OnUse
from campaigns.terms import BadTerms
from dialer.api import xml

MEDIA_TYPE = "application/problem+json"
XML_TYPE = "application/problem+xml"
URN = "urn:dialer:problem:"


class Problem(StrEnum):
    MALFORMED = "malformed"
    INVALID = "invalid"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    NOT_ACCEPTABLE = "not-acceptable"
    TOO_SLOW = "too-slow"
    NOT_NOW = "not-now"
    TAKEN = "taken"
    KEY_REUSED = "key-reused"
    SECRETS_LOST = "secrets-lost"
    CHANGED = "changed"
    TOO_LARGE = "too-large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    TOO_MANY_REQUESTS = "too-many-requests"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"


KINDS: Mapping[Problem, tuple[int, str]] = {
    Problem.MALFORMED: (400, "The request cannot be read."),
    Problem.INVALID: (422, "A field cannot stand."),
    Problem.UNAUTHORIZED: (401, "A valid token is needed."),
    Problem.FORBIDDEN: (403, "The token does not allow this."),
    Problem.NOT_FOUND: (404, "There is nothing here."),
    Problem.METHOD_NOT_ALLOWED: (405, "This cannot be done here."),
    Problem.NOT_ACCEPTABLE: (406, "It cannot be told in that form."),
    Problem.TOO_SLOW: (408, "The request did not arrive in time."),
    Problem.NOT_NOW: (409, "Not in the state in which it is."),
    Problem.TAKEN: (409, "It belongs to another already."),
    Problem.KEY_REUSED: (409, "Something else was asked under this key."),
    Problem.SECRETS_LOST: (409, "The account's secrets were sealed with a key that is not there any more."),
    Problem.CHANGED: (412, "Somebody changed it meanwhile."),
    Problem.TOO_LARGE: (413, "The request is too large."),
    Problem.UNSUPPORTED_MEDIA_TYPE: (415, "The request must be application/json or application/xml."),
    Problem.TOO_MANY_REQUESTS: (429, "Too many requests in this minute."),
    Problem.INTERNAL: (500, "Something went wrong on our side."),
    Problem.UNAVAILABLE: (503, "Not at the moment: come again."),
}


class Fault(BaseModel):
    """What is wrong with one field."""

    path: str = Field(description="Where the field is, as in `customer.phones.0`; empty: the whole body.")
    message: str


class ProblemDetails(BaseModel):
    """RFC 9457. `request_id` is what to name when asking about it."""

    type: str
    title: str
    status: int
    detail: str | None = None
    request_id: str
    errors: list[Fault] = []


@dataclass(eq=False)
class Refused(Exception):
    """The request is answered with this problem."""

    problem: Problem
    detail: str | None = None
    faults: Sequence[Fault] = ()
    headers: Iterable[tuple[str, str]] = ()

    @property
    def status(self) -> int:
        return KINDS[self.problem][0]


def answer(refused: Refused, request_id: str, as_xml: bool = False) -> web.Response:
    """The problem as it goes over the wire."""
    status, title = KINDS[refused.problem]
    told: dict[str, Any] = {"type": f"{URN}{refused.problem}", "title": title, "status": status}
    if refused.detail:
        told["detail"] = refused.detail
    told["request_id"] = request_id
    if refused.faults:
        told["errors"] = [fault.model_dump() for fault in refused.faults]
    body = xml.problem(told) if as_xml else json.dumps(told, ensure_ascii=False).encode()
    media = XML_TYPE if as_xml else MEDIA_TYPE
    return web.Response(status=status, body=body, headers=[("Content-Type", media), *refused.headers])


def invalid(path: str, message: str) -> Refused:
    return Refused(Problem.INVALID, faults=[Fault(path=path, message=message)])


def of_fields(error: ValidationError) -> Refused:
    """Each field that cannot stand, by its path; never what stood there."""
    faults = [
        Fault(path=".".join(map(str, one["loc"])), message=one["msg"].removeprefix("Value error, "))
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return Refused(Problem.INVALID, faults=faults)


def of_the_domain(error: Exception) -> Refused | None:
    """What the domain would not do, as a problem; None for a surprise."""
    match error:
        case NotFound():
            return Refused(Problem.NOT_FOUND, f"There is no such {error.what}." if error.what else None)
        case BadTerms():
            return invalid(error.option, error.sentence)
        case BadRow():
            return Refused(Problem.INVALID, faults=[Fault(path=one.column, message=one.en) for one in error.remarks])
        case BadCode():
            return invalid("code", str(error))
        case Taken():
            return Refused(Problem.TAKEN, _without_commands(error))
        case OtherRequest():
            return Refused(Problem.KEY_REUSED)
        case NotNow() | InUse() | OnUse():
            return Refused(Problem.NOT_NOW, _without_commands(error))
    return None


def _without_commands(error: Exception) -> str:
    """The sentence up to what could be typed at the command line instead."""
    return str(error).split(": ", 1)[0] if "`" in str(error) else str(error)
