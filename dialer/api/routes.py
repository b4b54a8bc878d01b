"""What a route is: the one table from which requests are answered, the OpenAPI page is made and tests walk."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from campaigns.words import Right
from dialer.api.problems import Problem, Refused
from dialer.settings import Settings
from dialer.vault import Vault


class Strict(BaseModel):
    """What comes in: a field that is not known is refused, with its path."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Nothing(Strict):
    """No words behind the question mark, or no body."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a route's work is given inside its transaction. The tenant is the token's, and no other can be named."""

    conn: Connection
    now: datetime
    tenant: Any
    client: Any
    actor: str
    settings: Settings
    path: Mapping[str, str]
    query: Any
    body: Any
    match: str | None
    vault: Vault
    request_id: str = ""
    """What to name the request by, also to those who do its work later."""

    def unchanged(self, shown: BaseModel | None) -> None:
        """Go on only where this is what the caller saw when he decided; None: there is nothing. Raises `Refused`."""
        if self.match is None or (shown is not None and self.match.strip() == "*"):
            return
        if shown is None or etag(shown) not in _tags(self.match):
            raise Refused(Problem.CHANGED, "If-Match names another state than the present one: read it again.")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is told part by part, each read in a transaction of its own; None behind the last."""

    name: str
    media_type: str
    part: Callable[[Connection, int], bytes | None]


@dataclass(frozen=True, slots=True)
class Told:
    """What is answered, where more than a body is. With a `file`, it is told in the body's place."""

    body: BaseModel
    tagged: bool = False
    location: str | None = None
    status: int | None = None
    file: Attachment | None = None
    replayed: bool = False
    """It is the answer to an earlier request with the same key."""


Reader = Callable[[web.Request], Awaitable[Any]]
Work = Callable[[Visit], BaseModel | Told]


@dataclass(frozen=True, slots=True)
class Route:
    """One verb at one path. Who has any of `rights` may use it. `problems` are those that not every route has.

    `reader` reads a body that may come in other forms (`takes`) than JSON of the usual size; `files` are the media
    types of an answer that is a file.
    `shows` tells what a change is about to change, for the record of who did what. Where it is not given, the work of
    the GET that answers alike does: that of the path, or of the thing over it. Where two changes of one thing may meet,
    it takes the lock that the change takes.
    """

    verb: str
    path: str
    summary: str
    rights: tuple[Right, ...]
    work: Work
    answers: type[BaseModel]
    query: type[BaseModel] = Nothing
    body: type[BaseModel] | None = None
    status: int = 200
    tagged: bool = False
    """It is about one thing that is told with an `ETag`, and changes it only where `If-Match` still holds."""
    keyed: bool = False
    """It takes an `Idempotency-Key`: what is asked twice under one is done once."""
    problems: Sequence[Problem] = field(default_factory=tuple)
    reader: Reader | None = None
    takes: Sequence[str] = ("application/json", "application/xml")
    files: Sequence[str] = ()
    still: bool = False
    """Its statements see one moment, however many they are."""
    shows: Work | None = None
    asks: bool = False
    """It changes nothing, and is a POST only because what it is asked about is too long or too personal for an
    address."""

    @property
    def writes(self) -> bool:
        return self.verb != "GET" and not self.asks

    @property
    def guarded(self) -> bool:
        """Whether it heeds `If-Match`. What is only made has no state that somebody could have seen."""
        return self.tagged and self.writes and "{" in self.path

    def told(self, answer: "BaseModel | Told") -> "Told":
        """What its work gave, as it is answered: the thing itself goes out with its tag."""
        if isinstance(answer, Told):
            return answer
        return Told(answer, tagged=self.tagged and self.verb in ("GET", "PATCH", "PUT"))

    @property
    def name(self) -> str:
        """The operation's name: verb and path in one word."""
        return "_".join([self.verb.lower(), *self.path.strip("/").replace("{", "").replace("}", "").split("/")])


def etag(shown: BaseModel) -> str:
    """What names this state of a resource."""
    return f'"{hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:32]}"'


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]
