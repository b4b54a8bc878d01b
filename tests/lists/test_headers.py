"""Columns are known by their headers, in Vietnamese and in English, or by `--map`."""

import pytest

from campaigns.lists import UnreadableList
from campaigns.lists.headers import layout
from campaigns.lists.vocabulary import FIELD_OF_HEADER, Kind, fold_header, phone_column_role
from campaigns.words import Role
from lists.conftest import ReadRows


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Mã KH", "id"),
        ("MÃ KHÁCH HÀNG", "id"),
        ("ma_khach_hang", "id"),
        ("MaKH", "id"),
        ("CIF", "id"),
        ("Customer ID", "id"),
        ("customer_code", "id"),
        ("Họ và tên", "name"),
        ("TÊN KHÁCH HÀNG", "name"),
        ("FullName", "name"),
        ("Số HĐ", "contract_number"),
        ("SỐ HỢP ĐỒNG", "contract_number"),
        ("Hợp đồng", "contract_number"),
        ("contract_number", "contract_number"),
        ("ContractNo", "contract_number"),
        ("Số ngày quá hạn", "dpd"),
        ("DPD", "dpd"),
        ("Số tiền", "total_ovd_amount"),
        ("Tổng số tiền quá hạn", "total_ovd_amount"),
        ("total_ovd_amount", "total_ovd_amount"),
        ("upcoming_amount", "upcoming_amount"),
        ("Ngày đến hạn", "due_date"),
        ("due_date", "due_date"),
        ("upcoming_due_date", "upcoming_due_date"),
        ("Số kỳ quá hạn", "number_of_ovd_inst"),
        ("Địa chỉ", "address"),
        ("Ưu tiên", "priority"),
        ("Ngày tạo", "as_of"),
        ("Ngày cập nhật SĐT", "as_of"),
        ("Vai trò", "role"),
    ],
)
def test_a_header_is_known_with_and_without_diacritics(header: str, field: str) -> None:
    assert FIELD_OF_HEADER[fold_header(header)][0] == field


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("Điện thoại", Role.BORROWER),
        ("SĐT", Role.BORROWER),
        ("sdt_kh", Role.BORROWER),
        ("Số ĐT", Role.BORROWER),
        ("SỐ ĐIỆN THOẠI DI ĐỘNG", Role.BORROWER),
        ("Di động", Role.BORROWER),
        ("Mobile", Role.BORROWER),
        ("Phone 1", Role.BORROWER),
        ("Phone2", Role.BORROWER),
        ("PhoneNumber", Role.BORROWER),
        ("Điện thoại bàn", Role.BORROWER),
        ("Số điện thoại liên hệ", Role.BORROWER),
        ("SĐT người thân", Role.REFERENCE),
        ("SĐT người thân 2", Role.REFERENCE),
        ("SĐT tham chiếu", Role.REFERENCE),
        ("SĐT người thân/tham chiếu", Role.REFERENCE),
        ("Số điện thoại người liên hệ", Role.REFERENCE),
        ("SĐT người thân của người vay", Role.REFERENCE),
        ("Reference phone", Role.REFERENCE),
        ("SĐT vợ/chồng", Role.REFERENCE),
        ("SĐT bảo lãnh", Role.GUARANTOR),
        ("Guarantor Phone", Role.GUARANTOR),
        ("SĐT đồng vay", Role.CO_BORROWER),
        ("CoBorrowerPhone", Role.CO_BORROWER),
        ("co-borrower phone", Role.CO_BORROWER),
        ("Điện thoại cơ quan", Role.UNKNOWN),
        ("SĐT khác", Role.UNKNOWN),
        ("Ghi chú SĐT", None),
        ("Phone status", None),
        ("Loại điện thoại", None),
        ("Tên người thân", None),
        ("Danh sách khách hàng - Điện thoại: 024 3825 1234", None),
    ],
)
def test_a_column_of_numbers_tells_whose_they_are(header: str, role: Role | None) -> None:
    assert phone_column_role(header) is role


def test_of_two_columns_for_one_field_the_better_name_has_it() -> None:
    found = layout(["SĐT", "Số tiền", "Tổng số tiền quá hạn"], {})
    assert [(c.name, c.kind) for c in found.variables] == [("Số tiền", Kind.TEXT), ("total_ovd_amount", Kind.AMOUNT)]


def test_a_balance_is_an_amount_under_its_own_name_and_not_the_overdue_sum() -> None:
    found = layout(["SĐT", "Dư nợ"], {})
    assert [(c.name, c.kind) for c in found.variables] == [("Dư nợ", Kind.AMOUNT)]


def test_unknown_columns_are_variables_under_their_own_header(read_rows: ReadRows) -> None:
    listfile = read_rows([["SĐT", "Chi  nhánh", ""], ["0912345678", "Huế", "x"]])
    assert listfile.entries[0].debts[0].variables == {"Chi nhánh": "Huế"}
    assert listfile.entries[0].debts[0].uploaded == ["0912345678", "Huế", "x"]
    assert listfile.headers == ("SĐT", "Chi nhánh", "")


def test_title_rows_above_the_header_are_passed_over(read_rows: ReadRows) -> None:
    titles = [["Danh sách khách hàng", "", ""], ["Điện thoại", "024 3825 1234", ""], *[["", "", ""]] * 18]
    listfile = read_rows([*titles, ["Mã KH", "Họ tên", "SĐT"], ["KH1", "An", "0912345678"]])
    assert (listfile.rows_read, listfile.entries[0].debts[0].row) == (1, 22)


def test_a_second_header_in_the_other_language_is_passed_over(read_rows: ReadRows) -> None:
    listfile = read_rows([["Mã KH", "SĐT"], ["Customer ID", "Phone"], ["KH1", "0912345678"]])
    assert (listfile.rows_read, listfile.kept) == (1, 1)


def test_a_header_that_is_repeated_among_the_rows_is_passed_over(read_rows: ReadRows) -> None:
    header = ["Mã KH", "SĐT"]
    listfile = read_rows([header, ["KH1", "0912345678"], header, ["KH2", "0987654321"]])
    assert (listfile.rows_read, listfile.kept) == (2, 2)


def test_a_mapped_column_is_used_whatever_its_header(read_rows: ReadRows) -> None:
    rows = [["Khóa", "Liên lạc", "Hạng"], ["A1", "0912345678", "2"]]
    listfile = read_rows(rows, mapping={"phone": "Liên lạc", "id": "khoa", "priority": "Hạng"})
    entry = listfile.entries[0]
    assert (entry.key, entry.phones[0].e164, entry.priority) == ("A1", "+84912345678", 2)


def test_a_mapped_field_is_taken_from_no_other_column(read_rows: ReadRows) -> None:
    rows = [["SĐT", "Máy", "Số tiền", "Phải trả"], ["0912345678", "0987654321", "1000", "2000"]]
    listfile = read_rows(rows, mapping={"phone": "Máy", "total_ovd_amount": "Phải trả"})
    entry = listfile.entries[0]
    assert [phone.e164 for phone in entry.phones] == ["+84987654321"]
    assert entry.debts[0].variables["total_ovd_amount"] == 2000


def test_further_numbers_can_be_mapped_with_their_roles(read_rows: ReadRows) -> None:
    rows = [["a", "b", "c", "d"], ["0912345678", "0987654321", "0900000001", "0900000002"]]
    mapping = {"phone": "a", "phone_2": "b", "reference_phone": "c", "guarantor_phone": "d"}
    roles = [phone.role for phone in read_rows(rows, mapping=mapping).entries[0].phones]
    assert roles == [Role.BORROWER, Role.BORROWER, Role.REFERENCE, Role.GUARANTOR]


def test_any_other_mapped_name_is_a_free_variable(read_rows: ReadRows) -> None:
    listfile = read_rows([["SĐT", "Cột lạ"], ["0912345678", "5.000"]], mapping={"branch": "Cột lạ"})
    assert listfile.entries[0].debts[0].variables == {"branch": "5.000"}


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"phnoe": "SĐT"}, "did you mean phone?"),
        ({"Phone Number": "SĐT"}, "there is no such field; the fields are id, name"),
        ({"phone": "Mobil"}, "the list has no such column; it has Mã KH, SĐT"),
        ({"id": "Khóa"}, "the list has no such column; it has Mã KH, SĐT"),
    ],
)
def test_a_mapping_that_fits_nothing_is_refused(read_rows: ReadRows, mapping: dict[str, str], says: str) -> None:
    with pytest.raises(UnreadableList) as refused:
        read_rows([["Mã KH", "SĐT"], ["KH1", "0912345678"]], mapping=mapping)
    assert says in str(refused.value)


def test_a_list_without_a_variable_that_the_script_needs_is_refused(read_rows: ReadRows) -> None:
    rows = [["SĐT", "Số tiền"], ["0912345678", "1000"]]
    assert read_rows(rows, required=["total_ovd_amount"]).kept == 1
    with pytest.raises(UnreadableList, match="The list has no due_date; name its column with --map due_date=COLUMN"):
        read_rows(rows, required=["due_date"])
