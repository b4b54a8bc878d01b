"""Where somebody may be: every zone that his number and his address allow, and no guess."""

import tomllib
from importlib.resources import files
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rulebooks.calendars import zone
from campaigns.zones import candidates, of_address, of_number

HOME = "Asia/Ho_Chi_Minh"
EAST, CENTRAL, MOUNTAIN, WEST = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
DATA = tomllib.loads((files("campaigns.zones") / "addresses.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+84912345678", (HOME,)),
        ("+842438262626", (HOME,)),
        ("+12125551234", (EAST,)),
        ("+14155552671", (WEST,)),
        ("+61291234567", ("Australia/Sydney",)),
        ("+442079460958", ("Europe/London",)),
        ("+8613812345678", ("Asia/Shanghai",)),
        ("+19999999999", ()),
        ("", ()),
        ("no number", ()),
    ],
)
def test_a_number_tells_its_zones(number: str, zones: tuple[str, ...]) -> None:
    assert of_number(number) == zones


def test_a_number_of_a_whole_continent_may_be_anywhere_on_it() -> None:
    assert {EAST, CENTRAL, MOUNTAIN, WEST, "Pacific/Honolulu", "Pacific/Guam"} < set(of_number("+18005551234"))
    assert set(of_number("+12085551234")) == {"America/Boise", WEST}


@given(st.text("+0123456789", max_size=16))
def test_whatever_a_number_tells_is_a_zone_that_is_known(number: str) -> None:
    assert all(zone(name) for name in of_number(number))


@pytest.mark.parametrize(
    ("address", "zones"),
    [
        ("350 5th Ave, New York, NY 10118", {EAST}),
        ("350 5th Ave, New York, NY 10118-0110, USA", {EAST}),
        ("1 Dr Carlton B Goodlett Pl, San Francisco, California", {WEST}),
        ("100 Main St, Nashville, tn 37201", {CENTRAL}),
        ("100 Main St, Knoxville, TN 37902", {EAST}),
        ("100 Main St, Somewhere, TN", {CENTRAL, EAST}),
        ("100 Main St, Chattanooga, TN 37402", {CENTRAL, EAST}),
        ("1 Beach Rd, Pensacola, FL 32501", {CENTRAL}),
        ("1 Beach Rd, Miami, FL 33101", {EAST}),
        ("1 Beach Rd, Panama City, FL 32401", {EAST, CENTRAL}),
        ("1 Congress Ave, Austin, TX 78701", {CENTRAL}),
        ("1 Mesa St, El Paso, TX 79901", {MOUNTAIN}),
        ("Kansas City, Missouri", {CENTRAL}),
        ("Charleston, West Virginia", {EAST}),
        ("1600 Pennsylvania Ave NW, Washington, D.C. 20500", {EAST}),
        ("1600 Pennsylvania Ave NW, Washington, D.C., U.S.A.", {EAST}),
        ("Calle 1, San Juan, PR 00901", {"America/Puerto_Rico"}),
        ("97201", {WEST}),
        # What contradicts itself may be in either.
        ("1 Broadway, Seattle, WA 10004", {WEST, EAST}),
        ("12345 Main Street", set()),
        ("call me in", set()),
        ("00000", set()),
        ("", set()),
    ],
)
def test_an_american_address_tells_by_its_end(address: str, zones: set[str]) -> None:
    assert set(of_address(address, "US")) == zones


@pytest.mark.parametrize(
    ("address", "country", "zones"),
    [
        ("12 Tràng Tiền, Hà Nội", "VN", (HOME,)),
        ("10 Downing Street, London", "GB", ("Europe/London",)),
        ("Sydney NSW 2000", "AU", ()),
        ("", "VN", ()),
        ("  ", "GB", ()),
    ],
)
def test_an_address_elsewhere_tells_its_country(address: str, country: str, zones: tuple[str, ...]) -> None:
    assert of_address(address, country) == zones


def test_the_data_of_addresses_names_known_zones_and_every_state() -> None:
    american = DATA["us"]
    named = [*DATA["countries"].values(), *american["states"].values(), *american["prefixes"].values()]
    assert all(zone(name) for names in named for name in names)
    assert set(american["names"].values()) == set(american["states"]) == set(american["zip"])


@pytest.mark.parametrize("prefix", DATA["us"]["prefixes"])
def test_an_area_of_its_own_lies_in_a_state_with_several_zones_and_is_one_of_them(prefix: str) -> None:
    [state] = [name for name, ranges in DATA["us"]["zip"].items() if any(a <= prefix <= b for a, b in ranges)]
    zones = DATA["us"]["states"][state]
    assert len(zones) > 1
    assert set(DATA["us"]["prefixes"][prefix]) < set(zones)


@given(st.text(max_size=40))
def test_whatever_an_address_holds_it_tells_known_zones_or_none(address: str) -> None:
    assert all(zone(name) for name in of_address(address, "US"))


@pytest.mark.parametrize(
    ("number", "address", "person", "tenant", "zones"),
    [
        ((EAST,), (WEST,), None, HOME, (EAST,)),
        ((), (WEST,), None, HOME, (WEST,)),
        ((), (), None, HOME, (HOME,)),
        ((), (), WEST, HOME, (WEST,)),
        ((), (), None, None, ()),
        ((EAST, WEST), (), WEST, HOME, (WEST,)),
        ((EAST,), (), WEST, HOME, (EAST, WEST)),
        ((), (EAST,), WEST, HOME, (EAST, WEST)),
        ((HOME,), (), HOME, HOME, (HOME,)),
    ],
)
def test_first_the_number_then_the_address_then_the_tenant(
    number: tuple[str, ...], address: tuple[str, ...], person: str | None, tenant: str | None, zones: tuple[str, ...]
) -> None:
    assert candidates(number, address, person, tenant, "first") == zones


def test_where_all_count_nothing_narrows_and_the_tenant_is_no_answer() -> None:
    assert candidates((EAST, WEST), (CENTRAL, WEST), WEST, HOME, "all") == (EAST, WEST, CENTRAL)
    assert candidates((EAST,), (), WEST, HOME, "all") == (EAST, WEST)
    assert candidates((), (), None, HOME, "all") == ()


def test_no_way_of_combining_forgets_what_contradicts() -> None:
    for combine, person in product(("first", "all"), (None, EAST, WEST)):
        found = candidates((EAST,), (), person, HOME, combine)
        assert EAST in found
        assert person is None or person in found
