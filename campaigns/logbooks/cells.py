"""What a logbook's cells say: moments on the tenant's clock, yes and no."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.lists.cells import day
from campaigns.lists.vocabulary import fold
from campaigns.logbooks.vocabulary import NO, YES

EARLIEST = 2000
"""The first year that a logbook can be of."""
LAST_MINUTE = time(23, 59)
_CLOCK = re.compile(r"(\d{1,2})[:hH](\d{2})?(?::(\d{2})(?:\.\d+)?)?\s*([ap]m|sa|ch)?", re.ASCII | re.IGNORECASE)
_SERIAL = re.compile(r"\d{5}(\.\d+)", re.ASCII)
_SECONDS_A_DAY = 86_400


def moment(text: str, zone: ZoneInfo, clock: str = "", whole_day: time = LAST_MINUTE) -> datetime | None:
    """The moment of a cell in UTC: `2026-11-01 10:00`, `01/11/2026 10h30`, ISO with or without a zone, a spreadsheet's
    number. `clock` is a cell of its own for the hour. A day without an hour is `whole_day` of it, on the zone's clock:
    who counts contacts counts it for longest so. None for what is no moment."""
    text = text.strip()
    if (exact := _iso(text)) is not None:
        return exact.astimezone(UTC) if exact.year >= EARLIEST else None
    on = day(text)
    if on is None or on.year < EARLIEST:
        return None
    told = clock.strip() or _behind_the_day(text)
    hour = _time(told) if told else whole_day
    if hour is None:
        return None
    return datetime.combine(on, hour, zone).astimezone(UTC)


def _iso(text: str) -> datetime | None:
    """A moment that tells its own zone."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return None
    return told if told.tzinfo is not None else None


def _behind_the_day(text: str) -> str:
    if serial := _SERIAL.fullmatch(text):
        seconds = round(float(serial[1]) * _SECONDS_A_DAY)
        return str(timedelta(seconds=min(seconds, _SECONDS_A_DAY - 1)))
    return re.split(r"[ T,]+", text, maxsplit=1)[1].strip() if re.search(r"[ T,]", text) else ""


def _time(text: str) -> time | None:
    told = _CLOCK.fullmatch(text)
    if not told:
        return None
    hour, minute, second = int(told[1]), int(told[2] or 0), int(told[3] or 0)
    half = (told[4] or "").lower()
    if half in ("pm", "ch") and hour < 12:
        hour += 12
    if half in ("am", "sa") and hour == 12:
        hour = 0
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def yes(text: str) -> bool | None:
    """Yes or no; nothing is no. None for what is neither."""
    word = fold(text)
    if word in YES:
        return True
    return False if word in NO else None
