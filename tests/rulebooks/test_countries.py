"""The format carries the rules of other countries, which are data to be added later: one file each, as a fixture."""

from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from campaigns.rulebooks import Rulebook, read, shipped
from campaigns.rulebooks.differences import spelled
from campaigns.words import Basis, Per

from .clocks import opening
from .test_shipped import used

FILES = sorted((Path(__file__).parent / "countries").glob("*.toml"))


@cache
def country(name: str) -> Rulebook:
    text = (Path(__file__).parent / "countries" / f"{name}.toml").read_text(encoding="utf-8")
    marketing = {} if name == "australia-marketing" else {"au-marketing": country("australia-marketing")}
    return read(text, {**shipped(), **marketing})


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_a_country_s_rules_read_back(name: str) -> None:
    book = country(name)
    assert all(spelled(book).values())
    assert {one.id for one in book.sources} == used(book)


@pytest.mark.parametrize(
    ("name", "zone", "now", "opens"),
    [
        # France: 10-13 and 14-20 on weekdays, never on the fourteenth of July.
        ("france", "Europe/Paris", "2026-07-13 13:00", "2026-07-13 14:00:00"),
        ("france", "Europe/Paris", "2026-07-13 20:00", "2026-07-15 10:00:00"),
        ("france", "Europe/Paris", "2026-07-17 19:59:15", "2026-07-20 10:00:00"),
        ("germany", "Europe/Berlin", "2026-07-13 08:59", "2026-07-13 09:00:00"),
        ("italy", "Europe/Rome", "2026-07-18 19:00", "2026-07-20 09:00:00"),
        ("italy", "Europe/Rome", "2026-07-17 20:00", "2026-07-18 10:00:00"),
        ("spain", "Europe/Madrid", "2026-07-17 21:00", "2026-07-20 09:00:00"),
        ("india-commercial", "Asia/Kolkata", "2026-07-17 21:00", "2026-07-18 09:00:00"),
        ("india-debt", "Asia/Kolkata", "2026-07-17 19:00", "2026-07-18 08:00:00"),
        # Australia: no Sundays, no public holidays (Australia Day is a Monday in 2026).
        ("australia-marketing", "Australia/Sydney", "2026-01-24 17:00", "2026-01-27 09:00:00"),
        ("australia-research", "Australia/Sydney", "2026-01-23 20:29", "2026-01-23 20:29:00"),
        ("australia-research", "Australia/Sydney", "2026-01-24 17:00", "2026-01-25 09:00:00"),
        ("australia-debt", "Australia/Sydney", "2026-01-23 21:00", "2026-01-24 09:00:00"),
        ("brazil", "America/Sao_Paulo", "2026-07-18 16:00", "2026-07-20 09:00:00"),
        ("canada", "America/Toronto", "2026-07-17 21:29:15", "2026-07-18 10:00:00"),
        # Thailand: until 20:00, on holidays (Songkran) until 18:00.
        ("thailand", "Asia/Bangkok", "2026-04-13 18:00", "2026-04-14 08:00:00"),
        ("thailand", "Asia/Bangkok", "2026-04-16 19:00", "2026-04-16 19:00:00"),
        # Indonesia: no Sundays, no national holidays (17 August).
        ("indonesia", "Asia/Jakarta", "2026-08-15 20:00", "2026-08-18 08:00:00"),
        ("florida", "America/New_York", "2026-07-17 20:00", "2026-07-18 08:00:00"),
        ("washington", "America/Los_Angeles", "2026-07-17 20:00", "2026-07-18 08:00:00"),
    ],
)
def test_the_hours_are_those_of_the_country(name: str, zone: str, now: str, opens: str) -> None:
    hours = country(name).hours
    assert hours is not None
    assert opening(hours, now, zone) == opens


def test_where_no_statute_has_hours_there_are_none() -> None:
    assert country("singapore").hours is None


def test_four_in_thirty_days_is_the_french_limit() -> None:
    [cap] = country("france").caps
    assert (cap.limit, cap.of, cap.per, cap.days) == (4, Basis.ATTEMPTS, {Per.PERSON, Per.ADVERTISER}, 30)


def test_three_in_24_hours_is_the_limit_of_florida() -> None:
    [cap] = country("florida").caps
    assert (cap.limit, cap.of, cap.hours) == (3, Basis.ATTEMPTS, 24)


@pytest.mark.parametrize(
    ("name", "age"), [("italy", 15), ("singapore", 21), ("australia-marketing", 30), ("canada", 31), ("florida", 31)]
)
def test_a_copy_of_a_register_is_good_for_so_many_days(name: str, age: int) -> None:
    assert country(name).requires.register_max_age == timedelta(days=age)


def test_france_becomes_opt_in_on_the_eleventh_of_august() -> None:
    before, after = country("france"), country("france-opt-in")
    for day, expected in ((date(2026, 8, 10), (True, False)), (date(2026, 8, 11), (False, True))):
        assert (before.in_effect(day), after.in_effect(day)) == expected
    assert after.requires.consent


def test_where_research_is_freer_than_advertising_the_reasons_stand_beside_it() -> None:
    book = country("australia-research")
    assert dict(book.overrides)["hours.sun"].startswith("Research")
    assert book.hours is not None
    assert book.hours.holidays == ()


# What rulebooks must be able to say, by the ids of the sources' tables for Vietnam, the United States and Britain.
TOLD = """
VN-ADV-CONSENT VN-ADV-DNC VN-ADV-HOURS VN-ADV-FREQ VN-ADV-STOP VN-ADV-ID VN-ADV-SCRIPT VN-DNC-SYNC VN-ADV-FINES
VN-DEBT-FREQ VN-DEBT-HOURS VN-DEBT-3RD VN-DEBT-TONE VN-DEBT-BANK VN-CONS-HARASS VN-PDPL
US-HOURS US-ABAN US-CONNECT US-RING US-ABAN-MSG US-ABAN-REC US-DNC US-INT-DNC US-CONSENT US-7IN7 US-7AFTER
US-DEBT-TIME-PLACE US-RND US-FL US-WA US-STATES US-CALLERID
GB-ABAN GB-ABAN-FORMULA GB-RING GB-INFO GB-72H GB-TPS GB-CLI GB-FINES GB-HOURS GB-DEBT-DAY GB-DEBT-WEEK
"""


@pytest.mark.parametrize("rule", TOLD.split())
def test_every_rule_of_the_sources_is_carried_by_some_rulebook(rule: str) -> None:
    books = [*shipped().values(), *(country(file.stem) for file in FILES)]
    assert any(rule in used(book) | {one.id for one in book.conduct} for book in books)
