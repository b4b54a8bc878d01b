"""When a delivery that was not taken is tried again. Pure."""

from datetime import datetime, timedelta

FIRST = timedelta(seconds=5)
LONGEST = timedelta(hours=1)
A_DAY = timedelta(days=1)
HOLDS = 5
"""So often in a row a webhook may fail before it is left alone as a whole."""


def pause(attempts: int, chance: float) -> timedelta:
    """How long to wait after so many attempts: each time twice as long, up to an hour. `chance` from 0 to 1 takes up
    to half of it off, so that what failed together does not come back together."""
    doublings = min(attempts - 1, 20)
    whole = min(FIRST * (1 << doublings), LONGEST)
    return whole * (1 - chance / 2)


def next_try(since: datetime, now: datetime, attempts: int, chance: float) -> datetime | None:
    """When to try again; None: it was tried for a day."""
    at = now + pause(attempts, chance)
    return at if at <= since + A_DAY else None


def held_until(now: datetime, failures: int, chance: float) -> datetime | None:
    """Until when a webhook that failed so often in a row is left alone."""
    return now + pause(failures - HOLDS + 1, chance) if failures >= HOLDS else None
