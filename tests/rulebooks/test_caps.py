"""How often at the most: the last call that is allowed, the first that is not, and when there is room again."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rulebooks import Cap, UnknownZone
from campaigns.words import Basis, Per

from .clocks import HOME, at, wall

PERSON = frozenset({Per.PERSON})
FIVE_A_DAY = Cap("five", 5, Basis.REMINDERS, PERSON, days=1)
ONE_IN_24_HOURS = Cap("one", 1, Basis.ATTEMPTS, frozenset({Per.NUMBER}), hours=24)
SEVEN_IN_SEVEN = Cap("seven", 7, Basis.ATTEMPTS, PERSON, days=7)
QUIET = Cap("quiet", 1, Basis.CONVERSATIONS, PERSON, days=7)
NEW_YORK = "America/New_York"


def test_the_last_that_is_allowed_and_the_first_that_is_not() -> None:
    now = at("2026-03-02 18:00")
    four = [at(f"2026-03-02 {hour:02}:00") for hour in (7, 8, 9, 10)]
    assert FIVE_A_DAY.freed(now, (HOME,), four) is None
    assert wall(FIVE_A_DAY.freed(now, (HOME,), [*four, at("2026-03-02 11:00")])) == "2026-03-03 00:00:00"


def test_a_day_begins_at_midnight_of_the_person() -> None:
    evening = [at("2026-03-02 23:59:59")] * 5
    assert FIVE_A_DAY.freed(at("2026-03-02 23:59:59.999999"), (HOME,), evening) == at("2026-03-03 00:00")
    assert FIVE_A_DAY.freed(at("2026-03-03 00:00"), (HOME,), evening) is None
    # In UTC it is still the same day.
    assert FIVE_A_DAY.freed(at("2026-03-03 00:00"), ("UTC",), evening) == at("2026-03-03 07:00")


def test_a_rolling_day_is_over_to_the_microsecond() -> None:
    call = at("2026-03-02 10:00:00.5")
    free = call + timedelta(hours=24)
    assert ONE_IN_24_HOURS.freed(free - timedelta(microseconds=1), (), [call]) == free
    assert ONE_IN_24_HOURS.freed(free, (), [call]) is None


def test_of_seven_days_the_day_of_the_call_is_the_first() -> None:
    week = [at(f"2026-03-{day:02} 20:00", NEW_YORK) for day in range(1, 8)]
    assert SEVEN_IN_SEVEN.freed(at("2026-03-07 20:30", NEW_YORK), (NEW_YORK,), week[:6]) is None
    freed = SEVEN_IN_SEVEN.freed(at("2026-03-07 20:30", NEW_YORK), (NEW_YORK,), week)
    assert wall(freed, NEW_YORK) == "2026-03-08 00:00:00"


def test_after_a_conversation_it_is_quiet_for_seven_days_with_its_own() -> None:
    talk = [at("2026-03-02 09:00", NEW_YORK)]
    for now in ("2026-03-02 09:01", "2026-03-08 23:59:59"):
        assert wall(QUIET.freed(at(now, NEW_YORK), (NEW_YORK,), talk), NEW_YORK) == "2026-03-09 00:00:00"
    assert QUIET.freed(at("2026-03-09 00:00", NEW_YORK), (NEW_YORK,), talk) is None


def test_where_many_stand_in_the_way_it_waits_until_enough_of_them_are_over() -> None:
    calls = [at(f"2026-03-02 {hour:02}:00") for hour in (7, 8, 9)]
    freed = ONE_IN_24_HOURS.freed(at("2026-03-02 12:00"), (), calls)
    assert wall(freed) == "2026-03-03 09:00:00"


def test_a_call_that_is_still_to_come_counts() -> None:
    assert ONE_IN_24_HOURS.freed(at("2026-03-02 12:00"), (), [at("2026-03-02 12:01")]) == at("2026-03-03 12:01")


def test_of_several_zones_the_strictest_holds() -> None:
    evening = [at("2026-03-02 23:30", NEW_YORK)] * 5
    now = at("2026-03-03 00:30", NEW_YORK)
    assert FIVE_A_DAY.freed(now, (NEW_YORK,), evening) is None
    both = FIVE_A_DAY.freed(now, (NEW_YORK, "America/Los_Angeles"), evening)
    assert wall(both, "America/Los_Angeles") == "2026-03-03 00:00:00"
    assert FIVE_A_DAY.since(now, (NEW_YORK, "America/Los_Angeles")) == at("2026-03-02 00:00", "America/Los_Angeles")


def test_a_day_with_an_hour_more_or_less_is_a_day() -> None:
    for day, after in (("2026-03-08", "2026-03-09"), ("2026-11-01", "2026-11-02")):
        calls = [at(f"{day} 00:00", NEW_YORK)] * 5
        freed = FIVE_A_DAY.freed(at(f"{day} 23:59", NEW_YORK), (NEW_YORK,), calls)
        assert wall(freed, NEW_YORK) == f"{after} 00:00:00"
        assert FIVE_A_DAY.since(at(f"{day} 23:59", NEW_YORK), (NEW_YORK,)) == calls[0]


@pytest.mark.parametrize("zones", [(), ("Asia/Atlantis",), (HOME, "")])
def test_who_counts_days_must_know_where(zones: tuple[str, ...]) -> None:
    now = at("2026-03-02 12:00")
    with pytest.raises(UnknownZone):
        FIVE_A_DAY.since(now, zones)
    with pytest.raises(UnknownZone):
        FIVE_A_DAY.freed(now, zones, [now] * 5)


ZONES = st.lists(
    st.sampled_from([HOME, NEW_YORK, "Australia/Lord_Howe", "Pacific/Kiritimati", "America/Havana"]),
    min_size=1,
    max_size=3,
)
CAPS = st.one_of(
    st.builds(
        Cap, st.just("cap"), st.integers(1, 4), st.just(Basis.ATTEMPTS), st.just(PERSON), hours=st.integers(1, 72)
    ),
    st.builds(Cap, st.just("cap"), st.integers(1, 4), st.just(Basis.ATTEMPTS), st.just(PERSON), days=st.integers(1, 8)),
)
NOWS = st.integers(0, 365 * 86400).map(lambda past: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=past))
AGES = st.lists(st.integers(-3600, 10 * 86400).map(lambda seconds: timedelta(seconds=seconds)), max_size=12)


def counted(cap: Cap, now: datetime, zones: list[str], moments: list[datetime]) -> int:
    """One by one, and by the calendar on each wall."""
    if cap.hours is not None:
        return sum(now - moment < timedelta(hours=cap.hours) for moment in moments)
    counts = []
    for zone in map(ZoneInfo, zones):
        today = now.astimezone(zone).date()
        counts.append(sum((today - moment.astimezone(zone).date()).days < (cap.days or 0) for moment in moments))
    return max(counts)


@given(CAPS, NOWS, ZONES, AGES)
def test_it_is_what_a_recount_one_by_one_says(cap: Cap, now: datetime, zones: list[str], ages: list[timedelta]) -> None:
    moments = [now - age for age in ages]
    freed = cap.freed(now, zones, moments)
    assert (freed is None) == (counted(cap, now, zones, moments) < cap.limit)
    if freed is not None:
        assert freed > now
        assert counted(cap, freed - timedelta(microseconds=1), zones, moments) >= cap.limit
        assert counted(cap, freed, zones, moments) < cap.limit


@given(CAPS, NOWS, ZONES, AGES)
def test_what_is_older_than_it_looks_back_changes_nothing(
    cap: Cap, now: datetime, zones: list[str], ages: list[timedelta]
) -> None:
    moments = [now - age for age in ages]
    recent = [moment for moment in moments if moment >= cap.since(now, zones)]
    assert cap.freed(now, zones, recent) == cap.freed(now, zones, moments)
    assert now - cap.since(now, zones) < cap.reach
