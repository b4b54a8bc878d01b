"""What two rulebooks say differently, field by field, for people."""

import pytest

from campaigns.rulebooks import Rulebook, read, shipped
from campaigns.rulebooks.differences import Difference, diff, spelled

from .clocks import NAMED

OWN = read(
    NAMED
    + 'extends = "vn-debt"\n[hours]\nsun = "closed"\nholidays = "closed"\n[hours.special]\n"2027-01-02" = "closed"\n'
    '[[caps]]\nid = "VN-DEBT-FREQ"\nlimit = 3\nof = "reminders"\nper = ["person"]\ndays = 1\n'
)


def test_each_field_that_differs_is_a_row() -> None:
    rows = {row.field: (row.a, row.b) for row in diff(shipped()["vn-debt"], OWN)}
    assert set(rows) == {
        "name",
        "version",
        "extends",
        "summary",
        "hours.sun",
        "hours.holidays",
        "hours.country",
        "hours.special.2027-01-02",
        "caps.VN-DEBT-FREQ",
    }
    assert rows["hours.sun"] == ("07:00-21:00", "closed")
    assert rows["hours.holidays"] == ("as-weekday", "closed")
    assert rows["hours.special.2027-01-02"] == ("", "closed")
    assert rows["caps.VN-DEBT-FREQ"][1] == "at most 3 reminders for each person in one day of the calendar"


def test_what_one_does_not_say_is_empty() -> None:
    assert Difference("requires.creditor", "required", "") in diff(shipped()["vn-debt"], shipped()["none"])
    assert Difference("hours", "", "any") in diff(shipped()["vn-debt"], shipped()["none"])


@pytest.mark.parametrize("book", shipped().values(), ids=lambda book: book.name)
def test_a_rulebook_does_not_differ_from_itself(book: Rulebook) -> None:
    assert diff(book, book) == []
    assert all(spelled(book).values())
