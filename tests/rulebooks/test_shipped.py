"""What comes with the product, each value held against its source."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rulebooks import DEFAULT, Cap, Rulebook, Source, shipped
from campaigns.words import LIABLE_ROLES, Basis, Per, Purpose

from .clocks import HOME, RING, at, opening, wall

NEW_YORK, LONDON = "America/New_York", "Europe/London"
BOOKS = list(shipped().values())


def rule(book: str, parameter: str) -> object:
    return next(one.value for one in shipped()[book].conduct if one.parameter == parameter)


def cap(book: str, identity: str) -> Cap:
    return next(one for one in shipped()[book].caps if one.id == identity)


def first_and_last(book: str, day: str, zone: str) -> tuple[str, str]:
    """The first minute of a day on which ringing may begin, and the last."""
    hours = shipped()[book].hours
    assert hours is not None
    minutes = [at(f"{day} 00:00", zone) + timedelta(minutes=past) for past in range(24 * 60)]
    legal = [minute for minute in minutes if hours.opens((zone,), minute, RING) == minute]
    return wall(legal[0], zone)[11:16], wall(legal[-1], zone)[11:16]


@pytest.mark.parametrize(
    ("book", "day", "zone", "first", "last"),
    [
        # Circular 18/2019: 07:00 to 21:00, every day of the week.
        ("vn-debt", "2026-03-02", HOME, "07:00", "20:59"),
        ("vn-debt", "2026-03-08", HOME, "07:00", "20:59"),
        # Decree 91/2020 art. 13(6): 08:00 to 17:00 every day.
        ("vn-marketing", "2026-03-02", HOME, "08:00", "16:59"),
        ("vn-marketing", "2026-03-08", HOME, "08:00", "16:59"),
        # 12 CFR 1006.6(b)(1): after 8 a.m. and before 9 p.m., also on the days on which the clocks are set.
        ("us-debt", "2026-03-02", NEW_YORK, "08:00", "20:59"),
        ("us-debt", "2026-03-08", NEW_YORK, "08:00", "20:59"),
        ("us-debt", "2026-11-01", NEW_YORK, "08:00", "20:59"),
        # The DMA's code: Monday to Saturday from 08:00, Sunday from 09:00.
        ("gb", "2026-03-07", LONDON, "08:00", "20:59"),
        ("gb", "2026-03-08", LONDON, "09:00", "20:59"),
        ("gb", "2026-03-29", LONDON, "09:00", "20:59"),
    ],
)
def test_the_first_and_the_last_legal_minute(book: str, day: str, zone: str, first: str, last: str) -> None:
    assert first_and_last(book, day, zone) == (first, last)


@pytest.mark.parametrize(
    ("book", "identity", "limit", "of", "per", "hours", "days"),
    [
        ("vn-debt", "VN-DEBT-FREQ", 5, Basis.REMINDERS, {Per.PERSON}, None, 1),
        ("vn-marketing", "VN-ADV-FREQ", 1, Basis.ATTEMPTS, {Per.NUMBER, Per.ADVERTISER}, 24, None),
        ("us-debt", "US-7IN7", 7, Basis.ATTEMPTS, {Per.PERSON, Per.DEBT}, None, 7),
        ("us-debt", "US-7AFTER", 1, Basis.CONVERSATIONS, {Per.PERSON, Per.DEBT}, None, 7),
        ("gb", "GB-DEBT-DAY", 1, Basis.ATTEMPTS, {Per.PERSON}, None, 1),
        ("gb", "GB-DEBT-WEEK", 3, Basis.ATTEMPTS, {Per.PERSON}, None, 7),
    ],
)
def test_the_caps_are_those_of_the_sources(
    book: str, identity: str, limit: int, of: Basis, per: set[Per], hours: int | None, days: int | None
) -> None:
    assert cap(book, identity) == Cap(identity, limit, of, frozenset(per), hours, days)


def test_no_cap_goes_without_a_test() -> None:
    assert {one.id for book in BOOKS for one in book.caps} == {
        "VN-DEBT-FREQ",
        "VN-ADV-FREQ",
        "US-7IN7",
        "US-7AFTER",
        "GB-DEBT-DAY",
        "GB-DEBT-WEEK",
    }


@pytest.mark.parametrize(("book", "identity"), [(book.name, one.id) for book in BOOKS for one in book.caps])
def test_as_many_as_the_limit_may_be_and_not_one_more(book: str, identity: str) -> None:
    one, now = cap(book, identity), at("2026-03-02 12:00")
    moments = [now - timedelta(minutes=past) for past in range(one.limit)]
    assert one.freed(now, (HOME,), moments[:-1]) is None
    assert one.freed(now, (HOME,), moments) == at(
        "2026-03-03 11:59" if one.hours else f"2026-03-{2 + (one.days or 0):02} 00:00"
    ) + (timedelta(minutes=1) if one.hours else timedelta(0))


@pytest.mark.parametrize("zone", [HOME, NEW_YORK, LONDON])
@pytest.mark.parametrize(("book", "identity"), [(book.name, one.id) for book in BOOKS for one in book.caps if one.days])
def test_what_was_before_the_person_s_own_midnight_counts_no_more(book: str, identity: str, zone: str) -> None:
    """In New York the clocks were set within these seven days."""
    one, now = cap(book, identity), at("2026-03-10 12:00", zone)
    begins = at(f"2026-03-{11 - (one.days or 0):02} 00:00", zone)
    assert one.freed(now, (zone,), [begins] * one.limit) is not None
    assert one.freed(now, (zone,), [begins - timedelta(microseconds=1)] * one.limit) is None


def test_what_was_a_day_ago_to_the_moment_counts_no_more_for_advertising() -> None:
    one, now = cap("vn-marketing", "VN-ADV-FREQ"), at("2026-03-10 12:00")
    assert one.freed(now, (HOME,), [now - timedelta(hours=24)]) is None
    assert one.freed(now, (HOME,), [now - timedelta(hours=24) + timedelta(microseconds=1)]) is not None


def test_who_stands_behind_a_call_and_whom_it_may_reach() -> None:
    needs = {book.name: book.requires for book in BOOKS}
    assert (needs["vn-debt"].creditor, needs["vn-debt"].roles) == (True, LIABLE_ROLES)
    assert (needs["us-debt"].creditor, needs["us-debt"].roles) == (True, LIABLE_ROLES)
    advertising = needs["vn-marketing"]
    assert (advertising.advertiser, advertising.consent, advertising.brandname) == (True, True, True)
    assert (advertising.register, advertising.register_max_age) == ("vn-dnc", timedelta(hours=24))
    assert (needs["gb"].register, needs["gb"].register_max_age) == ("gb-tps", timedelta(days=28))


def test_each_is_for_its_purpose() -> None:
    assert {book.name: book.purposes for book in BOOKS} == {
        "vn-debt": {Purpose.DEBT_REMINDER},
        "vn-marketing": {Purpose.MARKETING},
        "us-debt": {Purpose.DEBT_REMINDER},
        "gb": frozenset(),
        "none": frozenset(),
    }


@pytest.mark.parametrize(
    ("book", "parameter", "value"),
    [
        ("us-debt", "abandoned-share", 0.03),
        ("us-debt", "agent-within-seconds", 2.0),
        ("us-debt", "ring-seconds", 15),
        ("us-debt", "records-kept-years", 5),
        ("gb", "abandoned-share", 0.03),
        ("gb", "abandoned-share-recommended", 0.01),
        ("gb", "ring-seconds", 15),
        ("gb", "guaranteed-agent-hours-after-abandoned", 72),
        # Often told as 72 hours too.
        ("gb", "guaranteed-agent-hours-after-machine", 24),
        ("vn-debt", "breach-notice-hours", 72),
    ],
)
def test_what_the_gate_does_not_hold_is_carried(book: str, parameter: str, value: object) -> None:
    assert rule(book, parameter) == value


def test_a_toll_free_number_of_north_america_is_rung_when_it_is_day_in_all_of_it() -> None:
    everywhere = ("America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Pacific/Guam", "America/St_Johns")
    hours = shipped()["us-debt"].hours
    assert hours is not None
    opens = hours.opens(everywhere, at("2026-07-06 08:00", NEW_YORK), RING)
    assert opens is not None
    assert wall(opens, "Pacific/Guam").endswith("08:00:00")
    for zone in everywhere:
        assert "08:00" <= wall(opens, zone)[11:16] < "21:00"


def test_hours_agreed_in_a_contract_narrow_those_for_debts_and_replace_those_for_advertising() -> None:
    agreed = {name: book.hours.agreed for name, book in shipped().items() if book.hours}
    assert agreed == {"vn-debt": "narrows", "vn-marketing": "replaces", "us-debt": "narrows", "gb": "narrows"}
    assert {book.name for book in BOOKS if book.hours and book.hours.zones == "all"} == {"us-debt"}


def test_the_default_is_shipped_and_only_none_carries_a_warning() -> None:
    assert DEFAULT in shipped()
    assert [book.name for book in BOOKS if book.warning] == ["none"]


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
def test_every_value_names_its_source_and_counsel_is_to_confirm(book: Rulebook) -> None:
    assert "counsel confirm" in book.counsel
    assert book.version
    known = {source.id for source in book.sources}
    assert {one.source for one in book.conduct} | {one.id for one in book.caps} <= known
    assert book.hours is None or book.hours.rule in known
    asks_nothing = book.requires == type(book.requires)()
    assert asks_nothing or set(book.requires.rules) & known


def used(book: Rulebook) -> set[str]:
    hours = {book.hours.rule} if book.hours and book.hours.rule else set()
    return {one.source for one in book.conduct} | {one.id for one in book.caps} | set(book.requires.rules) | hours


@pytest.mark.parametrize(
    "source", [pytest.param((book, one), id=f"{book.name} {one.id}") for book in BOOKS for one in book.sources]
)
def test_no_source_stands_there_for_nothing(source: tuple[Rulebook, Source]) -> None:
    book, one = source
    assert one.id in used(book)
    assert len(one.text) > 10
    assert not re.search(r"\[[SM]\]", one.text)


def test_a_rulebook_is_in_effect_from_its_first_day() -> None:
    debt = shipped()["vn-debt"]
    assert not debt.in_effect(date(2019, 12, 31))
    assert debt.in_effect(date(2020, 1, 1))
    assert shipped()["none"].in_effect(date(1970, 1, 1))


def test_the_longest_look_back_covers_every_cap() -> None:
    assert shipped()["none"].reach == timedelta(0)
    assert shipped()["us-debt"].reach >= timedelta(days=7, hours=1)


@given(
    st.sampled_from([HOME, NEW_YORK, LONDON, "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(0, 94_608_000).map(lambda past: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=past)),
    st.integers(0, 3600),
)
def test_reminding_begins_and_ends_between_seven_and_nine_on_the_person_s_clock(
    zone: str, now: datetime, ring: int
) -> None:
    start = shipped()["vn-debt"].opens((zone,), now, timedelta(seconds=ring))
    assert start is not None
    assert now <= start <= now + timedelta(hours=26)
    assert "07:00:00" <= wall(start, zone)[11:] <= wall(start + timedelta(seconds=ring), zone)[11:] < "21:00:00"


def test_the_same_moment_is_open_here_and_closed_there() -> None:
    hours = shipped()["vn-debt"].hours
    assert hours is not None
    assert opening(hours, "2026-03-02 10:00") == "2026-03-02 10:00:00"
    assert hours.opens((HOME, NEW_YORK), at("2026-03-02 10:00"), RING) != at("2026-03-02 10:00")
