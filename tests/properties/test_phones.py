"""What holds for every text and every number, whatever it is."""

import re
import string
from datetime import date

from hypothesis import assume, example, given
from hypothesis import strategies as st

from campaigns.phones import BadPhone, Phone, ambiguous, explain, mask, national, normalise

DIGITS = st.text(string.digits, max_size=24)
SEPARATORS = st.sampled_from(["", " ", ".", "-", "\u00a0", "–", " - "])
MOBILES = st.from_regex(r"(3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-46-9])[0-9]{7}", fullmatch=True)
COUNTRIES = st.sampled_from(["VN", "US", "GB", "IT", "BR", "XX", ""])
LIKE_A_NUMBER = st.builds(
    str.__add__, st.sampled_from(["", "+", "00", "+84", "84", "0084", "0", "01", "02", "08", "1900"]), DIGITS
)


@given(st.text() | LIKE_A_NUMBER, COUNTRIES)
@example("+", "VN")
@example("0" * 300, "US")
@example("\ud800", "VN")
def test_any_text_is_a_number_in_ascii_digits_or_a_fault(text: str, country: str) -> None:
    result = normalise(text, country)
    if isinstance(result, Phone):
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", result.e164)
    else:
        assert all(explain(result.fault))


@given(LIKE_A_NUMBER, COUNTRIES)
@example("01141234567890", "US")
@example("01184121012345", "US")
def test_normalising_a_result_again_changes_nothing(text: str, country: str) -> None:
    first = normalise(text, country)
    if isinstance(first, Phone):
        assert normalise(first.e164, country) == Phone(first.e164, first.kind)
        assert normalise(first.e164) == Phone(first.e164, first.kind)


@given(MOBILES, st.sampled_from(["0", "+84", "84", "0084", "", "+840"]), st.lists(SEPARATORS, min_size=7, max_size=7))
def test_notation_does_not_matter(number: str, prefix: str, separators: list[str]) -> None:
    # A point before the last digit is left out: `091234567.0` is a float that lost a digit, and so is `09123456.00`.
    written = prefix + "".join(a + b for a, b in zip(number, [*separators, "", ""], strict=True))
    assume(not written.endswith(".00"))
    assert normalise(written) == Phone(f"+84{number}", "mobile")


@given(MOBILES)
def test_the_national_form_leads_back_to_the_number(number: str) -> None:
    assert normalise(national(f"+84{number}")) == Phone(f"+84{number}", "mobile")


@given(MOBILES, MOBILES)
def test_two_numbers_glued_together_are_never_one(first: str, second: str) -> None:
    assert isinstance(normalise(f"0{first}0{second}"), BadPhone)


@given(MOBILES, st.integers(0, 9), st.integers(1, 8))
def test_a_mobile_with_a_digit_too_many_is_never_shortened(number: str, digit: int, place: int) -> None:
    result = normalise(f"0{number[:place]}{digit}{number[place:]}")
    assert isinstance(result, BadPhone)


@given(st.text() | LIKE_A_NUMBER)
def test_a_mask_hides_all_but_seven_characters(text: str) -> None:
    assert len(mask(text)) == len(text)
    assert sum(a == b for a, b in zip(mask(text), text, strict=True) if b != "*") <= 7


@given(MOBILES, st.dates(min_value=date(2018, 9, 15)))
def test_a_record_since_the_conversion_is_never_in_doubt(number: str, vintage: date) -> None:
    assert not ambiguous(f"0{number}", vintage)
