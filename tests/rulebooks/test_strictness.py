"""A house's own rulebook may be stricter than the one that it extends, and looser only with a reason."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.rulebooks import BadRulebook, Cap, Hours, Rulebook, Window, read, shipped
from campaigns.rulebooks.reading import BLANK
from campaigns.rulebooks.strictness import looser
from campaigns.words import Basis, Per

from .clocks import NAMED, RING

OWN = NAMED + 'extends = "vn-debt"\n'
ADVERTISING = NAMED + 'extends = "vn-marketing"\n'
ABROAD = NAMED + 'extends = "us-debt"\n'
BRITISH = NAMED + 'extends = "gb"\n'
LOOSER = {
    "hours.mon": OWN + '[hours]\nmon = [{ opens = "06:59", closes = "21:00" }]',
    "hours.sun": OWN + '[hours]\nsun = [{ opens = "22:00", closes = "02:00" }]',
    "hours.holidays": OWN + '[hours]\nholidays = [{ opens = "06:00", closes = "07:30" }]',
    "hours.special.2026-05-05": OWN + '[hours.special]\n"2026-05-05" = [{ opens = "20:00", closes = "22:00" }]',
    "hours.agreed": OWN + '[hours]\nagreed = "replaces"',
    "hours.zones": ABROAD + '[hours]\nzones = "first"',
    "caps.VN-DEBT-FREQ": OWN + '[[caps]]\nid = "VN-DEBT-FREQ"\nlimit = 6\nof = "reminders"\nper = ["person"]\ndays = 1',
    "caps.VN-ADV-FREQ": ADVERTISING + '[[caps]]\nid = "VN-ADV-FREQ"\ndrop = true',
    "requires.creditor": OWN + "[requires]\ncreditor = false",
    "requires.roles": OWN + '[requires]\nroles = ["borrower", "unknown"]',
    "requires.consent": ADVERTISING + "[requires]\nconsent = false",
    "requires.register": ADVERTISING + '[requires]\nregister = "mine"',
    "requires.register_max_age": ADVERTISING + '[requires]\nregister_max_age = "25h"',
    "purposes": OWN + 'purposes = ["debt_reminder", "service"]\n',
    "conduct.US-ABAN.abandoned-share": ABROAD
    + '[[conduct]]\nid = "US-ABAN"\nparameter = "abandoned-share"\nat_most = 0.031',
    "conduct.US-RING.ring-seconds": ABROAD + '[[conduct]]\nid = "US-RING"\nparameter = "ring-seconds"\nat_least = 14',
    "conduct.US-CONNECT.agent-within-seconds": ABROAD
    + '[[conduct]]\nid = "US-CONNECT"\nparameter = "agent-within-seconds"\nnote = 9',
    "conduct.VN-DEBT-TONE.threats": OWN + '[[conduct]]\nid = "VN-DEBT-TONE"\nparameter = "threats"\nis = true',
    "conduct.GB-RING.ring-seconds": BRITISH + '[[conduct]]\nid = "GB-RING"\nparameter = "ring-seconds"\ndrop = true',
}


@pytest.mark.parametrize("field", LOOSER)
def test_what_is_looser_is_refused_and_the_field_is_named(field: str) -> None:
    with pytest.raises(BadRulebook) as refused:
        read(LOOSER[field])
    assert refused.value.field == field
    assert f'"{field}"' in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("field", LOOSER)
def test_with_a_reason_for_that_field_it_stands_and_keeps_the_reason(field: str) -> None:
    reason = f'\n[override_reason]\n"{field}" = "Agreed by counsel, 2026-11-02."\n'
    book = read(LOOSER[field] + reason)
    assert book.overrides == ((field, "Agreed by counsel, 2026-11-02."),)


def test_a_reason_for_another_field_does_not_help() -> None:
    with pytest.raises(BadRulebook, match=r"^hours\.mon "):
        read(LOOSER["hours.mon"] + '\n[override_reason]\n"hours.tue" = "So."\n')


STRICTER = {
    "nothing changed": OWN,
    "shorter": OWN + '[hours]\nevery = [{ opens = "08:00", closes = "11:30" }, { opens = "13:30", closes = "19:00" }]',
    "weekend": OWN + '[hours]\nsun = "closed"',
    "holidays": OWN + '[hours]\nholidays = "closed"',
    "special": OWN + '[hours.special]\n"2026-12-24" = [{ opens = "08:00", closes = "12:00" }]',
    "fewer": OWN + '[[caps]]\nid = "VN-DEBT-FREQ"\nlimit = 3\nof = "reminders"\nper = ["person"]\ndays = 2',
    "rolling": OWN + '[[caps]]\nid = "VN-DEBT-FREQ"\nlimit = 5\nof = "reminders"\nper = ["person"]\nhours = 26',
    "roles": OWN + '[requires]\nroles = ["borrower"]\nconsent = true',
    "all zones": OWN + '[hours]\nzones = "all"',
    "narrows": ADVERTISING + '[hours]\nagreed = "narrows"',
    "register": ADVERTISING + '[requires]\nregister_max_age = "12h"',
    "ringing": ABROAD + '[[conduct]]\nid = "US-RING"\nparameter = "ring-seconds"\nat_least = 20',
    "notes": BRITISH + '[[conduct]]\nid = "GB-FINES"\nparameter = "fine"\ndrop = true',
}


@pytest.mark.parametrize("text", STRICTER.values(), ids=STRICTER)
def test_what_is_as_strict_or_stricter_needs_no_reason_and_inherits_the_rest(text: str) -> None:
    book = read(text)
    parent = shipped()[book.extends or ""]
    assert looser(book, parent) == []
    assert {cap.id for cap in book.caps} == {cap.id for cap in parent.caps}
    assert (book.country, book.purposes, book.requires.creditor) == (
        parent.country,
        parent.purposes,
        parent.requires.creditor,
    )


def test_a_cap_of_its_own_stands_beside_the_inherited_ones() -> None:
    source = '[[sources]]\nid = "BOARD"\ntext = "The board."\nquality = "S"\n'
    book = read(OWN + source + '[[caps]]\nid = "BOARD"\nlimit = 9\nof = "attempts"\nper = ["debt"]\nhours = 72\n')
    assert [cap.id for cap in book.caps] == ["VN-DEBT-FREQ", "BOARD"]


def test_a_rulebook_may_extend_one_that_extends_another() -> None:
    house = read(OWN + '[hours]\nsun = "closed"')
    branch = NAMED.replace("own", "branch") + 'extends = "own"\n'
    assert read(branch, {"own": house}).hours == house.hours
    with pytest.raises(BadRulebook, match=r"^hours\.sun "):
        read(branch + '[hours]\nsun = [{ opens = "08:00", closes = "09:00" }]', {"own": house})


@pytest.mark.parametrize("book", shipped().values(), ids=lambda book: book.name)
def test_no_shipped_rulebook_is_looser_than_itself(book: Rulebook) -> None:
    assert looser(book, book) == []


def test_having_no_hours_is_looser_than_having_some() -> None:
    assert "hours" in {one.field for one in looser(shipped()["none"], shipped()["vn-debt"])}


PERSON, DEBT = frozenset({Per.PERSON}), frozenset({Per.PERSON, Per.DEBT})


def one(limit: int = 3, of: Basis = Basis.ATTEMPTS, per: frozenset[Per] = PERSON, **window: int) -> Cap:
    return Cap("A", limit, of, per, **window)


@pytest.mark.parametrize(
    ("own", "cap", "is_looser"),
    [
        (one(days=1), one(days=1), False),
        (one(2, days=1), one(days=1), False),
        (one(4, days=1), one(days=1), True),
        (one(of=Basis.CONVERSATIONS, days=1), one(days=1), True),
        # Who counts for each debt counts less than who counts for the person.
        (one(per=PERSON, days=1), one(per=DEBT, days=1), False),
        (one(per=DEBT, days=1), one(per=PERSON, days=1), True),
        (one(days=7), one(days=8), True),
        (one(hours=24), one(hours=25), True),
        (one(hours=25), one(hours=24), False),
        # A day of the calendar may have 25 hours, and just after midnight it is nothing yet.
        (one(hours=24), one(days=1), True),
        (one(hours=26), one(days=1), False),
        (one(days=1), one(hours=24), True),
        (one(days=2), one(hours=24), True),
        (one(days=3), one(hours=24), False),
    ],
)
def test_a_cap_is_as_strict_where_it_counts_as_much_for_as_many_over_as_long(
    own: Cap, cap: Cap, is_looser: bool
) -> None:
    assert bool(looser(replace(BLANK, caps=(own,)), replace(BLANK, caps=(cap,)))) == is_looser


@pytest.mark.parametrize(("holidays", "is_looser"), [(None, False), ((), True)])
def test_the_night_after_a_weekday_is_open_only_where_that_day_cannot_be_a_holiday(
    holidays: tuple[Window, ...] | None, is_looser: bool
) -> None:
    evenings = Hours(((Window(1320, 1560),),) * 7, holidays, country="VN")
    nights = replace(evenings, week=((Window(0, 120),),) * 7)
    found = looser(replace(BLANK, hours=nights), replace(BLANK, hours=evenings))
    assert bool(found) == is_looser


ZONES = st.sampled_from(["Asia/Ho_Chi_Minh", "America/New_York", "Australia/Lord_Howe", "America/Havana"])
# Clocks are set in New York and Havana, then there again, on Lord Howe, and at last there are public holidays.
BEGINNINGS = st.sampled_from(
    [
        datetime(2026, 3, 6, tzinfo=UTC),
        datetime(2026, 10, 30, tzinfo=UTC),
        datetime(2026, 4, 3, tzinfo=UTC),
        datetime(2026, 8, 29, tzinfo=UTC),
    ]
)
CLOCKS = st.integers(0, 47).map(lambda half: half * 30)
WINDOWS = st.tuples(CLOCKS, st.integers(1, 48)).map(lambda one: Window(one[0], one[0] + one[1] * 30))
DAYS = st.lists(WINDOWS, max_size=2).map(tuple)
DATES = st.integers(0, 9).map(lambda past: date(2026, 3, 5) + timedelta(days=past)) | st.integers(0, 5).map(
    lambda past: date(2026, 8, 30) + timedelta(days=past)
)


@st.composite
def parents(draw: st.DrawFn) -> Hours:
    return Hours(
        week=tuple(draw(DAYS) for _ in range(7)),
        holidays=draw(st.none() | DAYS),
        special=draw(st.dictionaries(DATES, DAYS, max_size=2)),
        country="VN",
    )


@st.composite
def children(draw: st.DrawFn, parent: Hours) -> Hours:
    """Mostly the parent with something taken away, sometimes with something added."""

    def changed(windows: tuple[Window, ...]) -> tuple[Window, ...]:
        kept = []
        for one in windows:
            cut = draw(st.sampled_from([0, 0, 30, 60]))
            if one.opens + cut < one.closes:
                kept.append(Window(one.opens + cut, one.closes))
        return tuple(kept) + draw(st.sampled_from([(), (), (), (Window(0, 120),), (Window(1380, 1500),)]))

    own = {day: changed(windows) for day, windows in parent.special.items()}
    added = draw(st.dictionaries(DATES, st.just(()) | DAYS, max_size=1))
    holidays = parent.holidays if parent.holidays is None else changed(parent.holidays)
    return replace(
        parent,
        week=tuple(changed(day) for day in parent.week) if draw(st.booleans()) else parent.week,
        holidays=draw(st.sampled_from([holidays, holidays, ()])),
        special={**added, **own},
    )


@given(st.data(), ZONES, BEGINNINGS, st.integers(0, 9 * 48), st.sampled_from([RING, timedelta(hours=2)]))
def test_no_minute_is_open_in_a_child_that_is_closed_in_its_parent(
    data: st.DataObject, zone: str, begins: datetime, past: int, ring: timedelta
) -> None:
    parent = data.draw(parents())
    child = data.draw(children(parent))
    assume(not looser(replace(BLANK, hours=child), replace(BLANK, hours=parent)))
    now = begins + past * timedelta(minutes=30)
    opens = child.opens((zone,), now, ring)
    assume(opens is not None)
    assert opens is None or parent.opens((zone,), opens, ring) == opens


PERS = st.sets(st.sampled_from([Per.PERSON, Per.DEBT, Per.NUMBER]), min_size=1).map(frozenset)
LIMITS = st.integers(1, 3)
CAPS = st.builds(Cap, st.just("A"), LIMITS, st.just(Basis.ATTEMPTS), PERS, hours=st.sampled_from([24, 26, 48, 74])) | (
    st.builds(Cap, st.just("A"), LIMITS, st.just(Basis.ATTEMPTS), PERS, days=st.integers(1, 4))
)
EVENTS = st.lists(
    st.tuples(st.integers(0, 5 * 48), st.fixed_dictionaries({per: st.integers(0, 1) for per in Per})), max_size=12
)


def free(cap: Cap, now: datetime, zone: str, events: list[tuple[int, dict[Per, int]]]) -> bool:
    """Whether one more is allowed about person 0, debt 0, number 0."""
    counted = [now - half * timedelta(minutes=30) for half, who in events if not any(who[per] for per in cap.per)]
    return cap.freed(now, (zone,), counted) is None


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Cap, Cap]:
    """A parent's cap, and a child's that looks as strict."""
    cap = draw(CAPS)
    per = draw(st.sampled_from([one for one in sorted(draw(PERS)) if one in cap.per] or sorted(cap.per)))
    own = draw(CAPS)
    return replace(own, limit=draw(st.integers(1, cap.limit)), per=draw(st.sampled_from([cap.per, {per}]))), cap


@given(pairs(), ZONES, BEGINNINGS, st.integers(0, 9 * 48), EVENTS)
def test_no_call_is_allowed_by_a_child_s_cap_that_its_parent_s_forbids(
    both: tuple[Cap, Cap], zone: str, begins: datetime, past: int, events: list[tuple[int, dict[Per, int]]]
) -> None:
    own, cap = both
    assume(not looser(replace(BLANK, caps=(own,)), replace(BLANK, caps=(cap,))))
    now = begins + past * timedelta(minutes=30)
    assert not free(own, now, zone, events) or free(cap, now, zone, events)
