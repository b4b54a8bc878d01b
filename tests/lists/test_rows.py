"""Rows of a list: kept, rejected with a reason, or repeats of one another. None is lost without a word."""

from datetime import date
from pathlib import Path

import pytest

from campaigns.lists import Fault, ListFile, read
from campaigns.phones import PhoneFault
from campaigns.words import Role, Subject
from lists.conftest import ReadRows

HEADER = ["Mã KH", "Họ tên", "SĐT", "Số HĐ"]
FIRST = ["KH1", "An", "0912345678", "HD1"]


def adds_up(listfile: ListFile) -> bool:
    return listfile.rows_read == listfile.kept + len(listfile.rejects) + listfile.duplicates


@pytest.mark.parametrize(
    ("phone", "reason"),
    [
        ("9.12E+08", PhoneFault.SCIENTIFIC_NOTATION),
        ("091234567", PhoneFault.TOO_SHORT),
        ("09123456789", PhoneFault.TOO_LONG),
        ("01600000115", PhoneFault.UNASSIGNED_PREFIX),
        ("0912345678 0987654321", PhoneFault.SEVERAL_NUMBERS),
        ("đang cập nhật", PhoneFault.NOT_A_NUMBER),
        ("", Fault.NO_PHONE),
        ("không có", Fault.NO_PHONE),
    ],
)
def test_a_row_without_a_valid_number_is_rejected_with_its_place_and_reason(
    read_rows: ReadRows, phone: str, reason: Fault | PhoneFault
) -> None:
    listfile = read_rows([HEADER, ["KH1", "An", phone, "HD1"]])
    (found,) = listfile.rejects
    assert (found.row, found.column, found.value, found.reason) == (2, "SĐT", phone, reason)
    assert found.vi
    assert found.en
    assert adds_up(listfile)


def test_a_bad_second_number_leaves_a_note_and_the_row_stays(read_rows: ReadRows) -> None:
    listfile = read_rows([[*HEADER, "Điện thoại 2"], [*FIRST, "123"]])
    assert (listfile.rows_read, listfile.kept, listfile.rejects) == (1, 1, [])
    assert [(n.row, n.column, n.value) for n in listfile.notes] == [(2, "Điện thoại 2", "123")]


def test_numbers_of_several_columns_keep_their_order_and_roles(read_rows: ReadRows) -> None:
    header = ["SĐT bảo lãnh", "Mã KH", "Di động", "SĐT người thân"]
    listfile = read_rows([header, ["0987654321", "KH1", "0912345678/0900000001", "0900000002"]])
    assert [(p.e164[-3:], p.role) for p in listfile.entries[0].phones] == [
        ("321", Role.GUARANTOR),
        ("678", Role.BORROWER),
        ("001", Role.BORROWER),
        ("002", Role.REFERENCE),
    ]


def test_a_number_that_stands_twice_in_a_row_counts_once_as_what_it_was_first(read_rows: ReadRows) -> None:
    listfile = read_rows([["SĐT", "SĐT người thân"], ["0912345678", "+84 912 345 678"]])
    assert [(p.e164, p.role) for p in listfile.entries[0].phones] == [("+84912345678", Role.BORROWER)]


def test_a_row_may_say_itself_whose_its_number_is(read_rows: ReadRows) -> None:
    rows = [["SĐT", "Quan hệ"], ["0912345678", "Mẹ"], ["0987654321", "Chính chủ"], ["0900000001", ""]]
    roles = [entry.phones[0].role for entry in read_rows(rows).entries]
    assert roles == [Role.REFERENCE, Role.BORROWER, Role.BORROWER]


def test_a_row_with_only_a_reference_is_kept(read_rows: ReadRows) -> None:
    assert read_rows([HEADER, ["KH1", "An", "0912345678 (mẹ)", "HD1"]]).kept == 1


def test_another_contract_of_the_same_id_is_one_customer_with_the_numbers_of_both_rows(read_rows: ReadRows) -> None:
    listfile = read_rows([HEADER, FIRST, ["KH1", "", "0987654321", "HD2"]])
    (entry,) = listfile.entries
    assert [debt.contract_number for debt in entry.debts] == ["HD1", "HD2"]
    assert [phone.e164 for phone in entry.phones] == ["+84912345678", "+84987654321"]
    assert (entry.name, listfile.kept, listfile.duplicates) == ("An", 2, 0)


def test_the_same_id_and_contract_again_is_a_duplicate_that_names_both_rows(read_rows: ReadRows) -> None:
    listfile = read_rows([HEADER, FIRST, ["KH2", "Bo", "0987654321", "HD2"], FIRST])
    (repeat,) = listfile.repeats
    assert (repeat.row, repeat.column, repeat.value, repeat.reason) == (4, "Mã KH", "KH1", Fault.DUPLICATE)
    assert "row 2" in repeat.en
    assert "dòng 2" in repeat.vi
    assert adds_up(listfile)


def test_without_a_contract_column_a_repeated_id_is_a_duplicate(read_rows: ReadRows) -> None:
    assert read_rows([HEADER[:3], FIRST[:3], ["KH1", "An", "0987654321"]]).duplicates == 1


def test_without_an_id_the_first_number_is_the_key(read_rows: ReadRows) -> None:
    rows = [["SĐT", "Số HĐ"], ["0912345678", "HD1"], ["84912345678", "HD2"], ["0912 345 678", "HD1"]]
    listfile = read_rows(rows)
    (entry,) = listfile.entries
    assert (entry.key_kind, entry.key, len(entry.debts)) == (Subject.NUMBER, "+84912345678", 2)
    assert [(r.row, r.column) for r in listfile.repeats] == [(4, "SĐT")]


def test_a_customer_without_an_id_is_not_known_by_his_mothers_number(read_rows: ReadRows) -> None:
    listfile = read_rows([["SĐT"], ["0912345678 (mẹ) / 0987654321"]])
    assert listfile.entries[0].key == "+84987654321"


@pytest.mark.parametrize("nothing", ["", "-", "N/A", "null", "0", "không có"])
def test_people_without_an_id_are_not_taken_for_one_customer(read_rows: ReadRows, nothing: str) -> None:
    listfile = read_rows([HEADER, [nothing, "An", "0912345678", "HD1"], [nothing, "Bo", "0987654321", "HD2"]])
    assert [entry.key for entry in listfile.entries] == ["+84912345678", "+84987654321"]


def test_an_id_of_absurd_length_is_rejected(read_rows: ReadRows) -> None:
    assert read_rows([HEADER, ["K" * 201, *FIRST[1:]]]).rejects[0].reason is Fault.KEY_TOO_LONG


@pytest.mark.parametrize(
    "line", ["KH1;An;0912345678", "KH1;An;0912345678;HD1;thừa", "KH1", "KH1;An;0912345678;HD1;;;x"]
)
def test_a_row_of_another_length_is_rejected_whole(tmp_path: Path, line: str) -> None:
    text = f"{';'.join(HEADER)}\n{line}\nKH2;Bo;0987654321;HD2\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    listfile = read(tmp_path / "a.csv")
    (found,) = listfile.rejects
    assert (found.row, found.reason, found.value) == (2, Fault.RAGGED_ROW, " | ".join(line.split(";")))
    assert (listfile.kept, adds_up(listfile)) == (1, True)


def test_empty_cells_at_the_end_of_a_line_are_no_mishap(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{';'.join(HEADER)}\n{';'.join(FIRST)};;;\n", encoding="utf-8")
    assert read(tmp_path / "a.csv").kept == 1


def test_blank_rows_are_no_rows(read_rows: ReadRows) -> None:
    listfile = read_rows([HEADER, ["", "", "", ""], FIRST, ["  ", "", "\t", ""]])
    assert (listfile.rows_read, listfile.kept) == (1, 1)


@pytest.mark.parametrize("label", ["Tổng cộng", "TỔNG CỘNG:", "Cộng", "Tổng", "Total", "Grand total", "Cộng: 1"])
def test_a_total_row_is_no_row(read_rows: ReadRows, label: str) -> None:
    listfile = read_rows([HEADER, FIRST, [label, "", "", "5.000.000"], ["", label, "1", ""]])
    assert (listfile.rows_read, listfile.rejects) == (1, [])


def test_a_total_row_of_another_length_is_no_row_either(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{';'.join(HEADER)}\n{';'.join(FIRST)}\nTổng cộng;1\n", encoding="utf-8")
    assert read(tmp_path / "a.csv").rows_read == 1


@pytest.mark.parametrize("name", ["Tổng Văn An", "Công ty Một", "Total"])
def test_a_customer_is_not_lost_because_his_name_begins_like_a_sum(read_rows: ReadRows, name: str) -> None:
    listfile = read_rows([["Họ tên", "SĐT"], [name, "0912345678"], [name, "091234567"]])
    assert (listfile.rows_read, listfile.kept, len(listfile.rejects)) == (2, 1, 1)


def test_variables_are_typed_and_the_row_is_kept_as_uploaded(read_rows: ReadRows) -> None:
    header = ["SĐT", "Số HĐ", "DPD", "Số tiền quá hạn", "Ngày đến hạn", "Số kỳ quá hạn", "Chi nhánh"]
    row = ["0912345678", "HD1", "5 ngày", "5.000.000 đ", "13/07/2021", "2", " Huế "]
    debt = read_rows([header, row]).entries[0].debts[0]
    assert debt.dpd == 5
    assert debt.variables == {
        "contract_number": "HD1",
        "dpd": 5,
        "total_ovd_amount": 5000000,
        "due_date": "2021-07-13",
        "number_of_ovd_inst": 2,
        "Chi nhánh": "Huế",
    }
    assert debt.uploaded == row


def test_a_bad_amount_day_or_count_is_left_out_with_a_note(read_rows: ReadRows) -> None:
    header = ["SĐT", "DPD", "Số tiền quá hạn", "Ngày đến hạn", "Ưu tiên", "Ngày tạo"]
    listfile = read_rows([header, ["0912345678", "hai", "năm triệu", "31/02/2021", "cao", "hôm qua"]])
    assert listfile.entries[0].debts[0].variables == {}
    assert {(note.column, note.reason) for note in listfile.notes} == {
        ("DPD", Fault.BAD_COUNT),
        ("Số tiền quá hạn", Fault.BAD_AMOUNT),
        ("Ngày đến hạn", Fault.BAD_DATE),
        ("Ưu tiên", Fault.BAD_COUNT),
        ("Ngày tạo", Fault.BAD_DATE),
    }
    assert (listfile.kept, adds_up(listfile)) == (1, True)


def test_a_dash_for_no_amount_is_worth_no_note(read_rows: ReadRows) -> None:
    listfile = read_rows([["SĐT", "Số tiền quá hạn"], ["0912345678", " - "], ["0987654321", "0"]])
    assert listfile.notes == []
    assert [entry.debts[0].variables for entry in listfile.entries] == [{}, {"total_ovd_amount": 0}]


def test_an_old_record_with_a_number_that_may_be_a_land_line_needs_review(read_rows: ReadRows) -> None:
    rows = [["SĐT", "Ngày tạo"], ["0383123456", "01/05/2017"], ["0383123457", "01/05/2020"], ["0912345678", "1/5/2017"]]
    phones = [entry.phones[0] for entry in read_rows(rows).entries]
    assert [phone.needs_review for phone in phones] == [True, False, False]
    assert [phone.vintage for phone in phones] == [date(2017, 5, 1), date(2020, 5, 1), date(2017, 5, 1)]


def test_the_bearer_of_a_list_may_say_how_old_its_numbers_are(read_rows: ReadRows) -> None:
    rows = [["SĐT"], ["0383123456"]]
    assert read_rows(rows, numbers_as_of=date(2018, 9, 14)).entries[0].phones[0].needs_review
    assert not read_rows(rows, numbers_as_of=date(2018, 9, 15)).entries[0].phones[0].needs_review
    assert not read_rows(rows).entries[0].phones[0].needs_review


def test_a_row_with_an_old_mobile_is_old_whatever_it_says(read_rows: ReadRows) -> None:
    rows = [["SĐT", "Ngày tạo"], ["01660000101 / 0380000101 / 0912345678", "01/05/2024"]]
    phones = read_rows(rows).entries[0].phones
    assert [(phone.e164, phone.needs_review) for phone in phones] == [
        ("+84360000101", False),
        ("+84380000101", True),
        ("+84912345678", False),
    ]


def test_remarks_come_in_the_order_of_rows(read_rows: ReadRows) -> None:
    rows = [
        [*HEADER, "Số tiền"],
        [*FIRST, "năm"],
        ["KH2", "Bo", "1", "HD2", "1"],
        [*FIRST, "1"],
        ["KH4", "", "", "", ""],
    ]
    listfile = read_rows(rows)
    assert [remark.row for remark in listfile.remarks] == [2, 3, 4, 5]
