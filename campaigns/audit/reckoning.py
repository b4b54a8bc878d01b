"""What reached a person or a number before the call that is judged, counted one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.audit.cases import OURS, Case
from campaigns.words import CallState, Channel, Origin, Purpose
from campaigns.words import Outcome as Ended


@dataclass(frozen=True, slots=True)
class Touch:
    """A call or a contact before the one that is judged; `known_at` is when we learned of it."""

    row: Any
    at: datetime
    known_at: datetime
    attempt: bool
    message: bool
    conversation: bool
    contracts: tuple[str, ...]


def touches(case: Case) -> Iterator[Touch]:
    """What reached the person or the number before this call."""
    for row in case.others:
        before = (row.intended_at, row.id) < (case.call.intended_at, case.call.id)
        if before and row.state is not CallState.RELEASED:
            yield from _of_a_call(row, case.over)
    for row in case.contacts:
        if row.at <= case.call.intended_at:
            contract = (row.contract_number,) if row.contract_number else ()
            called = row.channel is Channel.CALL
            yield Touch(row, row.at, row.recorded_at, called, not called, row.conversation, contract)


def _of_a_call(row: Any, over: dict[int, datetime]) -> Iterator[Touch]:
    at = row.ringing_at or row.placed_at or row.intended_at
    attempt = row.origin is Origin.HAND or (row.origin in OURS and row.charged)
    spoke = row.outcome is Ended.ANSWERED and bool(row.billsec or (row.answered_at and row.origin not in OURS))
    contracts = tuple(row.contracts)
    yield Touch(row, at, row.intended_at, attempt, False, False, contracts)
    if spoke:
        # That they spoke is known when the call is over.
        known = over.get(row.id) or row.settled_at or row.intended_at
        yield Touch(row, at, known, False, False, True, contracts)


def counts(touch: Touch, cap: dict[str, Any]) -> bool:
    """Whether it is one of what the cap is over."""
    if cap["of"] == "attempts":
        return touch.attempt
    if cap["of"] == "conversations":
        return touch.conversation
    return (touch.attempt or touch.message) and touch.row.purpose in (Purpose.DEBT_REMINDER, None)


def same(touch: Touch, case: Case, cap: dict[str, Any], debt: str | None) -> bool:
    """Whether it agrees with the call in all that the cap goes by."""
    row, call = touch.row, case.call
    for per in cap["per"]:
        if per == "person" and row.person_id != call.person_id:
            return False
        if per == "number" and row.phone != call.phone:
            return False
        if per == "campaign" and getattr(row, "campaign_id", None) != call.campaign_id:
            return False
        if per == "advertiser" and not _same_advertiser(row, call):
            return False
        if per == "debt" and debt is not None and touch.contracts and debt not in touch.contracts:
            return False
    return True


def _same_advertiser(row: Any, call: Any) -> bool:
    """Whose advertiser is not told, and who may have advertised, counts."""
    if row.advertiser is None:
        return row.purpose in (Purpose.MARKETING, None)
    return bool(row.advertiser == call.advertiser)


def in_window(at: datetime, case: Case, cap: dict[str, Any], zones: Sequence[ZoneInfo]) -> bool:
    """Whether it still counts, in any of the zones."""
    now = case.call.intended_at
    if "hours" in cap:
        return bool(at > now - timedelta(hours=cap["hours"]))
    return any(_days_between(at, now, zone) < cap["days"] for zone in zones)


def _days_between(at: datetime, now: datetime, zone: ZoneInfo) -> int:
    first: date = at.astimezone(zone).date()
    return (now.astimezone(zone).date() - first).days
