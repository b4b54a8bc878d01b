"""Imports: a list is sent as a file or as JSON rows, and read by a job."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

import anyio
from aiohttp import BodyPartReader, web
from pydantic import Field

from campaigns.words import JobKind, Right
from dialer.api import bodies
from dialer.api.problems import Problem, Refused, invalid
from dialer.api.resources import campaigns, jobs
from dialer.api.resources.jobs import Job
from dialer.api.routes import Reader, Route, Strict, Told, Visit

LARGEST_JSON = 4 * 1024 * 1024
LARGEST_FILE = 32 * 1024 * 1024
SECONDS = 120.0
FORM = "multipart/form-data"
Cell = str | int | float | None
Header = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=200)]


class Rows(Strict):
    """What every file that comes in may say of itself. As JSON, `rows` are its rows by header; as a form, `file` is it
    (CSV or XLSX)."""

    file_name: str = Field(
        default="rows.csv",
        max_length=100,
        pattern=r"^[^/\\\x00-\x1f]+$",
        description="A file of this name again corrects it.",
    )
    rows: list[dict[Header, Cell]] | None = Field(
        default=None, max_length=50_000, description="The header is row 1 of what is told, the first of these row 2."
    )


class NewImport(Rows):
    """A list of customers. In a form, `map` is JSON."""

    mode: Literal["all_or_nothing", "partial"] = Field(
        description="all_or_nothing: one row that is rejected, and none is taken. partial: the others are."
    )
    run: Literal["auto", "new", "same"] = Field(
        default="auto", description="Another pass over the customers, the same one, or by the day."
    )
    numbers_as_of: date | None = Field(default=None, description="The day of numbers that tell none; else today.")
    map: dict[Text, Text] = Field(default={}, max_length=50, description="Names a column by field.")


@dataclass(frozen=True, slots=True)
class Sent:
    """What came, in whichever form."""

    said: Any
    file: bytes


def reading(shape: type[Rows]) -> Reader:
    """How a file comes in with what this model says of it."""

    async def read(request: web.Request) -> Sent:
        if request.content_type == FORM:
            return await _form(request, shape)
        said = await bodies.model(request, shape, LARGEST_JSON)
        if not said.rows:
            raise invalid("rows", "must hold the list's rows")
        return Sent(said, _as_csv(said.rows))

    return read


def _as_csv(rows: list[dict[str, Cell]]) -> bytes:
    """One form of a list is enough for all that reads it."""
    headers = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headers)
    writer.writerows(["" if row.get(name) is None else row[name] for name in headers] for row in rows)
    return text.getvalue().encode()


async def _form(request: web.Request, shape: type[Rows]) -> Sent:
    if (request.content_length or 0) > LARGEST_FILE:
        raise bodies.too_large(LARGEST_FILE)
    try:
        with anyio.fail_after(SECONDS):
            words, file = await _parts(request)
    except TimeoutError:
        raise Refused(Problem.TOO_SLOW) from None
    except (ValueError, AssertionError):
        raise Refused(Problem.MALFORMED, "It is not a form.") from None
    if not file:
        raise invalid("file", "must be the list, as CSV or XLSX")
    return Sent(bodies.of_json(json.dumps(words).encode(), shape), file)


async def _parts(request: web.Request) -> tuple[dict[str, Any], bytes]:
    """The form's words, and the bytes of its file, which is named by a word or else by its own name. Raises `Refused`,
    and `ValueError` where it is no form."""
    words: dict[str, Any] = {}
    own: dict[str, Any] = {}
    file = b""
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None or part.name in words:
            raise Refused(Problem.MALFORMED, "A form has fields, each once.")
        if part.name == "file":
            own = {"file_name": PurePosixPath(part.filename).name} if part.filename else {}
            file = await _bytes(part, LARGEST_FILE)
            continue
        text = (await _bytes(part, bodies.LARGEST)).decode()
        words[part.name] = bodies.parsed(text.encode()) if part.name == "map" else text
    bodies.check(own | words)
    return own | words, file


async def _bytes(part: BodyPartReader, largest: int) -> bytes:
    told: list[bytes] = []
    size = 0
    while chunk := await part.read_chunk():
        size += len(chunk)
        if size > largest:
            raise bodies.too_large(largest)
        told.append(chunk)
    return b"".join(told)


def create(visit: Visit) -> Told:
    sent: Sent = visit.body
    code = campaigns.of(visit).code
    asked = sent.said.model_dump(mode="json", exclude={"rows"})
    return jobs.ordered(visit, JobKind.IMPORT, asked, code, (sent.said.file_name, sent.file))


ROUTES = (
    Route(
        "POST", "/campaigns/{code}/imports",
        "Bring a campaign to what a list says of the customers it names. A job does it.",
        (Right.CUSTOMER_WRITE,), create, Job, body=NewImport, status=202, problems=(Problem.NOT_NOW,),
        reader=reading(NewImport),
        takes=(*bodies.FORMS, FORM),
    ),
)  # fmt: skip
