"""Connections that are open and say nothing, or say it a letter at a time: they are hung up.

The server reads a request's line and headers without a limit of time. So each connection is looked at every second, and
one that brought no whole head of a request within its time is closed. A request that is being answered is left alone;
how long its body may take, `bodies` knows.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from aiohttp import web

PATIENCE = 15.0
"""Seconds for the first request's head."""
REST = 620.0
"""Seconds for the head of a further one: load balancers rest their connections for ten minutes, and who hangs up before
they do loses the request that they just send."""
LOOK = 1.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Lines:
    """The connections of one server."""

    def __init__(self, patience: float = PATIENCE, rest: float = REST) -> None:
        self._patience = patience
        self._rest = rest
        self._busy: set[Any] = set()
        self._since: dict[Any, tuple[float, float]] = {}

    @property
    def middleware(self) -> Any:
        """What tells us that a request's head has come, and that it was answered."""

        @web.middleware
        async def telling(request: web.Request, handler: Handler) -> web.StreamResponse:
            line = request.protocol
            self._busy.add(line)
            try:
                return await handler(request)
            finally:
                self._busy.discard(line)
                self._since[line] = (anyio.current_time(), self._rest)

        return telling

    async def watch(self, runner: web.AppRunner) -> None:
        """Look at every connection, again and again, until cancelled."""
        while True:
            await anyio.sleep(LOOK)
            if runner.server is not None:
                self.look(runner.server.connections, anyio.current_time())

    def look(self, lines: Any, now: float) -> None:
        """Hang up where the time is over."""
        known, self._since = self._since, {}
        for line in lines:
            since, patience = self._since[line] = known.get(line, (now, self._patience))
            if line not in self._busy and now - since > patience:
                line.force_close()
