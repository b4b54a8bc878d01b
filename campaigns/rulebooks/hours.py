"""Opening hours on the clocks of everywhere that somebody could be. Pure.

Each clock's windows become spans of moments, day by day, and the spans of all clocks are intersected; what is left is
kept, so that the next question for the same day is a look into a dictionary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from typing import Final, Literal

from .calendars import Span, UnknownZone, public_holidays, readings, shared, zone

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY: Final = 24 * 60
FURTHEST: Final = 400
"""Days. What does not open within them never opens."""
KEPT: Final = 4096


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Minutes after a day began: `opens` is included, `closes` is not. Over midnight, `closes` is more than a day."""

    opens: int
    closes: int

    def __str__(self) -> str:
        closes = self.closes - DAY if self.closes > DAY else self.closes
        return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (self.opens, closes))

    def later(self, minutes: int) -> "Window":
        return Window(self.opens + minutes, self.closes + minutes)


@dataclass(frozen=True, slots=True)
class AgreedHours:
    """What one person agreed to, by his own clock. `closes` at or before `opens` is on the next day.

    All that was agreed with a person is his whole week: at any other time of it he is not called.
    """

    opens: time
    closes: time
    weekdays: frozenset[int] = frozenset(range(7))
    """Monday is 0. They are the days on which it opens."""

    @property
    def window(self) -> Window:
        opens, closes = (clock.hour * 60 + clock.minute for clock in (self.opens, self.closes))
        return Window(opens, closes if closes > opens else closes + DAY)


ALL_DAY: Final = (Window(0, DAY),)


@dataclass(frozen=True, slots=True)
class Hours:
    week: tuple[tuple[Window, ...], ...]
    """Seven days from Monday on, each with its windows; none: closed."""
    holidays: tuple[Window, ...] | None = None
    """Of a public holiday; None: it is a day like any other."""
    special: Mapping[date, tuple[Window, ...]] = field(default_factory=dict)
    country: str = ""
    subdivision: str | None = None
    """Whose public holidays: the country, and the part of it where those differ."""
    zones: Literal["first", "all"] = "first"
    """Which zones are asked about: see `campaigns.zones.candidates`."""
    agreed: Literal["narrows", "replaces"] = "narrows"
    rule: str | None = None
    _spans: dict[tuple[object, ...], list[Span]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def opens(
        self, zones: Sequence[str], now: datetime, ring_for: timedelta, agreed: Sequence[AgreedHours] = ()
    ) -> datetime | None:
        """`now` where ringing may begin now and end before closing in every zone, else the first later moment at which
        it may; None where there is none within `FURTHEST` days.

        `ring_for` is shorter than a day. Raises `UnknownZone` for a name that IANA does not know, and for no name.
        """
        names, promised = tuple(zones), tuple(agreed)
        moment = now.astimezone(UTC)
        for ordinal in range(moment.toordinal(), moment.toordinal() + FURTHEST + 1):
            for begins, ends in self._open(names, ordinal, promised):
                start = begins if begins > moment else moment
                if start + ring_for < ends:
                    return now if start is moment else start.astimezone(now.tzinfo)
        return None

    def windows(self, day: date) -> tuple[Window, ...]:
        """Those that open on a day: a special day's own, else a holiday's, else the weekday's.

        On a holiday and on a special day nothing else holds, so a window of the day before ends at midnight.
        """
        return self._windows(day, self.week[day.weekday()])

    def _windows(self, day: date, otherwise: tuple[Window, ...]) -> tuple[Window, ...]:
        own = self._of(day, otherwise)
        if any(window.closes > DAY for window in own) and self._set_apart(day + timedelta(days=1)):
            return tuple(Window(window.opens, min(window.closes, DAY)) for window in own)
        return own

    def _of(self, day: date, otherwise: tuple[Window, ...]) -> tuple[Window, ...]:
        if day in self.special:
            return self.special[day]
        return self.holidays if self.holidays is not None and self._is_holiday(day) else otherwise

    def _set_apart(self, day: date) -> bool:
        return day in self.special or (self.holidays is not None and self._is_holiday(day))

    def _is_holiday(self, day: date) -> bool:
        return day in public_holidays(self.country, self.subdivision, day.year)

    def _open(self, names: tuple[str, ...], ordinal: int, agreed: tuple[AgreedHours, ...]) -> list[Span]:
        """The spans that touch a day of UTC, whole."""
        asked = (names, ordinal, agreed)
        spans = self._spans.get(asked)
        if spans is None:
            if not names:
                raise UnknownZone("")
            if len(self._spans) >= KEPT:
                self._spans.clear()
            spans = self._spans[asked] = self._reckoned(names, ordinal, agreed)
        return spans

    def _reckoned(self, names: tuple[str, ...], ordinal: int, agreed: tuple[AgreedHours, ...]) -> list[Span]:
        # A local day may begin 14 hours before the one of UTC, and a window may run into the day after its own.
        days = [date.fromordinal(day) for day in range(ordinal - 2, ordinal + 3)]
        begins = datetime.combine(days[2], time(), UTC)
        everywhere = reduce(shared, (self._spans_in(name, days, agreed) for name in names))
        return [span for span in everywhere if span[1] > begins and span[0] < begins + timedelta(days=1)]

    def _spans_in(self, name: str, days: list[date], agreed: tuple[AgreedHours, ...]) -> list[Span]:
        zone(name)
        if not agreed:
            return _spans(name, [(day, self.windows(day)) for day in days])
        promised = [(day, tuple(one.window for one in agreed if day.weekday() in one.weekdays)) for day in days]
        ours = [(day, self.windows(day) if self.agreed == "narrows" else self._windows(day, ALL_DAY)) for day in days]
        return shared(_spans(name, ours), _spans(name, promised))


ANY_TIME: Final = Hours(week=(ALL_DAY,) * 7)
"""For who has agreed hours under a rulebook without any."""


def _spans(name: str, plan: Sequence[tuple[date, Sequence[Window]]]) -> list[Span]:
    """The windows of consecutive days as moments. Of a time that the clock shows twice, an opening means the second and
    a closing the first."""
    first = plan[0][0]
    # Made one before the clock is asked, so that no midnight stands between windows that touch.
    windows = union([window.later(past * DAY) for past, (_, own) in enumerate(plan) for window in own])
    spans = [(readings(name, first, one.opens)[1], readings(name, first, one.closes)[0]) for one in windows]
    return [(begins, ends) for begins, ends in spans if begins < ends]


def union(windows: Sequence[Window]) -> tuple[Window, ...]:
    """In order, and those that touch or overlap made one."""
    whole: list[Window] = []
    for window in sorted(windows):
        if whole and window.opens <= whole[-1].closes:
            whole[-1] = Window(whole[-1].opens, max(window.closes, whole[-1].closes))
        else:
            whole.append(window)
    return tuple(whole)


def written(windows: Sequence[Window]) -> str:
    """As people read it: `10:00-13:00, 14:00-20:00`, or `closed`."""
    return ", ".join(map(str, windows)) or "closed"
