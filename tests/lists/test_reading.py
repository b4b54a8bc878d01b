"""Encodings, delimiters, workbooks: the same rows come out of every file."""

from datetime import date, datetime
from pathlib import Path

import pytest

from campaigns.lists import UnreadableList, read
from lists.files import HEADER, csv_text, windows_1258, write_csv, write_xlsx

ROWS = [
    HEADER,
    ["KH1", "Nguyễn Thị Hạnh", "0912345678", "HD1", "5000000"],
    ["KH2", "Đỗ Văn Quý", "0987654321", "HD2", "1200000"],
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1258"])
def test_every_encoding_and_delimiter_gives_the_same_customers(tmp_path: Path, encoding: str, delimiter: str) -> None:
    listfile = read(write_csv(tmp_path / "a.csv", ROWS, encoding, delimiter))
    assert [(e.key, e.name, e.phones[0].e164) for e in listfile.entries] == [
        ("KH1", "Nguyễn Thị Hạnh", "+84912345678"),
        ("KH2", "Đỗ Văn Quý", "+84987654321"),
    ]


def test_utf_16_with_the_mark_of_the_other_byte_order_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xfe\xff" + csv_text(ROWS).encode("utf-16-be"))
    assert read(tmp_path / "a.csv").kept == 2


def test_amounts_with_commas_do_not_pass_for_delimiters(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("SĐT;Số tiền\n0912345678;5,000,000\n0987654321;7,000,000\n", encoding="utf-8")
    assert [e.debts[0].variables["total_ovd_amount"] for e in read(path).entries] == [5000000, 7000000]


def test_a_list_of_numbers_alone_is_a_list(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("SĐT\n0912345678\n0987654321\n", encoding="utf-8")
    assert [e.key for e in read(tmp_path / "a.csv").entries] == ["+84912345678", "+84987654321"]


def test_excels_own_line_that_names_the_delimiter_is_obeyed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sep=|\nMã KH|SĐT\nA;B|0912345678\n", encoding="utf-8")
    assert read(tmp_path / "a.csv").entries[0].key == "A;B"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_each_systems_way(tmp_path: Path, ending: str) -> None:
    (tmp_path / "a.csv").write_bytes(csv_text(ROWS).replace("\r\n", ending).encode())
    assert read(tmp_path / "a.csv").kept == 2


def test_a_quoted_cell_keeps_its_line_breaks_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    rows = [[*HEADER, "Địa chỉ"], ["KH1", "A", "0912345678", "HD1", "1000", "12 Lê Lợi\nTổ 5\nHuế"], [*ROWS[2], ""]]
    listfile = read(write_csv(tmp_path / "a.csv", rows))
    assert listfile.entries[0].address == "12 Lê Lợi Tổ 5 Huế"
    assert listfile.entries[0].debts[0].uploaded[5] == "12 Lê Lợi\nTổ 5\nHuế"
    assert [e.debts[0].row for e in listfile.entries] == [2, 3]


def test_a_line_of_any_length_is_whole(tmp_path: Path) -> None:
    note = "x" * 300_000
    listfile = read(write_csv(tmp_path / "a.csv", [[*HEADER, "Ghi chú"], [*ROWS[1], note]]))
    assert listfile.entries[0].debts[0].variables["Ghi chú"] == note


def test_a_stray_quotation_mark_within_a_line_stays_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('Mã KH,Họ tên,SĐT\nKH1,Lê "Tý" Minh,0912345678\n', encoding="utf-8")
    assert read(tmp_path / "a.csv").entries[0].name == 'Lê "Tý" Minh'


@pytest.mark.parametrize(
    "text",
    [
        'Mã KH,Họ tên,SĐT\nKH1,"Lê Minh,0912345678\nKH2,An,0987654321\n',
        'Mã KH,Họ tên,SĐT\nKH1,"Lê Minh,0912345678\nKH2,An,0987654321\nKH3,"Vũ Hà",0900000001\n',
        'Mã KH,Họ tên,SĐT\nKH1,"Lê,0912345678\nKH2,An,0987654321\nKH3,"Vũ,0900000001\nKH4,B,0900000002\n',
    ],
)
def test_a_quotation_mark_that_nobody_closed_never_swallows_rows(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableList, match="quotation mark in row 2"):
        read(tmp_path / "a.csv")


def test_zero_characters_are_dropped_because_databases_refuse_them(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(csv_text(ROWS).replace("Quý", "Qu\0ý").encode())
    assert read(tmp_path / "a.csv").entries[1].name == "Đỗ Văn Quý"


def test_numbers_that_a_workbook_holds_as_numbers_are_found(tmp_path: Path) -> None:
    listfile = read(write_xlsx(tmp_path / "a.xlsx", [HEADER, ["KH1", "A", 912345678, "HD1", 5000000.0]]))
    debt = listfile.entries[0].debts[0]
    assert listfile.entries[0].phones[0].e164 == "+84912345678"
    assert debt.variables["total_ovd_amount"] == 5000000
    assert debt.uploaded == ["KH1", "A", "912345678", "HD1", "5000000"]


def test_typed_days_of_a_workbook_become_iso_text(tmp_path: Path) -> None:
    rows = [
        ["SĐT", "Ngày đến hạn", "Ngày đến hạn kỳ tới"],
        ["0912345678", date(2021, 7, 13), datetime.fromisoformat("2021-08-01 09:30")],
    ]
    debt = read(write_xlsx(tmp_path / "a.xlsx", rows)).entries[0].debts[0]
    assert debt.variables == {"due_date": "2021-07-13", "upcoming_due_date": "2021-08-01"}
    assert debt.uploaded == ["0912345678", "2021-07-13", "2021-08-01 09:30:00"]


def test_a_sheet_without_a_list_and_a_hidden_sheet_are_passed_over(tmp_path: Path) -> None:
    other = [HEADER, ["HIDDEN", "B", "0900000001", "HD9", "1"]]
    path = write_xlsx(tmp_path / "a.xlsx", other, [["Ghi chú"], ["xin chào"]], ROWS, hidden=[0])
    assert [e.key for e in read(path).entries] == ["KH1", "KH2"]


def test_empty_rows_above_a_workbooks_list_count_in_its_row_numbers(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [[], [], HEADER, ["KH1", "A", "09", "HD1", 1]])
    assert read(path).rejects[0].row == 4


def test_a_workbook_under_another_name_is_known_by_its_content(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", ROWS).rename(tmp_path / "a.csv")
    assert read(tmp_path / "a.csv").kept == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"  \r\n \n", "is empty"),
        (b"PK\x03\x04 and nothing more", "is broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is broken"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "neither a CSV file nor a workbook"),
        (b"<html><table><tr><td>SDT</td></tr></table></html>", "is a web page"),
        (b"Ten,Tuoi\nAn,30\n", "has no telephone column; name it with --map phone=COLUMN, one of: Ten, Tuoi"),
        (b"alpha,beta\n1,2\n", "no header that is known"),
        ("Họ tên,SĐT\nLê,0912345678\n".encode() + b"\xff\x8a", "neither a CSV file nor a workbook"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_one_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UnreadableList, match=says) as refused:
        read(tmp_path / "a.csv")
    assert "\n" not in str(refused.value)


def test_a_refusal_shows_no_whole_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Lê Văn An,0912345678\nTrần Hà,+84 987 654 321\n", encoding="utf-8")
    with pytest.raises(UnreadableList) as refused:
        read(tmp_path / "a.csv")
    assert "0912345678" not in str(refused.value)
    assert "654" not in str(refused.value)


def test_a_file_that_is_not_there_is_the_systems_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.csv")


def test_windows_1258_gives_letters_as_one_character_each(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(windows_1258("Họ tên,SĐT\nNguyễn Thị Hường,0912345678\n"))
    assert read(tmp_path / "a.csv").entries[0].debts[0].uploaded[0] == "Nguyễn Thị Hường"
