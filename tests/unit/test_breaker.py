"""The circuit breaker: a dead carrier stops the dialing, single probes find out when it is back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from campaigns.breaker import LOOK_BACK, OPEN_AT, PROBES, SLOW_AT, Breaker, Dial, Position, judge
from campaigns.timing import Timing
from campaigns.words import Reason

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TIMING = Timing()
TROUBLES = {
    Reason.REQUESTS_FAIL: Dial(START, request_failed=True, failed_fast=None, answered=None),
    Reason.CALLS_FAIL_FAST: Dial(START, request_failed=False, failed_fast=True, answered=False),
    Reason.NO_ANSWERS: Dial(START, request_failed=False, failed_fast=False, answered=False),
}
ANSWERED = Dial(START, request_failed=False, failed_fast=False, answered=True)
IN_FLIGHT = Dial(START, request_failed=False, failed_fast=None, answered=None)
ON_ITS_WAY = Dial(START, request_failed=None, failed_fast=None, answered=None)


def after(breaker: Breaker, dials: Sequence[Dial], seconds: float = 0) -> Breaker:
    return judge(breaker, dials, START + timedelta(seconds=seconds), TIMING)


def opened(reason: Reason) -> Breaker:
    return after(Breaker(), [TROUBLES[reason]] * OPEN_AT[reason])


@pytest.mark.parametrize("reason", list(TROUBLES))
def test_trouble_slows_first_and_then_opens(reason: Reason) -> None:
    dial = TROUBLES[reason]
    assert after(Breaker(), [dial] * (SLOW_AT[reason] - 1)).position is Position.CLOSED
    slowed = after(Breaker(), [dial] * SLOW_AT[reason])
    assert (slowed.position, slowed.reason) == (Position.SLOWED, reason)
    assert (opened(reason).position, opened(reason).reason) == (Position.OPEN, reason)


def test_a_hundred_dials_without_one_answer_open_it_and_one_answer_among_them_does_not() -> None:
    silent = [TROUBLES[Reason.NO_ANSWERS]] * LOOK_BACK
    assert after(Breaker(), silent).position is Position.OPEN
    assert after(Breaker(), [*silent[:50], ANSWERED, *silent[51:]]).position is Position.CLOSED


def test_calls_in_flight_neither_open_nor_close_it() -> None:
    silent = [IN_FLIGHT, TROUBLES[Reason.NO_ANSWERS]] * LOOK_BACK
    assert after(Breaker(), silent).position is Position.OPEN
    assert after(Breaker(), [IN_FLIGHT] * LOOK_BACK).position is Position.CLOSED


def test_nothing_starts_while_it_is_open_one_call_while_it_probes_two_while_it_is_slow() -> None:
    assert Breaker(Position.OPEN).room(0) == 0
    assert (Breaker(Position.PROBING).room(0), Breaker(Position.PROBING).room(1)) == (1, 0)
    assert Breaker(Position.SLOWED).room(0) == 2
    assert Breaker().room(99) is None


@pytest.mark.parametrize("reason", list(TROUBLES))
def test_after_its_pause_it_probes_and_a_good_probe_closes_it(reason: Reason) -> None:
    pause = TIMING.breaker_pause.total_seconds()
    broken = opened(reason)
    assert after(broken, [], pause - 1) == broken
    probing = after(broken, [], pause)
    assert probing.position is Position.PROBING
    probe = Dial(START + timedelta(seconds=pause + 1), request_failed=False, failed_fast=False, answered=True)
    assert after(probing, [probe], pause + 2).position is Position.CLOSED


@pytest.mark.parametrize("reason", list(TROUBLES))
def test_bad_probes_open_it_again_for_twice_as_long(reason: Reason) -> None:
    pause = TIMING.breaker_pause
    probing = after(opened(reason), [], pause.total_seconds())
    late = START + 2 * pause
    probes = [
        Dial(late, request_failed=d.request_failed, failed_fast=d.failed_fast, answered=d.answered)
        for d in [TROUBLES[reason]] * PROBES[reason]
    ]
    again = after(probing, probes, 90)
    assert (again.position, again.trips) == (Position.OPEN, 2)
    assert again.since is not None
    assert again.until == again.since + 2 * pause


def test_what_opened_it_once_does_not_open_it_again_after_a_good_probe() -> None:
    old = [TROUBLES[Reason.NO_ANSWERS]] * LOOK_BACK
    closed = Breaker(since=START + timedelta(seconds=60))
    assert after(closed, old, 120).position is Position.CLOSED


def test_a_breaker_is_the_same_after_it_was_stored() -> None:
    for breaker in (Breaker(), opened(Reason.NO_ANSWERS), Breaker(since=START)):
        assert Breaker.from_json(breaker.as_json()) == breaker
    assert Breaker.from_json(None) == Breaker.from_json({}) == Breaker()


def test_a_probe_that_is_on_its_way_says_nothing_yet() -> None:
    pause = TIMING.breaker_pause
    probing = after(opened(Reason.REQUESTS_FAIL), [], pause.total_seconds())
    probe = replace(ON_ITS_WAY, at=START + pause)
    assert after(probing, [probe], 31) == probing
    assert after(probing, [replace(probe, request_failed=False)], 31).position is Position.CLOSED


def test_requests_on_their_way_do_not_break_a_run_of_failures() -> None:
    dials = [ON_ITS_WAY, *[TROUBLES[Reason.REQUESTS_FAIL]] * OPEN_AT[Reason.REQUESTS_FAIL]]
    assert after(Breaker(), dials).position is Position.OPEN


def test_an_open_breaker_waits_no_longer_because_the_clock_was_set_back() -> None:
    back = START - timedelta(hours=1)
    rebased = judge(opened(Reason.NO_ANSWERS), [], back, TIMING)
    assert (rebased.position, rebased.since, rebased.until) == (Position.OPEN, back, back + TIMING.breaker_pause)
    assert judge(rebased, [], back + TIMING.breaker_pause, TIMING).position is Position.PROBING
