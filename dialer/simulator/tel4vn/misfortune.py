"""Where requests go wrong: a middleware between the vendor's operations and the wire."""

from collections import Counter
from random import Random

import anyio
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from dialer.simulator.faults import Faults

PLACING = frozenset(
    {
        ("GET", "/v1/click2call"),
        ("GET", "/v1/click2call/async"),
        ("POST", "/v2/click2call"),
        ("POST", "/v2/autodialer/queue"),
        ("POST", "/v2/autocall/queue"),
        ("POST", "/v2/customer"),
    }
)
"""The operations that make a telephone ring."""


OWN = "/simulator/"
"""The simulator's own operations, which nothing befalls."""


class Misfortune:
    """Strikes requests by chance. The chances follow the order of requests, drawn from `dice`."""

    def __init__(self, faults: Faults, dice: Random) -> None:
        self.faults = faults
        self.requests: Counter[tuple[str, str]] = Counter()
        self._dice = dice
        self._under_way: set[anyio.CancelScope] = set()

    def strikes(self, rate: float) -> bool:
        return rate > 0 and self._dice.random() < rate

    def middleware(self) -> Middleware:
        @web.middleware
        async def misfortune(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path.startswith(OWN):
                return await handler(request)
            self.requests[request.method, request.path] += 1
            with anyio.CancelScope() as scope:
                self._under_way.add(scope)
                try:
                    return await self._befall(request, handler)
                finally:
                    self._under_way.remove(scope)
            return _failure(503, "Service Unavailable")

        return misfortune

    def end(self) -> None:
        """Let go of requests whose client has gone: the server waits for none of these, so they would never end."""
        for scope in self._under_way:
            scope.cancel()

    async def _befall(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        placing = (request.method, request.path) in PLACING
        early = self._before(placing)
        if early is not None:
            return early
        return await self._after(request, await handler(request), placing)

    def _before(self, placing: bool) -> web.Response | None:
        faults = self.faults
        if self.strikes(faults.throttle_rate):
            return _failure(429, "Too Many Requests", {"Retry-After": str(faults.retry_after)})
        if self.strikes(faults.error_rate) or (placing and self.strikes(faults.place_error_rate)):
            return _failure(500, "Internal Server Error")
        return None

    async def _after(self, request: web.Request, answer: web.StreamResponse, placing: bool) -> web.StreamResponse:
        await anyio.sleep(self.faults.slow_seconds)
        if not placing:
            return answer
        if self.strikes(self.faults.hang_rate):
            await anyio.sleep_forever()
        if self.strikes(self.faults.close_after_reading_rate) and request.transport is not None:
            request.transport.close()
        if self.strikes(self.faults.place_error_after_rate):
            return _failure(500, "Internal Server Error")
        return answer


def _failure(status: int, words: str, headers: dict[str, str] | None = None) -> web.Response:
    body = {"code": status, "content": words, "error": words}
    return web.json_response(body, status=status, headers=headers)
