"""The hours of the law, to the minute, on the clock of whom it concerns."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rulebooks import DEFAULT, Rulebook, UnknownZone, Window, read, shipped

HOME = "Asia/Ho_Chi_Minh"
RING = timedelta(seconds=45)
DEBT = shipped()["vn-debt"]
ZONES = st.sampled_from(
    [HOME, "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "UTC"]
)
MOMENTS = st.integers(0, 94_608_000).map(lambda past: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=past))


def at(clock: str, zone: str = HOME, day: str = "2026-03-02") -> datetime:
    """A moment by the clock on the wall of a zone."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def opens(clock: str, zone: str = HOME, ring: timedelta = RING) -> datetime:
    return DEBT.opens(zone, at(clock, zone), ring)


@pytest.mark.parametrize("clock", ["07:00:00", "07:00:01", "12:00:00", "20:59:14", "20:59:14.999999"])
def test_within_the_hours_ringing_may_begin_now(clock: str) -> None:
    assert opens(clock) == at(clock)


@pytest.mark.parametrize("clock", ["00:00:00", "06:59:59", "06:59:59.999999"])
def test_before_seven_it_begins_at_seven(clock: str) -> None:
    assert opens(clock) == at("07:00:00")


@pytest.mark.parametrize("clock", ["20:59:15", "20:59:59", "21:00:00", "23:30:00", "23:59:30"])
def test_what_would_still_ring_at_nine_in_the_evening_waits_for_the_morning(clock: str) -> None:
    assert opens(clock) == at("07:00:00", day="2026-03-03")


def test_a_call_that_rings_for_no_time_may_start_until_the_last_moment() -> None:
    assert opens("20:59:59.999999", ring=timedelta(0)) == at("20:59:59.999999")
    assert opens("21:00:00", ring=timedelta(0)) == at("07:00:00", day="2026-03-03")


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Warsaw", "Asia/Tokyo"])
def test_the_clock_is_the_one_of_the_person(zone: str) -> None:
    assert opens("06:59:59", zone) == at("07:00:00", zone)
    assert opens("07:00:00", zone) == at("07:00:00", zone)
    assert opens("21:00:00", zone) == at("07:00:00", zone, "2026-03-03")


def test_the_same_moment_is_open_here_and_closed_there() -> None:
    now = at("10:00:00")
    assert DEBT.opens(HOME, now, RING) == now
    assert DEBT.opens("America/New_York", now, RING) > now


def test_the_morning_after_the_clocks_changed_is_at_seven_by_the_new_clock() -> None:
    evening = at("21:30:00", "America/New_York", "2026-03-07")
    assert DEBT.opens("America/New_York", evening, RING) == at("07:00:00", "America/New_York", "2026-03-08")


@pytest.mark.parametrize("zone", ["", "Asia/Saigon City", "Asia", "../../etc/passwd", "/etc/passwd", "x" * 300, "a\0b"])
def test_a_zone_that_nobody_knows_is_an_error_and_not_an_hour(zone: str) -> None:
    with pytest.raises(UnknownZone):
        DEBT.opens(zone, at("10:00:00"), RING)


@pytest.mark.parametrize("clock", ["03:00:00", "12:00:00", "23:59:59"])
def test_without_hours_any_hour_will_do_and_no_zone_is_needed(clock: str) -> None:
    assert shipped()["none"].opens("nowhere", at(clock), RING) == at(clock)


def test_a_ringing_that_would_reach_over_midnight_is_not_begun() -> None:
    late = Rulebook("late", "1", "", "", Window(datetime.min.time(), datetime.max.time()))
    now = at("23:59:30")
    assert late.opens(HOME, now, RING) == at("00:00:00", day="2026-03-03")


@given(ZONES, MOMENTS, st.integers(0, 3600))
def test_ringing_begins_and_ends_within_the_hours_of_the_person(zone: str, now: datetime, ring: int) -> None:
    start = DEBT.opens(zone, now, timedelta(seconds=ring))
    local = start.astimezone(ZoneInfo(zone))
    assert now <= start <= now + timedelta(hours=26)
    assert 7 <= local.hour < 21
    assert (local + timedelta(seconds=ring)).hour < 21
    assert DEBT.opens(zone, start, timedelta(seconds=ring)) == start


def test_the_default_is_shipped_and_every_rulebook_names_its_source() -> None:
    assert DEFAULT in shipped()
    assert all(book.source and book.version and book.summary for book in shipped().values())
    assert all(name == book.name for name, book in shipped().items())


NAMED = "name = 'x'\nversion = '1'\nsummary = ''\nsource = ''\n"


@pytest.mark.parametrize("text", ["", "name = 'x'", NAMED + "[hours]\nopens = '7'", NAMED + "[hours]\nopens = '07:00'"])
def test_a_rulebook_that_lacks_something_is_refused(text: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        read(text)
