"""`dialer contact`: messages and visits come in from files, counted once, and no row of them is lost."""

from pathlib import Path

import pytest
from lists.files import write_xlsx

from .conftest import Cli

VISITS = """Mã KH;SĐT;Thời gian;Kênh;Số HĐ;Mục đích;Gặp được
KH1;;2026-03-01 10:00;sms;;;
KH1;;01/03/2026 10h30;Gặp trực tiếp;HD1;nhắc nợ;có
;0912345672;2026-03-01T10:00:00+09:00;Zalo;HD2;;không
;0912 345 679;01/03/2026;sms;;;
KH99;;01/03/2026;sms;;;
KH1;;hôm qua;sms;;;
KH1;;2199-01-01 10:00;sms;;;
KH1;;01/03/1990;sms;;;
KH1;;01/03/2026;fax;;;
KH1;;01/03/2026;sms;;lừa đảo;
KH1;;01/03/2026;sms;;;có lẽ
;abc;01/03/2026;sms;;;
KH1;;01/03/2026;sms
"""
REJECTED = {
    "bad-answer": 1,
    "bad-channel": 1,
    "bad-purpose": 1,
    "bad-time": 2,
    "future-time": 1,
    "no-person": 1,
    "on-no-list": 2,
    "ragged-row": 1,
}


@pytest.fixture
def visits(tmp_path: Path, listed: Path) -> Path:
    file = tmp_path / "visits.csv"
    file.write_text(VISITS, encoding="utf-8")
    return file


def test_every_row_is_kept_or_rejected_with_why(cli: Cli, visits: Path) -> None:
    told = cli("contact", "import", visits, "--json").json
    assert (told["rows_read"], told["kept"], told["added"], told["known"]) == (13, 3, 3, 0)
    assert told["rejected"] == REJECTED
    assert told["rows_read"] == told["kept"] + sum(told["rejected"].values())
    assert told["on_no_list"] == 2


def test_the_rejects_name_row_column_value_and_reason_in_two_languages(cli: Cli, visits: Path) -> None:
    told = cli("contact", "import", visits, "--json").json
    lines = Path(told["rejects_file"]).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 + sum(REJECTED.values())
    assert lines[1].startswith("5,SĐT,'+84912345679,Người này không có trong danh sách nào")
    assert lines[2].startswith("6,Mã KH,KH99,")
    assert "stands on no list; import the list first" in lines[2]


def test_the_same_file_again_changes_nothing(cli: Cli, visits: Path) -> None:
    cli("contact", "import", visits)
    again = cli("contact", "import", visits, "--json").json
    assert (again["added"], again["known"]) == (0, 3)


def test_times_without_a_zone_are_the_tenants(cli: Cli, visits: Path) -> None:
    cli("contact", "import", visits)
    told = cli("contact", "list", "KH1", "--json").json["contacts"]
    assert [(one["at"], one["channel"]) for one in told] == [
        ("2026-03-01T03:30:00+00:00", "visit"),
        ("2026-03-01T03:00:00+00:00", "sms"),
    ]
    assert (told[0]["contract_number"], told[0]["purpose"], told[0]["conversation"]) == ("HD1", "debt_reminder", True)
    assert told[0]["source"] == "file visits.csv row 3"
    [zalo] = cli("contact", "list", "0912345672", "--json").json["contacts"]
    assert (zalo["at"], zalo["phone"], zalo["conversation"]) == ("2026-03-01T01:00:00+00:00", "0912345672", False)


def test_what_a_row_does_not_say_the_command_may(cli: Cli, listed: Path, tmp_path: Path) -> None:
    file = write_xlsx(
        tmp_path / "sms.xlsx", [["Sent messages"], ["phone", "sent at"], ["0912345671", "2026-03-01 9:00"]]
    )
    assert cli("contact", "import", file, "--json").json["rejected"] == {"bad-channel": 1}
    options = ["--channel", "sms", "--purpose", "debt_reminder", "--creditor", "Bank"]
    assert cli("contact", "import", file, *options, "--json").json["added"] == 1
    [one] = cli("contact", "list", "KH1", "--json").json["contacts"]
    assert (one["channel"], one["purpose"], one["advertiser"]) == ("sms", "debt_reminder", "Bank")


def test_a_day_alone_counts_to_its_end_and_may_be_today(cli: Cli, listed: Path, tmp_path: Path) -> None:
    file = tmp_path / "days.csv"
    file.write_text("customer id,date,channel\nKH1,01/03/2026,sms\n", encoding="utf-8")
    cli("contact", "import", file)
    [one] = cli("contact", "list", "KH1", "--json").json["contacts"]
    assert one["at"] == "2026-03-01T16:59:00+00:00"


def test_an_hour_may_have_a_column_of_its_own(cli: Cli, listed: Path, tmp_path: Path) -> None:
    file = tmp_path / "two.csv"
    file.write_text("Mã KH,Ngày,Giờ,Kênh\nKH1,01/03/2026,10:15,thư\n", encoding="utf-8")
    cli("contact", "import", file)
    [one] = cli("contact", "list", "KH1", "--json").json["contacts"]
    assert (one["at"], one["channel"]) == ("2026-03-01T03:15:00+00:00", "letter")


def test_who_stood_on_no_list_comes_in_when_his_list_has(cli: Cli, visits: Path, tmp_path: Path) -> None:
    cli("contact", "import", visits)
    late = tmp_path / "late.csv"
    late.write_text("Mã KH,SĐT,dpd\nKH99,0912345690,1\n", encoding="utf-8")
    cli("list", "import", "C1", late)
    assert cli("contact", "import", visits, "--json").json["added"] == 1


@pytest.mark.parametrize(("contract", "people"), [("", 2), ("HD8", 1), ("HD0", 2)])
def test_a_number_of_two_people_means_the_one_of_the_contract_or_both(
    cli: Cli, listed: Path, tmp_path: Path, contract: str, people: int
) -> None:
    couple = tmp_path / "couple.csv"
    couple.write_text("Mã KH,SĐT,Số HĐ,dpd\nKH8,0912345680,HD8,1\nKH9,0912345680,HD9,1\n", encoding="utf-8")
    cli("list", "import", "C1", couple)
    file = tmp_path / "sms.csv"
    file.write_text(f"phone,time,channel,contract\n0912345680,2026-03-01 10:00,sms,{contract}\n", encoding="utf-8")
    told = cli("contact", "import", file, "--json").json
    assert (told["kept"], told["added"]) == (1, people)


def test_a_file_without_a_column_of_times_says_what_to_do(cli: Cli, listed: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("Mã KH,Kênh\nKH1,sms\n", encoding="utf-8")
    assert "bad.csv has no column of time; head it" in cli("contact", "import", file).complaint
    file.write_text("x,y\n1,2\n", encoding="utf-8")
    assert "has no header that is known" in cli("contact", "import", file).complaint


def test_a_person_reads_it_in_his_language(cli: Cli, visits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "13 rows: 3 kept, 3 contacts added" in cli("contact", "import", visits).out
    assert "03:30" not in cli("contact", "list", "KH1").out
    assert "2026-03-01 10:30:00" in cli("contact", "list", "KH1").out
    monkeypatch.setenv("DIALER_LANG", "vi")
    assert "gặp trực tiếp" in cli("contact", "list", "KH1").out
    assert "13 dòng: giữ 3" in cli("contact", "import", visits).out


def test_nobody_is_nobody(cli: Cli, listed: Path) -> None:
    assert "there is no person KH77" in cli("contact", "list", "KH77").complaint
    assert "nothing is known but our own calls" in cli("contact", "list", "KH3").out
