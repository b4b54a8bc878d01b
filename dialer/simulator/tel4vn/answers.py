"""Reading requests and writing answers, for all families."""

import json
from typing import Any

from aiohttp import web

from dialer.simulator.pbx import Pbx

Json = dict[str, Any]


def answer(pbx: Pbx, body: Json, status: int = 200) -> web.Response:
    """A success or a refusal; the HTTP status of a refusal is as undocumented as `http_errors` says."""
    habit = pbx.settings.http_errors
    coded = isinstance(body.get("code"), int)
    return web.json_response(body, status=status if habit == "strict" or (habit == "code" and coded) else 200)


def unauthorized() -> web.Response:
    return web.json_response({"code": 401, "content": "Unauthorized", "error": "Unauthorized"}, status=401)


def not_found(pbx: Pbx) -> web.Response:
    return answer(pbx, {"code": 404, "content": "Not Found", "error": "Not Found"}, 404)


async def body_of(request: web.Request) -> Json:
    """The JSON object that was sent. Anything else is answered 400."""
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        refusal = json.dumps({"code": 400, "content": "Bad Request", "error": "Bad Request"})
        raise web.HTTPBadRequest(text=refusal, content_type="application/json")
    return body


def text(body: Json, name: str) -> str:
    """A field as text, empty where it is missing or null."""
    value = body.get(name)
    return "" if value is None else str(value)


def whole(value: object, default: int) -> int:
    """A count, which the vendor sends as a number or as text (quirk 5). Raises ValueError on anything else."""
    if value is None or value == "":
        return default
    count = int(str(value))
    if count < 0:
        raise ValueError("a count is not negative")
    return count
