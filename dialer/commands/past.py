"""Moments as people type them, on the tenant's clock."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from campaigns.logbooks.cells import moment
from campaigns.terms import BadTerms
from dialer.commands.session import Desk


def typed(desk: Desk, option: str, text: str, whole_day: time = time.min) -> datetime:
    """A moment; a day alone is `whole_day` of it. Raises `BadTerms`."""
    found = moment(text, ZoneInfo(desk.tenant.zone), whole_day=whole_day)
    if found is None:
        raise BadTerms(option, f"{text!r} must be a time such as 2026-11-01T10:00, or a day such as 2026-11-01")
    return found


def past(desk: Desk, option: str, text: str | None) -> datetime:
    """A moment that has been; now, where none is typed. Raises `BadTerms`."""
    found = typed(desk, option, text) if text else desk.now
    if found > desk.now:
        raise BadTerms(option, f"{text!r} is still to come")
    return found
