"""Files that name people and nothing else: ids, or numbers."""

from pathlib import Path

import pytest
import xlsxwriter

from campaigns.lists import UnreadableList
from campaigns.registers import read_ids, read_numbers


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "register.csv"


def test_ids_stand_under_their_header_among_other_columns(file: Path) -> None:
    file.write_text("Đã thanh toán\nSTT;Mã KH;Số tiền\n1;KH1;5\n2;KH2;6\n3;KH1;7\n;;\n", encoding="utf-8")
    assert read_ids(file) == ["KH1", "KH2"]


def test_a_single_column_of_ids_needs_no_header(file: Path) -> None:
    file.write_text("KH1\nKH2\n\nKH3\n", encoding="utf-8")
    assert read_ids(file) == ["KH1", "KH2", "KH3"]


def test_several_columns_none_of_which_is_known_are_not_guessed(file: Path) -> None:
    file.write_text("x,y\nKH1,5\n", encoding="utf-8")
    with pytest.raises(UnreadableList, match=r"register\.csv has no column of ids"):
        read_ids(file)


def test_numbers_stand_under_every_telephone_header(file: Path) -> None:
    file.write_text("Tên,Số điện thoại,SĐT khác\nA,0912345678,0912 345 679\nB,+84912345678,\n", encoding="utf-8")
    read = read_numbers(file)
    assert read.phones == ["+84912345678", "+84912345679"]
    assert (read.rows_read, read.rejects) == (2, [])


def test_numbers_without_a_header_are_the_first_column_that_mostly_holds_some(file: Path) -> None:
    file.write_text("A,0912345678\nB,912345679\nC,chưa có\n", encoding="utf-8")
    read = read_numbers(file)
    assert read.phones == ["+84912345678", "+84912345679"]
    assert [remark.row for remark in read.rejects] == [3]


def test_no_row_is_lost_silently(file: Path) -> None:
    file.write_text("phone\n0912345678\nabc\n9.12E+08\n\n0912345679/xyz 12\n", encoding="utf-8")
    read = read_numbers(file)
    assert read.rows_read == len(read.phones) + len(read.rejects) == 4
    assert sum(read.rejected.values()) == 2
    assert [remark.row for remark in read.notes] == [6]


def test_a_workbook_is_read_like_a_text(tmp_path: Path) -> None:
    path = tmp_path / "register.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_column(0, 0, ["Số điện thoại", "0912345678", 912345679])
    assert read_numbers(path).phones == ["+84912345678", "+84912345679"]


def test_a_file_without_numbers_says_what_to_do(file: Path) -> None:
    file.write_text("x,y\na,b\n", encoding="utf-8")
    with pytest.raises(UnreadableList, match="no column of telephone numbers; head it"):
        read_numbers(file)


def test_a_long_file_is_read_to_its_end(file: Path) -> None:
    numbers = [f"09123{n:05}" for n in range(500)]
    for header in ("phone\n", ""):
        file.write_text(header + "\n".join(numbers), encoding="utf-8")
        assert len(read_numbers(file).phones) == 500
    file.write_text("Mã KH,x\n" + "\n".join(f"KH{n},y" for n in range(500)), encoding="utf-8")
    assert len(read_ids(file)) == 500
