"""Telephone numbers: every notation that lists hold, and everything that must be refused."""

from datetime import date

import phonenumbers
import pytest

from campaigns.phones import (
    AREA_CODES,
    OLD_MOBILES,
    BadPhone,
    Phone,
    PhoneFault,
    ambiguous,
    explain,
    mask,
    national,
    normalise,
    reads_as_old_land_line,
)

OLD, NEW = date(2018, 9, 14), date(2018, 9, 15)
TWO_DIGITS = [f"{n:02d}" for n in range(100)]


@pytest.mark.parametrize(
    "text",
    [
        "0912345678",
        "+84912345678",
        "84912345678",
        "0084912345678",
        "+840912345678",
        " 0912345678 ",
        "0912 345 678",
        "0912.345.678",
        "0912-345-678",
        "0912–345–678",
        "(+84) 912 345 678",
        "(0912) 345678",
        "0912\u00a0345\u00a0678",
        "０９１２３４５６７８",
        "\u202a0912345678\u202c",
        "\ufeff0912345678",
        "'0912345678",
    ],
)
def test_one_mobile_in_every_notation_is_the_same_number(text: str) -> None:
    assert normalise(text) == Phone("+84912345678", "mobile")


@pytest.mark.parametrize("text", ["912345678", "912345678.0", "912345678.00", "84912345678.0"])
def test_a_number_that_lost_its_zero_in_excel_is_found(text: str) -> None:
    assert normalise(text) == Phone("+84912345678", "mobile")


@pytest.mark.parametrize(("old", "new"), OLD_MOBILES.items())
def test_an_old_mobile_is_converted_and_keeps_its_last_seven_digits(old: str, new: str) -> None:
    converted = Phone(f"+84{new}1234567", "mobile", converted=True)
    assert normalise(f"0{old}1234567") == converted
    assert normalise(f"+84{old}1234567") == converted
    assert normalise(f"{old}1234567") == converted


def test_the_table_of_old_mobiles_is_complete() -> None:
    assert len(OLD_MOBILES) == 21
    assert len(set(OLD_MOBILES.values())) == 21


@pytest.mark.parametrize("prefix", [f"{n}" for n in range(100, 200) if f"{n}" not in OLD_MOBILES])
def test_an_unassigned_old_prefix_is_never_fixed(prefix: str) -> None:
    assert normalise(f"0{prefix}1234567") == BadPhone(PhoneFault.UNASSIGNED_PREFIX)


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("02438251234", "+842438251234"),
        ("024 3825 1234", "+842438251234"),
        ("(028) 3825 1234", "+842838251234"),
        ("2838251234", "+842838251234"),
        ("0236 3 821 234", "+842363821234"),
    ],
)
def test_a_land_line_is_read(text: str, e164: str) -> None:
    assert normalise(text) == Phone(e164, "landline")


def test_an_old_number_of_ha_noi_gets_its_new_area_code() -> None:
    assert normalise("04 3825 1234") == Phone("+842438251234", "landline", converted=True)


@pytest.mark.parametrize("code", AREA_CODES)
def test_every_area_code_is_known_to_the_reference_library(code: str) -> None:
    number = f"+84{code}" + "38251234"[: 10 - len(code)]
    assert normalise(number) == Phone(number, "landline")
    assert phonenumbers.is_valid_number(phonenumbers.parse(number))


def test_mobile_prefixes_are_the_thirty_six_of_the_plan() -> None:
    mobile = [p for p in TWO_DIGITS if isinstance(normalise(f"0{p}1234567"), Phone) and p[0] != "4"]
    assert len(mobile) == 36
    assert not {"31", "50", "51", "54", "57", "71", "75", "80", "95"} & set(mobile)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", PhoneFault.EMPTY),
        ("   ", PhoneFault.EMPTY),
        ("---", PhoneFault.EMPTY),
        ("không có", PhoneFault.NOT_A_NUMBER),
        ("O912345678", PhoneFault.NOT_A_NUMBER),
        ("0912345678 (mẹ)", PhoneFault.NOT_A_NUMBER),
        ("0912345678/0987654321", PhoneFault.NOT_A_NUMBER),
        ("٠٩١٢٣٤٥٦٧٨", PhoneFault.NOT_A_NUMBER),
        ("9.12E+08", PhoneFault.SCIENTIFIC_NOTATION),
        ("9,12345E8", PhoneFault.SCIENTIFIC_NOTATION),
        ("9.12e+08", PhoneFault.SCIENTIFIC_NOTATION),
        ("091234567", PhoneFault.TOO_SHORT),
        ("091234567.0", PhoneFault.TOO_SHORT),
        ("024 3825 123", PhoneFault.TOO_SHORT),
        ("113", PhoneFault.TOO_SHORT),
        ("09123456789", PhoneFault.TOO_LONG),
        ("9" * 5000, PhoneFault.TOO_LONG),
        ("09123456780987654321", PhoneFault.SEVERAL_NUMBERS),
        ("0912345678 0987654321", PhoneFault.SEVERAL_NUMBERS),
        ("0912345678 01234567890", PhoneFault.SEVERAL_NUMBERS),
        ("0950123456", PhoneFault.UNASSIGNED_PREFIX),
        ("0511 3812345", PhoneFault.OLD_AREA_CODE),
        ("061 3812345", PhoneFault.OLD_AREA_CODE),
        ("1900 1234", PhoneFault.SERVICE_NUMBER),
        ("18001234", PhoneFault.SERVICE_NUMBER),
        ("+999123456789", PhoneFault.FOREIGN_UNKNOWN),
        ("+0912345678", PhoneFault.FOREIGN_UNKNOWN),
    ],
)
def test_what_is_not_one_number_is_refused_with_its_fault(text: str, fault: PhoneFault) -> None:
    assert normalise(text) == BadPhone(fault)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+1 202 555 0123", Phone("+12025550123", "other")),
        ("0044 7400 123456", Phone("+447400123456", "mobile")),
        ("+49 30 901820", Phone("+4930901820", "landline")),
    ],
)
def test_a_number_with_another_countrys_prefix_is_read(text: str, number: Phone) -> None:
    assert normalise(text) == number


def test_a_list_of_another_country_reads_its_own_numbers_and_ours() -> None:
    assert normalise("07400 123456", country="GB") == Phone("+447400123456", "mobile")
    assert normalise("+84912345678", country="GB") == Phone("+84912345678", "mobile")
    assert normalise("0084 123 4567890", country="GB") == Phone("+84834567890", "mobile", converted=True)


def test_an_unknown_country_is_a_fault_and_no_error() -> None:
    assert normalise("0912345678", country="XX") == BadPhone(PhoneFault.FOREIGN_UNKNOWN)


@pytest.mark.parametrize("fault", PhoneFault)
def test_every_fault_is_said_in_two_languages(fault: PhoneFault) -> None:
    vietnamese, english = explain(fault)
    assert vietnamese.endswith(".")
    assert english.endswith(".")
    assert vietnamese != english


def test_a_number_is_shown_as_it_is_dialed_at_home() -> None:
    assert national("+84912345678") == "0912345678"
    assert national("+842438251234") == "02438251234"
    assert national("+12025550123") == "+12025550123"


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+84912345678", "+8491*****78"),
        ("+842438251234", "+8424******34"),
        ("0912345678", "091*****78"),
        ("113", "***"),
        ("", ""),
    ],
)
def test_a_masked_number_keeps_its_prefix_and_its_end(phone: str, masked: str) -> None:
    assert mask(phone) == masked


@pytest.mark.parametrize(
    "number",
    ["0383123456", "0373123456", "0393123456", "0333123456", "0363123456", "0773123456", "0793123456", "0583123456"],
)
def test_an_old_record_may_mean_a_land_line(number: str) -> None:
    assert ambiguous(number, OLD)
    assert not ambiguous(number, NEW)
    assert not ambiguous(number, None)


def test_a_number_of_ho_chi_minh_city_with_its_old_code_reads_as_a_mobile() -> None:
    assert ambiguous("0838251234", OLD)


def test_a_number_that_was_a_mobile_in_the_old_plan_too_is_never_in_doubt() -> None:
    assert not ambiguous("0912345678", OLD)
    assert not ambiguous("0983123456", OLD)


def test_a_land_line_of_today_and_an_old_mobile_are_never_in_doubt() -> None:
    assert not ambiguous("02438251234", OLD)
    assert not ambiguous("01234567890", OLD)


def test_old_area_codes_overlap_twenty_six_of_the_mobile_prefixes() -> None:
    """The reason why only old records are doubted: doubting all would stop most lists."""
    doubted = {p for p in TWO_DIGITS for n in range(10) if reads_as_old_land_line(f"0{p}{n}000000")}
    assert len(doubted) == 26
