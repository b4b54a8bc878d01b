"""Whoever guesses secrets is made to wait: so many failed requests for a token a minute, and no more.

Counted is by client and address together, so that a stranger who guesses does not lock the real client out, and by
address alone, for those who try many clients. Each worker counts for itself: a guess costs tens of milliseconds of a
few slots anyway, and a secret has 256 bits.
"""

from dataclasses import dataclass

import anyio

WINDOW = 60.0
OF_ONE_CLIENT = 10
OF_ONE_ADDRESS = 100
REMEMBERED = 10_000
"""Beyond so many names the oldest are forgotten: strangers may invent them."""


@dataclass(slots=True)
class _Count:
    since: float
    failures: int = 0


class Guesses:
    def __init__(self) -> None:
        self._counts: dict[tuple[str, ...], _Count] = {}

    def wait(self, client_id: str, address: str) -> int:
        """Seconds until this client may try again from this address; 0: now."""
        now = anyio.current_time()
        limits = ((address, client_id), OF_ONE_CLIENT), ((address,), OF_ONE_ADDRESS)
        waits = [self._left(key, most, now) for key, most in limits]
        return max(waits)

    def failed(self, client_id: str, address: str) -> None:
        now = anyio.current_time()
        for key in ((address, client_id), (address,)):
            count = self._counts.get(key)
            if count is None or now - count.since >= WINDOW:
                # At the end of the row, so that the oldest stand at its beginning.
                self._counts.pop(key, None)
                count = self._counts[key] = _Count(now)
            count.failures += 1
        while len(self._counts) > REMEMBERED:
            del self._counts[next(iter(self._counts))]

    def _left(self, key: tuple[str, ...], most: int, now: float) -> int:
        count = self._counts.get(key)
        if count is None or count.failures < most:
            return 0
        return max(0, round(count.since + WINDOW - now + 0.5))
