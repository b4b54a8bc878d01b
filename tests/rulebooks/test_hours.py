"""Opening hours, to the minute, on every clock that could be the person's."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from timeit import repeat
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rulebooks import AgreedHours, Hours, UnknownZone, Window, shipped
from campaigns.rulebooks.hours import FURTHEST

from .clocks import HOME, RING, at, hours, opening, wall

NEW_YORK, LORD_HOWE, LOS_ANGELES = "America/New_York", "Australia/Lord_Howe", "America/Los_Angeles"
DAYTIME = hours('every = [{ opens = "07:00", closes = "21:00" }]')
NIGHT = hours('every = "closed"\nfri = [{ opens = "22:00", closes = "02:00" }]')
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("clock", ["07:00:00", "07:00:01", "12:00:00", "20:59:14", "20:59:14.999999"])
def test_within_the_hours_ringing_may_begin_now(clock: str) -> None:
    now = at(f"2026-03-02 {clock}")
    assert DAYTIME.opens((HOME,), now, RING) is now


@pytest.mark.parametrize("clock", ["00:00:00", "06:59:59", "06:59:59.999999"])
def test_before_the_opening_it_begins_at_the_opening(clock: str) -> None:
    assert opening(DAYTIME, f"2026-03-02 {clock}") == "2026-03-02 07:00:00"


@pytest.mark.parametrize("clock", ["20:59:15", "20:59:59", "21:00:00", "23:30:00", "23:59:30"])
def test_what_would_still_ring_at_closing_waits_for_the_morning(clock: str) -> None:
    assert opening(DAYTIME, f"2026-03-02 {clock}") == "2026-03-03 07:00:00"


def test_a_call_that_rings_for_no_time_may_start_until_the_last_moment() -> None:
    assert opening(DAYTIME, "2026-03-02 20:59:59.999999", ring=timedelta(0)) == "2026-03-02 20:59:59"
    assert opening(DAYTIME, "2026-03-02 21:00:00", ring=timedelta(0)) == "2026-03-03 07:00:00"


def test_the_answer_is_in_the_zone_in_which_it_was_asked() -> None:
    now = at("2026-03-02 06:00").astimezone(ZoneInfo("Europe/Warsaw"))
    opens = DAYTIME.opens((HOME,), now, RING)
    assert opens is not None
    assert opens.tzinfo is now.tzinfo


@pytest.mark.parametrize("zone", ["", "Asia/Saigon City", "Asia", "../../etc/passwd", "/etc/passwd", "x" * 300, "a\0b"])
def test_a_zone_that_nobody_knows_is_an_error_and_not_an_hour(zone: str) -> None:
    for zones in ((zone,), (HOME, zone)):
        with pytest.raises(UnknownZone):
            DAYTIME.opens(zones, at("2026-03-02 10:00"), RING)


def test_no_zone_at_all_is_an_error_too() -> None:
    with pytest.raises(UnknownZone):
        DAYTIME.opens((), at("2026-03-02 10:00"), RING)


SPLIT = hours(
    'every = "closed"\ncountry = "FR"\nholidays = "closed"\n'
    + "\n".join(
        f'{day} = [{{ opens = "10:00", closes = "13:00" }}, {{ opens = "14:00", closes = "20:00" }}]'
        for day in ("mon", "tue", "wed", "thu", "fri")
    )
)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-07-10 09:59", "2026-07-10 10:00:00"),
        ("2026-07-10 12:59:14", "2026-07-10 12:59:14"),
        ("2026-07-10 12:59:15", "2026-07-10 14:00:00"),
        ("2026-07-10 13:30", "2026-07-10 14:00:00"),
        ("2026-07-10 19:59:30", "2026-07-13 10:00:00"),
        ("2026-07-11 11:00", "2026-07-13 10:00:00"),
        # The fourteenth of July is a Tuesday and a holiday.
        ("2026-07-13 20:00", "2026-07-15 10:00:00"),
    ],
)
def test_a_day_may_have_several_windows_and_a_weekend_none(now: str, opens: str) -> None:
    assert opening(SPLIT, now, "Europe/Paris") == opens


VIETNAMESE = hours('every = [{ opens = "07:00", closes = "21:00" }]\ncountry = "VN"\nholidays = "closed"')


@pytest.mark.parametrize(
    ("eve", "after"),
    [
        # The days of Tết by the lunar calendar, and the Hùng kings on the tenth of its third month.
        ("2025-01-27 21:00", "2025-02-02 07:00:00"),
        ("2026-02-15 21:00", "2026-02-21 07:00:00"),
        ("2027-02-03 21:00", "2027-02-11 07:00:00"),
        ("2027-04-15 21:00", "2027-04-17 07:00:00"),
        ("2026-09-02 12:00", "2026-09-03 07:00:00"),
    ],
)
def test_on_a_holiday_of_the_lunar_calendar_too_nobody_is_rung(eve: str, after: str) -> None:
    assert opening(VIETNAMESE, eve) == after


def test_a_holiday_may_have_hours_of_its_own() -> None:
    thai = hours(
        'country = "TH"\nevery = [{ opens = "08:00", closes = "20:00" }]\n'
        'holidays = [{ opens = "08:00", closes = "18:00" }]'
    )
    assert opening(thai, "2026-04-13 18:00", "Asia/Bangkok") == "2026-04-14 08:00:00"
    assert opening(thai, "2026-04-16 18:00", "Asia/Bangkok") == "2026-04-16 18:00:00"


def test_a_special_day_outdoes_the_holiday_and_the_weekday() -> None:
    own = hours(
        'country = "VN"\nevery = [{ opens = "07:00", closes = "21:00" }]\nholidays = "closed"\n[hours.special]\n'
        '"2026-09-02" = [{ opens = "09:00", closes = "10:00" }]\n"2026-09-07" = "closed"'
    )
    assert opening(own, "2026-09-02 00:00") == "2026-09-02 09:00:00"
    assert opening(own, "2026-09-02 10:00") == "2026-09-03 07:00:00"
    assert opening(own, "2026-09-06 21:00") == "2026-09-08 07:00:00"


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-06 21:00", "2026-03-06 22:00:00"),
        ("2026-03-06 23:59:30", "2026-03-06 23:59:30"),
        ("2026-03-07 01:59:14", "2026-03-07 01:59:14"),
        ("2026-03-07 01:59:15", "2026-03-13 22:00:00"),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opens(now: str, opens: str) -> None:
    assert opening(NIGHT, now) == opens


def test_a_window_over_midnight_ends_where_a_holiday_begins() -> None:
    own = hours('country = "VN"\nevery = [{ opens = "22:00", closes = "02:00" }]\nholidays = "closed"')
    assert opening(own, "2026-04-29 23:59:14") == "2026-04-29 23:59:14"
    assert opening(own, "2026-04-29 23:59:15") == "2026-05-02 22:00:00"


def test_who_is_open_day_and_night_may_ring_over_midnight() -> None:
    always = hours('every = [{ opens = "00:00", closes = "24:00" }]')
    assert opening(always, "2026-03-02 23:59:30") == "2026-03-02 23:59:30"


def test_what_never_opens_says_so() -> None:
    assert opening(hours('every = "closed"'), "2026-03-02 12:00") == "never"
    assert opening(DAYTIME, "2026-03-02 12:00", ring=timedelta(hours=15)) == "never"


@pytest.mark.parametrize(
    ("toml", "zone", "now", "opens"),
    [
        # In New York 02:00 becomes 03:00 on 8 March 2026 and 01:00 again on 1 November.
        ("07:00-21:00", NEW_YORK, "2026-03-07 21:30", "2026-03-08 07:00:00"),
        ("02:30-21:00", NEW_YORK, "2026-03-08 00:00", "2026-03-08 03:00:00"),
        ("01:30-21:00", NEW_YORK, "2026-11-01 00:00", "2026-11-01 01:30:00"),
        # On Lord Howe half an hour is skipped on 4 October 2026 at 02:00, and shown twice on 5 April from 01:30.
        ("02:15-21:00", LORD_HOWE, "2026-10-04 00:00", "2026-10-04 02:30:00"),
        ("07:00-21:00", LORD_HOWE, "2026-04-05 00:00", "2026-04-05 07:00:00"),
    ],
)
def test_an_opening_that_the_clocks_skip_is_the_moment_of_the_skip(toml: str, zone: str, now: str, opens: str) -> None:
    assert opening(_daily(toml), now, zone) == opens


def test_an_opening_that_is_shown_twice_is_the_second_one() -> None:
    opens = _daily("01:30-21:00").opens((NEW_YORK,), at("2026-11-01 00:00", NEW_YORK), RING)
    assert opens == at("2026-11-01 01:30", NEW_YORK, fold=1) != at("2026-11-01 01:30", NEW_YORK)


@pytest.mark.parametrize(
    ("zone", "closes", "last"),
    [
        (NEW_YORK, "01:30", at("2026-11-01 01:29", NEW_YORK)),
        (LORD_HOWE, "01:45", at("2026-04-05 01:44", LORD_HOWE)),
        # One that is skipped is the moment of the skip.
        (NEW_YORK, "02:30", at("2026-03-08 01:59", NEW_YORK)),
    ],
)
def test_a_closing_that_is_shown_twice_is_the_first_one_and_one_that_is_skipped_the_moment_of_the_skip(
    zone: str, closes: str, last: datetime
) -> None:
    own = _daily(f"00:00-{closes}")
    assert own.opens((zone,), last, RING) == last
    after = own.opens((zone,), last + MINUTE, RING)
    assert after is not None
    assert after - last > timedelta(hours=20)


def _daily(window: str) -> Hours:
    opens, _, closes = window.partition("-")
    return hours(f'every = [{{ opens = "{opens}", closes = "{closes}" }}]')


@pytest.mark.parametrize(
    ("now", "opens"),
    [("2026-03-02 06:00", "2026-03-02 11:00:00"), ("2026-03-02 20:59:15", "2026-03-03 11:00:00")],
)
def test_in_several_zones_it_must_be_open_in_all(now: str, opens: str) -> None:
    own = _daily("08:00-21:00")
    found = own.opens((NEW_YORK, LOS_ANGELES), at(now, NEW_YORK), RING)
    assert wall(found, NEW_YORK) == opens


def test_zones_that_are_never_open_together_never_open() -> None:
    assert _daily("08:00-12:00").opens((NEW_YORK, "Asia/Tokyo"), at("2026-03-02 06:00"), RING) is None


EVENING = AgreedHours(time(19), time(20))
MORNINGS = AgreedHours(time(6), time(9), frozenset({0, 1}))


@pytest.mark.parametrize(
    ("agreed", "now", "opens"),
    [
        ([EVENING], "2026-03-02 12:00", "2026-03-02 19:00:00"),
        ([EVENING], "2026-03-02 19:59:15", "2026-03-03 19:00:00"),
        ([MORNINGS], "2026-03-02 06:00", "2026-03-02 07:00:00"),
        ([MORNINGS], "2026-03-03 09:00", "2026-03-09 07:00:00"),
        ([EVENING, MORNINGS], "2026-03-03 09:00", "2026-03-03 19:00:00"),
        ([AgreedHours(time(22), time(6))], "2026-03-02 12:00", "never"),
    ],
)
def test_hours_agreed_with_a_person_narrow_the_windows(agreed: list[AgreedHours], now: str, opens: str) -> None:
    assert wall(DAYTIME.opens((HOME,), at(now), RING, agreed)) == opens


def test_where_the_rulebook_says_so_they_replace_them_but_not_a_holiday() -> None:
    own = hours(
        'country = "VN"\nagreed = "replaces"\nholidays = "closed"\nevery = [{ opens = "08:00", closes = "17:00" }]'
    )
    assert wall(own.opens((HOME,), at("2026-03-02 12:00"), RING, [EVENING])) == "2026-03-02 19:00:00"
    assert wall(own.opens((HOME,), at("2026-09-01 20:00"), RING, [EVENING])) == "2026-09-03 19:00:00"
    assert wall(own.opens((HOME,), at("2026-03-02 12:00"), RING)) == "2026-03-02 12:00:00"


def test_without_hours_any_hour_will_do_and_no_zone_is_needed_unless_hours_were_agreed() -> None:
    none = shipped()["none"]
    now = at("2026-03-02 03:00")
    assert none.opens(("nowhere",), now, RING) == now
    assert wall(none.opens((HOME,), now, RING, [EVENING])) == "2026-03-02 19:00:00"


def test_the_usual_question_is_answered_in_a_few_microseconds() -> None:
    now, zones = at("2026-03-02 12:00"), (HOME,)
    rounds = 2000
    assert min(repeat(lambda: DAYTIME.opens(zones, now, RING), number=rounds, repeat=5)) / rounds < 20e-6


# What follows holds `opens` against a search that looks at the clock on the wall, minute by minute.

ZONES = st.sampled_from([HOME, "Asia/Kathmandu", NEW_YORK, LORD_HOWE, "Pacific/Kiritimati", "America/St_Johns", "UTC"])
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda past: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=past))
CLOCKS = st.integers(0, 47).map(lambda half: half * 30)
WINDOWS = st.builds(Window, CLOCKS, CLOCKS).filter(lambda one: one.opens != one.closes)
DAYS = st.lists(
    WINDOWS.map(lambda one: one if one.opens < one.closes else Window(one.opens, one.closes + 1440)), max_size=2
).map(tuple)
WEEKS = st.tuples(*[DAYS] * 7)
SEARCHED = timedelta(days=9)


def shown(own: Hours, moment: datetime, zone: str) -> bool:
    """Whether the wall's clock stands within a window of its day, or of the day before over midnight."""
    local = moment.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    here = any(one.opens <= minute < one.closes for one in own.windows(local.date()))
    before = own.windows(local.date() - timedelta(days=1))
    return here or any(one.opens <= minute + 1440 < one.closes for one in before)


def naive(own: Hours, zones: list[str], now: datetime, ring: int) -> datetime | None:
    """The first minute from which on the clocks of all zones stay within the windows, until the ringing is over."""
    run = 0
    for past in range(int((SEARCHED + timedelta(minutes=ring)) / MINUTE)):
        run = run + 1 if all(shown(own, now + past * MINUTE, zone) for zone in zones) else 0
        if run > ring:
            return now + (past - ring) * MINUTE
    return None


def changes(zones: list[str], begins: datetime, days: int) -> Iterator[date]:
    """The days on which a clock is set."""
    for zone in zones:
        for past in range(-2, days):
            noon = (begins + timedelta(days=past)).astimezone(ZoneInfo(zone))
            if noon.utcoffset() != (begins + timedelta(days=past + 1)).astimezone(ZoneInfo(zone)).utcoffset():
                yield noon.date()


@given(WEEKS, st.lists(ZONES, min_size=1, max_size=2), MOMENTS, st.integers(0, 5))
def test_it_is_what_a_search_minute_by_minute_finds(
    week: tuple[tuple[Window, ...], ...], zones: list[str], now: datetime, ring: int
) -> None:
    own = Hours(week)
    found = own.opens(zones, now, timedelta(minutes=ring))
    looked = naive(own, zones, now, ring)
    if list(changes(zones, now, SEARCHED.days)):
        # Where clocks are set it may only be stricter.
        assert found is None or looked is None or found >= looked
    elif looked is None:
        assert found is None or found >= now + SEARCHED
    else:
        assert found == looked


@given(WEEKS, ZONES, st.integers(0, 3 * 24 * 60), st.integers(0, 5), st.sampled_from(["2026-03-07", "2026-10-31"]))
def test_where_clocks_are_set_each_minute_of_the_ringing_is_within_the_hours(
    week: tuple[tuple[Window, ...], ...], zone: str, past: int, ring: int, eve: str
) -> None:
    own = Hours(week)
    found = own.opens((zone,), datetime.fromisoformat(eve).replace(tzinfo=UTC) + past * MINUTE, ring * MINUTE)
    assert found is None or all(shown(own, found + minute * MINUTE, zone) for minute in range(ring + 1))


@given(WEEKS, ZONES, MOMENTS, st.lists(st.builds(AgreedHours, st.times(), st.times()), min_size=1, max_size=2))
def test_what_was_agreed_never_opens_an_hour_that_is_closed(
    week: tuple[tuple[Window, ...], ...], zone: str, now: datetime, agreed: list[AgreedHours]
) -> None:
    own = Hours(week)
    found = own.opens((zone,), now, RING, agreed)
    assert found is None or own.opens((zone,), found, RING) == found
    assert found is None or now <= found <= now + timedelta(days=FURTHEST + 1)
