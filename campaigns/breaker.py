"""The circuit breaker of a vendor account and hotline: is the carrier alive? Pure.

It is not a counter that somebody keeps but a judgement over the newest dials of the ledger, so a crash loses nothing
and several workers agree. A long run without one answer is a dead carrier, not a bad list.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import takewhile
from typing import Any

from campaigns.timing import Timing
from campaigns.words import Reason

FAST = 2
"""Seconds: a call that fails within them never reached a telephone network that works."""
LOOK_BACK = 100
SLOW_AT = {Reason.REQUESTS_FAIL: 3, Reason.CALLS_FAIL_FAST: 8, Reason.NO_ANSWERS: 60}
OPEN_AT = {Reason.REQUESTS_FAIL: 5, Reason.CALLS_FAIL_FAST: 15, Reason.NO_ANSWERS: LOOK_BACK}
PROBES = {Reason.REQUESTS_FAIL: 1, Reason.CALLS_FAIL_FAST: 3, Reason.NO_ANSWERS: 10}
"""How many probes in a row must show the same trouble before the breaker opens again."""
LONGEST_DOUBLING = 5


class Position(StrEnum):
    CLOSED = "closed"
    SLOWED = "slowed"
    OPEN = "open"
    PROBING = "probing"


@dataclass(frozen=True, slots=True)
class Dial:
    """One hand-over as the breaker sees it. None: not known yet."""

    at: datetime
    request_failed: bool | None
    failed_fast: bool | None
    answered: bool | None


@dataclass(frozen=True, slots=True)
class Breaker:
    """`since` is when the position was taken; `trips` how often in a row it opened."""

    position: Position = Position.CLOSED
    reason: Reason | None = None
    since: datetime | None = None
    until: datetime | None = None
    trips: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "position": self.position.value,
            "reason": self.reason.value if self.reason else None,
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "trips": self.trips,
        }

    @staticmethod
    def from_json(data: dict[str, Any] | None) -> "Breaker":
        if not data:
            return Breaker()
        moments = {name: datetime.fromisoformat(data[name]) if data[name] else None for name in ("since", "until")}
        reason = Reason(data["reason"]) if data["reason"] else None
        return Breaker(Position(data["position"]), reason, moments["since"], moments["until"], data["trips"])

    def room(self, unanswered: int) -> int | None:
        """How many more calls may start beside those unanswered; None where the breaker sets no limit."""
        allowed = {Position.OPEN: 0, Position.PROBING: 1, Position.SLOWED: 2}
        return None if self.position is Position.CLOSED else allowed[self.position] - unanswered


def judge(breaker: Breaker, newest_first: Sequence[Dial], now: datetime, timing: Timing) -> Breaker:
    """What the newest dials make of a breaker."""
    breaker = _in_time(breaker, now)
    if breaker.position is Position.OPEN:
        if breaker.until is not None and now < breaker.until:
            return breaker
        return replace(breaker, position=Position.PROBING, since=now, until=None)
    if breaker.position is Position.PROBING:
        return _probed(breaker, newest_first, now, timing)
    since = breaker.since if breaker.position is Position.CLOSED else None
    runs = _runs(dial for dial in newest_first if since is None or dial.at >= since)
    for reason, limit in OPEN_AT.items():
        if runs[reason] >= limit:
            return _opened(breaker, reason, now, timing)
    for reason, limit in SLOW_AT.items():
        if runs[reason] >= limit:
            slowed = breaker.position is Position.SLOWED and breaker.reason is reason
            return breaker if slowed else Breaker(Position.SLOWED, reason, now, None, breaker.trips)
    return Breaker(since=since) if breaker.position is Position.SLOWED else breaker


def _in_time(breaker: Breaker, now: datetime) -> Breaker:
    """A position of a moment that is yet to come was taken before the clock was set back: it counts from now, or no
    dial would be one since then, and an open breaker would wait for the clock."""
    if breaker.since is None or breaker.since <= now:
        return breaker
    return replace(breaker, since=now, until=breaker.until and now + (breaker.until - breaker.since))


def _probed(breaker: Breaker, newest_first: Sequence[Dial], now: datetime, timing: Timing) -> Breaker:
    """Since probing began: one good sign closes, as many bad ones as the trouble takes to be sure of open again."""
    reason, since = breaker.reason, breaker.since
    assert reason is not None
    assert since is not None
    probes = [dial for dial in newest_first if dial.at >= since]
    if any(_good(reason, dial) for dial in probes):
        return Breaker(since=now)
    if _runs(probes)[reason] >= PROBES[reason]:
        return _opened(breaker, reason, now, timing)
    return breaker


def _opened(breaker: Breaker, reason: Reason, now: datetime, timing: Timing) -> Breaker:
    pause = timing.breaker_pause * 2 ** min(breaker.trips, LONGEST_DOUBLING)
    return Breaker(Position.OPEN, reason, now, now + pause, breaker.trips + 1)


def _good(reason: Reason, dial: Dial) -> bool:
    match reason:
        case Reason.REQUESTS_FAIL:
            return dial.request_failed is False
        case Reason.CALLS_FAIL_FAST:
            return dial.failed_fast is False
    return dial.answered is True


def _runs(newest_first: Iterable[Dial]) -> dict[Reason, int]:
    """How many of the newest dials in a row show each trouble; those still in flight tell nothing and are passed."""
    dials = list(newest_first)
    asked = [dial for dial in dials if dial.request_failed is not None]
    fast = [dial for dial in dials if dial.failed_fast is not None]
    told = [dial for dial in dials if dial.answered is not None]
    return {
        Reason.REQUESTS_FAIL: _length(takewhile(lambda dial: dial.request_failed, asked)),
        Reason.CALLS_FAIL_FAST: _length(takewhile(lambda dial: dial.failed_fast, fast)),
        Reason.NO_ANSWERS: _length(takewhile(lambda dial: not dial.answered, told)),
    }


def _length(dials: Iterable[Dial]) -> int:
    return sum(1 for _ in dials)
