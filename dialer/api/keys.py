"""`Idempotency-Key`: a request that comes again under the same key gets the same answer, and nothing is done twice."""

import hashlib
import re
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from campaigns import answers
from dialer.api.problems import Refused, invalid
from dialer.api.routes import Route, Told, Visit

HEADER: Final = "Idempotency-Key"
REPLAY: Final = "Idempotent-Replay"
SCHEMA: Final = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}
KEY = re.compile(r"[!-~]{1,200}")


def of(request: web.Request) -> str:
    """The key that came along. Raises `Refused`."""
    given = request.headers.get(HEADER)
    if given is None:
        raise _bad("is needed: a text of your own for this order, the same when you send it again")
    if not KEY.fullmatch(given):
        raise _bad("must be 1 to 200 signs of ASCII without blanks")
    return given


def _bad(message: str) -> Refused:
    return invalid(HEADER, message)


def once(route: Route, visit: Visit, key: str, work: Callable[[Route, Visit], Told]) -> Told:
    """Do the route's work, or tell again what came of it. Raises `OtherRequest`, and what the work raises."""

    done: list[Told] = []

    def answer() -> dict[str, Any]:
        told = work(route, visit)
        done.append(told)
        return {"body": told.body.model_dump_json(), "location": told.location, "status": told.status}

    kept, _ = answers.once(visit.conn, visit.now, visit.client, key, _digest(route, visit), answer)
    if done:
        return done[0]
    body = route.answers.model_validate_json(kept["body"])
    return Told(body, location=kept["location"], status=kept["status"], replayed=True)


def _digest(route: Route, visit: Visit) -> str:
    """What was asked, however it was written: fields in any order, and those that say what goes without saying."""
    asked = [route.name, *(f"{name}={visit.path[name]}" for name in sorted(visit.path)), visit.body.model_dump_json()]
    return hashlib.sha256("\n".join(asked).encode()).hexdigest()
