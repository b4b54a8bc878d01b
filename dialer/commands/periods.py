"""Days and moments as people type them, on the tenant's clock."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from campaigns.logbooks.cells import moment as parsed
from campaigns.terms import BadTerms, seconds
from dialer.commands.session import Desk

_CLOCK = re.compile(r"\d{1,2}:\d{2}", re.ASCII)


def begins(text: str | None, option: str, zone: str) -> datetime | None:
    """The first moment of a day, or the moment itself. Raises `BadTerms`."""
    found = _read(text, option)
    return None if found is None else _there(found, zone)


def ends(text: str | None, option: str, zone: str) -> datetime | None:
    """The end of a day, or the moment itself. Raises `BadTerms`."""
    found = _read(text, option)
    if found is None or isinstance(found, datetime):
        return None if found is None else _there(found, zone)
    return _there(found + timedelta(days=1), zone)


def _read(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        raise BadTerms(option, "must be a day such as 2026-11-20, or a moment such as 2026-11-20T08:30") from None


def _there(found: date, zone: str) -> datetime:
    moment = found if isinstance(found, datetime) else datetime.combine(found, time())
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def promised(text: str, option: str, zone: str, now: datetime) -> datetime:
    """A moment to come: `2026-11-22 15:30` or today's `15:30` on the clock of a zone, or `+2h`. Raises `BadTerms`."""
    told = text.strip()
    wait = seconds(told[1:]) if told.startswith("+") else None
    if wait is not None:
        return now + timedelta(seconds=wait)
    try:
        moment = _today(told, zone, now) if _CLOCK.fullmatch(told) else datetime.fromisoformat(told)
    except ValueError:
        raise BadTerms(option, "must be a time such as '2026-11-22 15:30', 15:30 or +2h") from None
    if len(told) == len("2026-11-22"):
        raise BadTerms(option, "names a day and no time, as in '2026-11-22 15:30'")
    there = _there(moment, zone)
    if moment.tzinfo is None and there.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != moment:
        raise BadTerms(option, f"names a time that the clocks of {zone} leave out that day")
    return there


def _today(clock: str, zone: str, now: datetime) -> datetime:
    hours, minutes = clock.split(":")
    return datetime.combine(now.astimezone(ZoneInfo(zone)).date(), time(int(hours), int(minutes)))


def known_zone(name: str, option: str) -> str:
    """A time zone's name. Raises `BadTerms`."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise BadTerms(option, "must be a time zone such as Asia/Ho_Chi_Minh") from None
    return name


def typed(desk: Desk, option: str, text: str, whole_day: time = time.min) -> datetime:
    """A moment; a day alone is `whole_day` of it. Raises `BadTerms`."""
    found = parsed(text, ZoneInfo(desk.tenant.zone), whole_day=whole_day)
    if found is None:
        raise BadTerms(option, f"{text!r} must be a time such as 2026-11-01T10:00, or a day such as 2026-11-01")
    return found


def past(desk: Desk, option: str, text: str | None) -> datetime:
    """A moment that has been; now, where none is typed. Raises `BadTerms`."""
    found = typed(desk, option, text) if text else desk.now
    if found > desk.now:
        raise BadTerms(option, f"{text!r} is still to come")
    return found
