"""How much a client may ask in a minute, over all web workers together.

A worker takes a share of what is left from the database and answers from it, so a request seldom costs a transaction.
No minute has more than the limit; where several workers serve one client, a share that one of them did not use up may
be missing from it.
"""

from dataclasses import dataclass
from typing import Any

import anyio
from sqlalchemy import Connection

from campaigns import clients
from campaigns.clients import Share
from dialer.api.problems import Problem, Refused
from dialer.database import Database, clock


@dataclass(slots=True)
class Purse:
    """What this worker may still answer for a client, and until when (on the loop's clock)."""

    mine: int
    left: int
    ends: float


class Limits:
    def __init__(self, database: Database, a_minute: int) -> None:
        self._database = database
        self._a_minute = a_minute
        self._purses: dict[int, Purse] = {}
        self._locks: dict[int, anyio.Lock] = {}

    async def spend(self, client: Any) -> list[tuple[str, str]]:
        """Count one request; the headers that say what is left. Raises `Refused` where nothing is."""
        async with self._locks.setdefault(client.id, anyio.Lock()):
            purse = await self._purse(client)
            told = self._headers(purse)
            if purse.mine <= 0:
                wait = dict(told)["RateLimit-Reset"]
                raise Refused(Problem.TOO_MANY_REQUESTS, headers=[*told, ("Retry-After", wait)])
            purse.mine -= 1
            return self._headers(purse)

    async def _purse(self, client: Any) -> Purse:
        purse = self._purses.get(client.id)
        over = purse is None or anyio.current_time() >= purse.ends
        if purse is None or over or (purse.mine <= 0 and purse.left > 0):
            share, seconds = await self._database.write(_take, client, self._a_minute)
            purse = Purse(share.granted, share.left, anyio.current_time() + seconds)
            self._purses[client.id] = purse
        return purse

    def _headers(self, purse: Purse) -> list[tuple[str, str]]:
        seconds = max(1, round(purse.ends - anyio.current_time() + 0.5))
        told = {"Limit": self._a_minute, "Remaining": purse.mine + purse.left, "Reset": seconds}
        return [(f"RateLimit-{name}", str(value)) for name, value in told.items()]


def _take(conn: Connection, client: Any, a_minute: int) -> tuple[Share, float]:
    now = clock(conn)
    share = clients.take_share(conn, now, client, a_minute)
    return share, (share.ends_at - now).total_seconds()
