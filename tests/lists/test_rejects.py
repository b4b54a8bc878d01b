"""The file that goes back to whoever brought the list."""

import csv
from pathlib import Path

import pytest

from campaigns.lists import Fault, write_rejects
from campaigns.lists.faults import remark
from campaigns.lists.rejects import COLUMNS, defended
from campaigns.phones import PhoneFault
from lists.conftest import ReadRows


def rows_of(path: Path) -> list[list[str]]:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_every_remark_is_a_row_in_both_languages(tmp_path: Path, read_rows: ReadRows) -> None:
    listfile = read_rows([["Mã KH", "SĐT"], ["KH1", "9.12E+08"], ["KH2", "0912345678"], ["KH2", "0912345678"]])
    write_rejects(listfile.remarks, tmp_path / "rejects.csv")
    header, *rows = rows_of(tmp_path / "rejects.csv")
    assert header == list(COLUMNS)
    assert [row[:3] for row in rows] == [["2", "SĐT", "9.12E+08"], ["4", "Mã KH", "KH2"]]
    assert "khoa học" in rows[0][3]
    assert "scientific notation" in rows[0][4]


def test_a_list_without_remarks_gives_a_header_alone(tmp_path: Path) -> None:
    write_rejects([], tmp_path / "rejects.csv")
    assert rows_of(tmp_path / "rejects.csv") == [list(COLUMNS)]


@pytest.mark.parametrize("formula", ["=1+1", "+84912345", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_defended(tmp_path: Path, formula: str) -> None:
    write_rejects([remark(2, formula, formula, PhoneFault.TOO_SHORT)], tmp_path / "rejects.csv")
    assert rows_of(tmp_path / "rejects.csv")[1][1:3] == ["'" + formula] * 2


def test_an_ordinary_cell_stays_as_it_stood() -> None:
    assert defended("0912 345 678") == "0912 345 678"
    assert defended("") == ""


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_is_said_in_two_languages(fault: Fault) -> None:
    found = remark(3, "SĐT", "", fault, first=2, found=4, expected=5)
    assert found.vi.endswith(".")
    assert found.en.endswith(".")
    assert "{" not in found.vi + found.en
