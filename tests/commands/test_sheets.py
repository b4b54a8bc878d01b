"""A report as a file: what was uploaded comes back whole, and a spreadsheet neither runs nor spoils it."""

import csv
import io
import json
from pathlib import Path

import pytest
import python_calamine
from hypothesis import given
from hypothesis import strategies as st

from campaigns.exports import RESULT
from campaigns.phones import Phone, normalise
from campaigns.sheets import defended

from .conftest import Cli

UPLOADED = ["Mã KH", "Họ tên", "Số điện thoại", "Số HĐ", "dpd", "total_ovd_amount"]


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_no_cell_runs_as_a_formula_and_nothing_of_it_is_lost(text: str) -> None:
    cell = defended(text)
    assert cell in (text, "'" + text, "\t" + text)
    begins = cell.lstrip(" ")[:1]
    plain = cell.lstrip("+-").replace(".", "").replace(",", "").isdigit()
    assert begins not in ("=", "+", "-", "@", "＝", "＋") or plain


@pytest.mark.parametrize(
    "text", ["0912345678", "+84912345678", "84912345678", "000123", "001234567890", "+84 912 345 678"]
)
def test_a_telephone_and_an_id_stay_text(text: str) -> None:
    assert defended(text) == "\t" + text


@pytest.mark.parametrize("text", ["5000000", "-3", "1.500.000", "2026-01-02", "Nguyễn", "", "0"])
def test_everyday_cells_stay_as_they_are(text: str) -> None:
    assert defended(text).strip() == text
    assert not defended(text).startswith("'")


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "-1+1|cmd", "+cmd|x", " =x", "\t=x", "＝1"])
def test_formulas_are_disarmed(text: str) -> None:
    assert defended(text) == "'" + text


@given(st.from_regex(r"0[35789]\d{8}", fullmatch=True))
def test_a_defended_number_is_still_read_as_that_number(number: str) -> None:
    before, after = normalise(number), normalise(defended(number))
    assert not isinstance(before, Phone) or before == after


@pytest.mark.usefixtures("listed")
def test_csv_has_the_uploaded_columns_beside_the_result(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "report.csv"
    assert "4 rows written" in cli("campaign", "report", "C1", "--out", out).err
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig")))
    assert header == [*UPLOADED, *RESULT]
    assert [row[3].strip() for row in rows] == ["HD1", "HD2", "HD2b", "000123"]
    assert rows[0][2] == "\t0912345671"
    assert rows[1][1] == "'=cmd()|x"
    assert rows[0][6:9] == ["new", "never-called", "0"]


@pytest.mark.usefixtures("listed")
def test_xlsx_holds_telephones_and_formulas_as_text(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "report.xlsx"
    assert cli("campaign", "report", "C1", "--format", "xlsx", "--out", out).code == 0
    header, *rows = python_calamine.load_workbook(out).get_sheet_by_index(0).to_python()
    assert header == [*UPLOADED, *RESULT]
    assert [row[2] for row in rows] == ["0912345671", "0912345672", "0912345672", "0912345673"]
    assert rows[1][1] == "=cmd()|x"
    assert rows[3][3] == "000123"
    assert rows[0][header.index("attempts")] == 0.0


@pytest.mark.usefixtures("listed")
def test_json_is_one_object_with_the_uploaded_cells_apart(cli: Cli) -> None:
    told = cli("campaign", "report", "C1", "--format", "json").json
    assert told == cli("campaign", "report", "C1", "--json").json
    assert told["columns"] == UPLOADED
    assert told["rows"][0]["uploaded"] == dict(
        zip(UPLOADED, ["KH1", "Khách Một", "0912345671", "HD1", "5", "1000000"], strict=True)
    )
    assert told["rows"][0].keys() == {"uploaded", "id", "name", "contract_number", *RESULT}


def test_an_empty_report_is_still_whole(cli: Cli, campaign: str) -> None:
    assert cli("campaign", "report", campaign, "--json").json["rows"] == []
    assert cli("campaign", "report", campaign, "--format", "csv").out.lstrip("\ufeff").strip() == ",".join(RESULT)
    assert cli("campaign", "report", campaign).code == 0


def test_an_uploaded_column_may_be_called_like_one_of_ours(cli: Cli, campaign: str, tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("id,phone,dpd,Status\nKH1,0912345671,1,vip\n", encoding="utf-8")
    assert cli("list", "import", campaign, file).code == 0
    header, row = csv.reader(io.StringIO(cli("campaign", "report", campaign, "--format", "csv").out.lstrip("\ufeff")))
    assert (row[header.index("Status")], row[header.index("result_status")]) == ("vip", "new")


@pytest.mark.usefixtures("listed")
def test_a_report_that_fails_leaves_the_old_file_alone(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "report.csv"
    out.write_text("old", encoding="utf-8")
    assert "nowhere" in cli("campaign", "report", "C1", "--out", tmp_path / "nowhere" / "x.csv").complaint
    assert "--format xlsx needs --out FILE" in cli("campaign", "report", "C1", "--format", "xlsx").complaint
    assert "no campaign C9" in cli("campaign", "report", "C9", "--out", out).complaint
    assert out.read_text(encoding="utf-8") == "old"
    assert json.loads(cli("campaign", "report", "C1", "--json").out)["code"] == "C1"
