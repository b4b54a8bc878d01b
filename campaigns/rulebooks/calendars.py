"""Zones, days and public holidays: what a clock on somebody's wall says, and the moments that it can mean. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Span = tuple[datetime, datetime]
"""From the first moment, which is included, to the last, which is not; both in UTC."""


SECOND: Final = timedelta(seconds=1)


class UnknownZone(Exception):
    """The time zone's name is not in the IANA database: nobody can say what time it is there."""


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises `UnknownZone`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise UnknownZone(name) from unknown


def readings(name: str, day: date, minutes: int) -> Span:
    """The earlier and the later moment that a clock's time can mean, so many minutes after a day began.

    They differ where clocks are set back and show a time twice. A time that they skip is the moment of the skip.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    once, again = (wall.replace(tzinfo=zone(name), fold=fold).astimezone(UTC) for fold in (0, 1))
    # Python reads a skipped time with the clock of before the skip at fold 0: that is the later moment.
    return (once, again) if once <= again else (_skip(name, again, once),) * 2


def _skip(name: str, before: datetime, after: datetime) -> datetime:
    """The first moment after the clocks were set forward, which is between the two."""
    offset = before.astimezone(zone(name)).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        still_before = middle.astimezone(zone(name)).utcoffset() == offset
        before, after = (middle, after) if still_before else (before, middle)
    return after


def midnight(name: str, day: date) -> datetime:
    """The moment at which a day begins in a zone, in UTC."""
    return datetime.combine(day, time(), zone(name)).astimezone(UTC)


def today(name: str, now: datetime) -> date:
    """The date on a wall of the zone."""
    return now.astimezone(zone(name)).date()


@cache
def public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """The public holidays of a country's year, those of the lunar calendar included. Raises `NotImplementedError`
    for a country or a part of it that the library does not know."""
    # Imported here: most rulebooks know no holidays, and it costs a second.
    import holidays

    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


def shared(first: Sequence[Span], second: Sequence[Span]) -> list[Span]:
    """What is open in both."""
    both = ((max(one[0], other[0]), min(one[1], other[1])) for one in first for other in second)
    return sorted((begins, ends) for begins, ends in both if begins < ends)
