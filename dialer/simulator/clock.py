"""The PBX's time: waits pass `speed` times faster, reported seconds do not."""

import time
from collections.abc import Callable

import anyio


class Clock:
    """`wall` gives real seconds since 1970."""

    def __init__(self, speed: float, wall: Callable[[], float] = time.time) -> None:
        self.speed = speed
        self.now = wall

    async def wait(self, seconds: float) -> None:
        """Let so many unscaled seconds pass."""
        await anyio.sleep(seconds / self.speed)

    def real(self, seconds: float) -> float:
        """Unscaled seconds -> how long they really last."""
        return seconds / self.speed

    def unscaled(self, since: float) -> int:
        """Whole unscaled seconds since a moment of `now`."""
        return max(0, round((self.now() - since) * self.speed))
