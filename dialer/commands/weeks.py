"""Opening hours as a small picture: a line a day, two characters an hour."""

from campaigns.rulebooks import Hours, Window
from campaigns.rulebooks.hours import DAY, WEEKDAYS, written
from dialer.commands.language import label

CELL = 30
SCALE = "".join(f"{hour:<6}" for hour in range(0, 24, 3))


def picture(hours: Hours) -> list[str]:
    """The week, the holidays where they differ, and the special days; each with its windows beside it."""
    days = {label(day): (hours.week[at], hours.week[at - 1]) for at, day in enumerate(WEEKDAYS)}
    if hours.holidays is not None:
        days[label("holidays")] = (hours.holidays, ())
    days |= {str(day): (windows, ()) for day, windows in sorted(hours.special.items())}
    width = max(map(len, days))
    lines = [f"{day:<{width}}  {_bar(own, before)}  {_beside(own)}" for day, (own, before) in days.items()]
    return [f"{'':<{width}}  {SCALE}".rstrip(), *lines]


def _bar(own: tuple[Window, ...], before: tuple[Window, ...]) -> str:
    """A day's bar: full where it is open, grey where a half hour is only partly so."""
    windows = [*own, *(window.later(-DAY) for window in before)]
    return "".join(_cell(windows, begins) for begins in range(0, DAY, CELL))


def _cell(windows: list[Window], begins: int) -> str:
    opened = sum(max(0, min(one.closes, begins + CELL) - max(one.opens, begins)) for one in windows)
    return "█" if opened >= CELL else "▒" if opened else "·"


def _beside(windows: tuple[Window, ...]) -> str:
    return written(windows) if windows else label("closed")
