"""A file becomes a rulebook, or is refused by one sentence that names the field."""

from contextlib import suppress
from datetime import date, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rulebooks import BadRulebook, Rule, Source, Window, read, shipped
from campaigns.words import Purpose, Role

from .clocks import NAMED

SOURCE = '[[sources]]\nid = "OWN"\ntext = "The board, 2026-11-01."\nquality = "S"\nurl = "https://example.com/rules"\n'
CAP = '[[caps]]\nid = "OWN"\nlimit = 2\nof = "attempts"\nper = ["person"]\n'


def test_what_a_file_says_is_read() -> None:
    text = (
        NAMED + 'country = "FR"\neffective_from = 2026-01-01\neffective_to = 2026-12-31\npurposes = ["service"]\n'
        '[hours]\nevery = [{ opens = "08:00", closes = "12:00" }]\nsun = "closed"\n'
        'sat = [{ opens = "22:00", closes = "02:00" }]\n'
        '[requires]\nroles = ["borrower"]\nregister = "own"\nregister_max_age = "36h"\n'
        '[[conduct]]\nid = "OWN"\nparameter = "ring-seconds"\nat_least = 20\n' + SOURCE + CAP + "hours = 48\n"
    )
    book = read(text)
    assert (book.text, book.digest) == (text, sha256(text.encode()).hexdigest())
    assert (book.country, book.purposes) == ("FR", {Purpose.SERVICE})
    assert book.hours is not None
    assert book.hours.week[4:] == ((Window(480, 720),), (Window(1320, 1560),), ())
    assert (book.requires.roles, book.requires.register_max_age) == ({Role.BORROWER}, timedelta(hours=36))
    assert book.conduct == (Rule("OWN", "ring-seconds", 20, "OWN", "at_least"),)
    assert book.sources == (Source("OWN", "The board, 2026-11-01.", "https://example.com/rules", "S"),)
    assert [book.in_effect(date(2026, month, 1)) for month in (1, 12)] == [True, True]
    assert [book.in_effect(date(year, 1, 1)) for year in (2025, 2027)] == [False, False]
    assert book.reach == timedelta(hours=48)


def test_windows_that_touch_are_one() -> None:
    hours = read(
        NAMED + '[hours]\nevery = [{ opens = "10:00", closes = "12:00" }, { opens = "08:00", closes = "10:00" }]'
    ).hours
    assert hours is not None
    assert hours.week[0] == (Window(480, 720),)


BAD = {
    "": ("x", "it is not TOML"),
    "name": ("version = '1'\nsummary = 's'", "is missing"),
    "version": ("name = 'own'\nsummary = 's'\nversion = 1", "must be a"),
    "closing": (NAMED + "closing = 1", "is not a key"),
    "country": (NAMED + "country = 'France'", "must match"),
    "effective_from": (NAMED + "effective_from = 'soon'", "must be a date"),
    "effective_to": (NAMED + "effective_from = 2026-02-01\neffective_to = 2026-01-01", "is before"),
    "purposes[0]": (NAMED + "purposes = ['begging']", "must be 'debt_reminder'"),
    "extends": (NAMED + "extends = 'nothing'", "must be one of gb, none"),
    "hours": (NAMED + "hours = 7", "must be a table"),
    "hours.tue": (NAMED + "[hours]\nmon = 'closed'", "is missing"),
    "hours.every": (NAMED + "[hours]\nevery = []", 'must be "closed" or a list'),
    "hours.mon[0].closes": (NAMED + "[hours]\nmon = [{ opens = '07:00', closes = '9 pm' }]", "must be a time"),
    "hours.mon[0]": (NAMED + "[hours]\nmon = [{ opens = '07:00', closes = '07:00' }]", "must not close when"),
    "hours.mon[1].opens": (
        NAMED + "[hours]\nmon = [{ opens = '07:00', closes = '08:00' }, { closes = '10:00' }]",
        "is missing",
    ),
    "hours.zones": (NAMED + "[hours]\nevery = 'closed'\nzones = 'best'", "must be 'first' or 'all'"),
    "hours.agreed": (NAMED + "[hours]\nevery = 'closed'\nagreed = 'widens'", "must be 'narrows' or 'replaces'"),
    "hours.country": (NAMED + "[hours]\nevery = 'closed'\nholidays = 'closed'", "whose holidays?"),
    "hours.special.2026-02-30": (NAMED + "[hours.special]\n'2026-02-30' = 'closed'", "must be a date"),
    "hours.rule": (NAMED + "[hours]\nevery = 'closed'\nrule = 'X-1'", "names X-1"),
    "requires.creditor": (NAMED + "[requires]\ncreditor = 'yes'", "must be a"),
    "requires.roles": (NAMED + "[requires]\nroles = ['borrower', 'reference']", "never a reference"),
    "requires.register": (NAMED + "[requires]\nregister_max_age = '24h'", "is missing"),
    "requires.register_max_age": (NAMED + "[requires]\nregister_max_age = '1 month'", "must be an age"),
    "caps": (NAMED + "caps = 5", "must be a list"),
    "caps[0]": (NAMED + CAP, "either hours (they roll) or days"),
    "caps[0].limit": (
        NAMED + "[[caps]]\nid = 'OWN'\nlimit = 0\nof = 'attempts'\nper = ['person']\ndays = 1",
        "greater",
    ),
    "caps[0].per[0]": (NAMED + "[[caps]]\nid = 'A'\nlimit = 1\nof = 'attempts'\nper = ['moon']\ndays = 1", "must be"),
    "caps[0].id": (NAMED + "[[caps]]\nid = 'A'\ndrop = true", "must be the id of a cap"),
    "caps.OWN": (NAMED + CAP + "days = 1", "the id of no source"),
    "caps[1].id": (NAMED + CAP + "days = 1\n" + CAP + "days = 1", "stands there already"),
    "conduct[0]": (NAMED + "[[conduct]]\nid = 'A'\nparameter = 'p'\nis = 1\nnote = 2", "one of at_most"),
    "conduct[0].at_most": (NAMED + "[[conduct]]\nid = 'A'\nparameter = 'p'\nat_most = 'few'", "must be a number"),
    "conduct[0].is": (NAMED + "[[conduct]]\nid = 'A'\nparameter = 'p'\nis = nan", "must be a number"),
    "sources[0].quality": (NAMED + "[[sources]]\nid = 'A'\ntext = 't'\nquality = 'X'", "must be 'S' or 'M'"),
}


@pytest.mark.parametrize("field", BAD)
def test_what_cannot_stand_is_refused_by_one_sentence_that_names_the_field(field: str) -> None:
    text, why = BAD[field]
    with pytest.raises(BadRulebook) as refused:
        read(text)
    assert refused.value.field == field
    assert str(refused.value).startswith(f"{field} " if field else "it ")
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_country_without_known_holidays_says_them_as_special_days() -> None:
    with pytest.raises(BadRulebook, match=r"hours\.special"):
        read(NAMED + 'country = "XX"\n[hours]\nevery = "closed"\nholidays = "closed"')


@given(st.text(max_size=60), st.sampled_from([text for text, _ in BAD.values()]), st.integers(0, 200))
def test_no_text_makes_the_reading_fail_otherwise(noise: str, text: str, where: int) -> None:
    with suppress(BadRulebook):
        read(text[:where] + noise + text[where:])


def test_what_is_shipped_reads_back_from_its_own_text() -> None:
    for book in shipped().values():
        again = read(book.text)
        assert (again.hours, again.caps, again.conduct) == (book.hours, book.caps, book.conduct)
        assert again == book
