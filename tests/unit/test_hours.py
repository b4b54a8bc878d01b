"""Hours as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import hours
from campaigns.hours import DAYS, BadHours, read

WEEK = ("mon", "tue", "wed", "thu", "fri")


def test_a_range_of_days_is_every_day_of_it() -> None:
    assert read("mon-fri 18:00-20:00, sat 9:00-11:00") == [
        *([day, "18:00", "20:00"] for day in WEEK),
        ["sat", "09:00", "11:00"],
    ]


def test_days_have_vietnamese_names_too() -> None:
    assert read("T2-T6 18:00-20:00; cn 9:00-11:00") == [
        *([day, "18:00", "20:00"] for day in WEEK),
        ["sun", "09:00", "11:00"],
    ]


def test_hours_without_a_day_hold_on_every_day() -> None:
    assert read("12:00 - 13:30") == [[day, "12:00", "13:30"] for day in DAYS]


def test_a_range_may_go_over_the_end_of_the_week() -> None:
    assert [day for day, _, _ in read("sat-mon 08:00-09:00")] == ["mon", "sat", "sun"]


def test_hours_may_go_over_midnight_and_belong_to_the_day_on_which_they_begin() -> None:
    assert read("fri 22:00-1:00, sat 20:00-24:00") == [["fri", "22:00", "01:00"], ["sat", "20:00", "00:00"]]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must be hours such as"),
        (" , ", "must be hours such as"),
        ("in the evening", "must be a day and hours"),
        ("mon 18-20", "must be a day and hours"),
        ("funday 18:00-20:00", "funday is no day"),
        ("t8 18:00-20:00", "t8 is no day"),
        ("mon 18:00-18:00", "ends when it begins"),
        ("mon 24:00-18:00", "24:00 is no time of a day"),
        ("mon 18:60-19:00", "18:60 is no time of a day"),
    ],
)
def test_what_is_no_hours_is_refused_with_what_could_be(text: str, told: str) -> None:
    with pytest.raises(BadHours, match=told):
        read(text)


@given(st.lists(st.tuples(st.sampled_from(DAYS), st.integers(0, 1438), st.integers(0, 1439)), min_size=1))
def test_what_is_written_is_read_again(spans: list[tuple[str, int, int]]) -> None:
    clock = "{:02}:{:02}".format
    told = ", ".join(
        f"{day} {clock(*divmod(opens, 60))}-{clock(*divmod(closes + (closes == opens), 60))}"
        for day, opens, closes in spans
    )
    assert read(hours.written(read(told))) == read(told)
