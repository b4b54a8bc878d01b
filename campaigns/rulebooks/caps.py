"""How often at the most: a limit over what happened in a rolling or a calendar window. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from campaigns.words import Basis, Per

from .calendars import UnknownZone, midnight, today

MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` of something, for each person, number … or combination of them in `per`.

    Either `hours` is given, a window that rolls, or `days`: days of the person's calendar, today included. So seven
    days after a call on a Monday it counts until Sunday's end. A quiet time after a conversation is a limit of one.
    """

    id: str
    limit: int
    of: Basis
    per: frozenset[Per]
    hours: int | None = None
    days: int | None = None

    def __str__(self) -> str:
        days = "one day" if self.days == 1 else f"{self.days} days"
        window = f"{self.hours} rolling hours" if self.hours is not None else f"{days} of the calendar"
        return f"at most {self.limit} {self.of} for each {' and '.join(sorted(self.per))} in {window}"

    @property
    def reach(self) -> timedelta:
        """No moment that is longer ago counts, in any zone."""
        # A day of the calendar may have 25 hours, and where whole zones were moved a few more.
        return timedelta(hours=self.hours) if self.hours is not None else timedelta(days=self.days or 0, hours=4)

    def since(self, now: datetime, zones: Sequence[str]) -> datetime:
        """The earliest moment that still counts in any of the zones. Raises `UnknownZone`."""
        if self.hours is not None:
            return now.astimezone(UTC) - timedelta(hours=self.hours) + MOMENT
        return min(self._since(now, name) for name in _known(zones))

    def freed(self, now: datetime, zones: Sequence[str], moments: Sequence[datetime]) -> datetime | None:
        """None where one more is allowed now, else the first moment at which one more is, in every zone.

        `moments` are those of what is counted, in any order; older ones do not disturb, and one that is still to come
        counts. Raises `UnknownZone`.
        """
        if len(moments) < self.limit:
            return None
        if self.hours is not None:
            return self._freed_rolling(now, moments)
        waits = [self._freed_in(now, name, moments) for name in _known(zones)]
        return max((wait for wait in waits if wait is not None), default=None)

    def _freed_rolling(self, now: datetime, moments: Sequence[datetime]) -> datetime | None:
        last = self._last_in_the_way(self.since(now, ()), moments)
        return (last + timedelta(hours=self.hours or 0)).astimezone(now.tzinfo) if last else None

    def _freed_in(self, now: datetime, name: str, moments: Sequence[datetime]) -> datetime | None:
        last = self._last_in_the_way(self._since(now, name), moments)
        if last is None:
            return None
        return midnight(name, today(name, last) + timedelta(days=self.days or 0)).astimezone(now.tzinfo)

    def _since(self, now: datetime, name: str) -> datetime:
        return midnight(name, today(name, now) - timedelta(days=(self.days or 0) - 1))

    def _last_in_the_way(self, since: datetime, moments: Sequence[datetime]) -> datetime | None:
        """The moment that must be forgotten before there is room for one more, in UTC."""
        counted = sorted(moment.astimezone(UTC) for moment in moments if moment >= since)
        return counted[-self.limit] if len(counted) >= self.limit else None


def _known(zones: Sequence[str]) -> Sequence[str]:
    if not zones:
        raise UnknownZone("")
    return zones
