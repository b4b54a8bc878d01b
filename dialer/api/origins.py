"""Pages of other origins (CORS): none may read an answer, unless a setting names its origin.

Tokens come in a header and never in a cookie, so a page can do nothing with a visitor's rights that it was not given.
"""

from collections.abc import Iterable

from aiohttp import hdrs, web

OURS = ("ETag", "Link", "Location", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After")
TOLD = ", ".join((*OURS, "X-Request-ID", "X-Next-Cursor", "Deprecation", "Sunset"))
TAKEN = "Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match, X-Request-ID"
REMEMBERED = "600"


class Origins:
    def __init__(self, told: str) -> None:
        self._allowed = {one.strip().rstrip("/") for one in told.split(",") if one.strip()}

    def preflight(self, request: web.Request, verbs: Iterable[str]) -> web.Response | None:
        """The answer to a browser that asks whether it may ask; None where it is no such question, or may not."""
        asked = request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        if not asked or not self._allows(request):
            return None
        return web.Response(
            status=204,
            headers={
                hdrs.ACCESS_CONTROL_ALLOW_METHODS: ", ".join(sorted(verbs)),
                hdrs.ACCESS_CONTROL_ALLOW_HEADERS: TAKEN,
                hdrs.ACCESS_CONTROL_MAX_AGE: REMEMBERED,
            },
        )

    def mark(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Say that this origin may read the answer, where it may."""
        if not self._allowed:
            return
        answer.headers[hdrs.VARY] = ", ".join(filter(None, (answer.headers.get(hdrs.VARY), hdrs.ORIGIN)))
        if self._allows(request):
            answer.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = request.headers[hdrs.ORIGIN]
            answer.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = TOLD

    def _allows(self, request: web.Request) -> bool:
        return request.headers.get(hdrs.ORIGIN, "") in self._allowed
