"""A day or a moment as somebody types it, on the tenant's clock."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.terms import BadTerms


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
