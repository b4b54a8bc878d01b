"""What single cells say."""

from datetime import date

import pytest

from campaigns.lists.cells import Found, amount, count, day, numbers
from campaigns.phones import PhoneFault
from campaigns.words import Role

A, B = "+84912345678", "+84987654321"


def said(cell: str, role: Role = Role.BORROWER) -> list[tuple[str, Role] | PhoneFault]:
    return [(x.phone.e164, x.role) if isinstance(x, Found) else x.fault for x in numbers(cell, role)]


@pytest.mark.parametrize(
    "cell",
    [
        "0912345678/0987654321",
        "0912345678 / 0987654321",
        "0912345678; 0987654321",
        "0912345678,0987654321",
        "0912 345 678 | 0987 654 321",
        "0912345678\n0987654321",
        "0912345678\r\n0987654321",
        "0912345678 - 0987654321",
        "0912-345-678 – 0987-654-321",
        "0912345678;;0987654321;",
    ],
)
def test_several_numbers_in_a_cell_are_kept_apart(cell: str) -> None:
    assert said(cell) == [(A, Role.BORROWER), (B, Role.BORROWER)]


@pytest.mark.parametrize(
    "cell", ["0912 - 345 - 678", "(+84) 912 345 678", "0912-345-678", "0912345678,", "số 0912345678"]
)
def test_one_number_with_separators_stays_one(cell: str) -> None:
    assert said(cell) == [(A, Role.BORROWER)]


@pytest.mark.parametrize(
    ("note", "role"),
    [
        ("mẹ", Role.REFERENCE),
        ("vợ", Role.REFERENCE),
        ("VỢ/CHỒNG", Role.REFERENCE),
        ("bạn", Role.REFERENCE),
        ("ban", Role.REFERENCE),
        ("đồng nghiệp", Role.REFERENCE),
        ("hàng xóm", Role.REFERENCE),
        ("mẹ khách hàng", Role.REFERENCE),
        ("bạn của người vay", Role.REFERENCE),
        ("mother", Role.REFERENCE),
        ("Neighbor", Role.REFERENCE),
        ("colleague", Role.REFERENCE),
        ("người bảo lãnh", Role.GUARANTOR),
        ("vợ, đồng vay", Role.CO_BORROWER),
        ("chính chủ", Role.BORROWER),
        ("người vay", Role.BORROWER),
        ("bản thân", Role.BORROWER),
        ("zalo", Role.BORROWER),
        ("bàn", Role.BORROWER),
        ("kế toán", Role.UNKNOWN),
        ("ext 12", Role.UNKNOWN),
    ],
)
def test_a_note_tells_whose_the_number_is(note: str, role: Role) -> None:
    assert said(f"0912345678 ({note})") == [(A, role)]


@pytest.mark.parametrize(
    "cell",
    [
        "0912345678 (mẹ)",
        "0912345678(mẹ)",
        "0912345678 [mẹ]",
        "0912345678 mẹ",
        "0912345678 - mẹ",
        "0912345678-mẹ",
        "0912345678 / mẹ",
        "(mẹ) 0912345678",
        "mẹ: 0912345678",
        "Mẹ - 0912345678",
        "mẹ 0912 345 678",
    ],
)
def test_a_note_is_found_wherever_it_stands(cell: str) -> None:
    assert said(cell) == [(A, Role.REFERENCE)]


@pytest.mark.parametrize(
    ("cell", "roles"),
    [
        ("0912345678 / 0987654321 (mẹ)", [Role.BORROWER, Role.REFERENCE]),
        ("0912345678 - 0987654321 (mẹ)", [Role.BORROWER, Role.REFERENCE]),
        ("0912345678(mẹ)0987654321(vợ)", [Role.REFERENCE, Role.REFERENCE]),
        ("Mẹ - 0912345678; vợ - 0987654321", [Role.REFERENCE, Role.REFERENCE]),
        ("mẹ, 0912345678, vợ, 0987654321", [Role.REFERENCE, Role.REFERENCE]),
        ("0912345678 (chính chủ), 0987654321 (người bảo lãnh)", [Role.BORROWER, Role.GUARANTOR]),
        # Whose the second number is cannot be told, so it is not taken for the borrower's.
        ("Mẹ 0912345678 - 0987654321", [Role.REFERENCE, Role.UNKNOWN]),
        ("(mẹ) 0912345678 (vợ) 0987654321", [Role.REFERENCE, Role.UNKNOWN]),
    ],
)
def test_each_number_has_its_own_note(cell: str, roles: list[Role]) -> None:
    assert said(cell) == list(zip((A, B), roles, strict=True))


def test_a_note_never_makes_a_borrower_of_a_reference() -> None:
    assert said("0912345678 (chính chủ)", Role.REFERENCE) == [(A, Role.REFERENCE)]


@pytest.mark.parametrize("cell", ["", " ", "-", "không có", "Chưa có", "N/A", "n/a", "0", "null", "x"])
def test_a_word_for_nothing_is_an_empty_cell(cell: str) -> None:
    assert said(cell) == []


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("9.12E+08", [PhoneFault.SCIENTIFIC_NOTATION]),
        ("9.12E+08 (mẹ)", [PhoneFault.SCIENTIFIC_NOTATION]),
        ("O912345678", [PhoneFault.NOT_A_NUMBER]),
        ("đang cập nhật", [PhoneFault.NOT_A_NUMBER]),
        ("0912345678 0987654321", [PhoneFault.SEVERAL_NUMBERS]),
        ("0912345678/678", [(A, Role.BORROWER), PhoneFault.TOO_SHORT]),
        ("0912345678 / không có", [(A, Role.BORROWER)]),
        ("0912,345,678", [PhoneFault.TOO_SHORT] * 3),
    ],
)
def test_what_is_no_number_is_a_fault_beside_those_that_are(cell: str, found: list[object]) -> None:
    assert said(cell) == found


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("5000000", 5_000_000),
        ("5.000.000", 5_000_000),
        ("5,000,000", 5_000_000),
        ("5 000 000", 5_000_000),
        ("5\u00a0000\u00a0000", 5_000_000),
        ("5,000,000 đ", 5_000_000),
        ("5.000.000đ", 5_000_000),
        ("5.000.000 VND", 5_000_000),
        ("5000000 đồng", 5_000_000),
        ("₫5,000", 5000),
        ("5000000.0", 5_000_000),
        ("5000000,00", 5_000_000),
        ("5.000.000,50", 5_000_001),
        ("5,000,000.49", 5_000_000),
        ("1234567.891", 1_234_568),
        ("5.000", 5000),
        ("0", 0),
        ("-5000", None),
        ("1,5", None),
        ("5.5", None),
        ("5000.000", None),
        ("5.000.00", None),
        ("1.234,567", None),
        ("5tr", None),
        ("1.5E+07", None),
        ("năm triệu", None),
        ("9" * 5000, None),
        ("", None),
    ],
)
def test_an_amount_is_a_whole_number_or_nothing(cell: str, value: int | None) -> None:
    assert amount(cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("13/07/2021", date(2021, 7, 13)),
        ("1/7/2021", date(2021, 7, 1)),
        ("02/03/2021", date(2021, 3, 2)),
        ("13-07-2021", date(2021, 7, 13)),
        ("13.7.21", date(2021, 7, 13)),
        ("13/07/2021 00:00:00", date(2021, 7, 13)),
        ("2021-07-13", date(2021, 7, 13)),
        ("2021-07-13 09:30:00", date(2021, 7, 13)),
        ("2021-07-13T09:30:00", date(2021, 7, 13)),
        ("44390", date(2021, 7, 13)),
        ("44390.5", date(2021, 7, 13)),
        ("07/13/2021", None),
        ("31/02/2021", None),
        ("5/5/0000", None),
        ("hôm qua", None),
        ("", None),
    ],
)
def test_a_day_has_the_day_before_the_month(cell: str, value: date | None) -> None:
    assert day(cell) == value


@pytest.mark.parametrize(
    ("cell", "value"), [("5", 5), ("5.0", 5), ("-3", -3), ("45 ngày", 45), ("2 days", 2), ("5.5", None), ("hai", None)]
)
def test_a_count_is_a_whole_number_or_nothing(cell: str, value: int | None) -> None:
    assert count(cell) == value
