"""`dialer rulebook`: what a person and a program read, and one line for a file that cannot stand."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from campaigns.rulebooks import shipped

from .conftest import Cli

OWN = """name = "our-rules"
version = "1"
summary = "Shorter on Saturdays."
extends = "vn-debt"
[hours]
sat = [{ opens = "08:00", closes = "11:45" }]
fri = [{ opens = "20:00", closes = "21:00" }]
sun = "closed"
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "our-rules.toml"
    file.write_text(OWN, encoding="utf-8")
    return file


def test_the_list_has_every_rulebook_and_says_the_warning(cli: Cli) -> None:
    told = cli("rulebook", "list")
    assert told.code == 0
    assert all(f" {name} " in told.out for name in shipped())
    assert f"warning: none: {shipped()['none'].warning}" in told.out
    assert [book["name"] for book in cli("rulebook", "list", "--json").json["rulebooks"]] == list(shipped())


@pytest.mark.parametrize("name", shipped())
def test_a_rulebook_is_shown_whole(cli: Cli, name: str) -> None:
    book = shipped()[name]
    told = cli("rulebook", "show", name)
    assert told.code == 0
    assert book.counsel in told.out
    ids = [*(cap.id for cap in book.caps), *(rule.id for rule in book.conduct), *(one.id for one in book.sources)]
    assert all(one in told.out for one in ids)
    whole = cli("rulebook", "show", name, "--json").json
    assert (whole["name"], whole["digest"], whole["warning"]) == (name, book.digest, book.warning)
    assert len(whole["conduct"]) == len(book.conduct)


def test_none_shows_its_warning(cli: Cli) -> None:
    assert f"warning: {shipped()['none'].warning}" in cli("rulebook", "show", "none").out


def test_the_week_is_a_picture(cli: Cli, own: Path) -> None:
    lines = {line.split()[0]: line for line in cli("rulebook", "check", own).out.splitlines() if "·" in line}
    assert lines["mon"].count("█") == 2 * 14
    assert lines["fri"].count("█") == 2
    assert lines["sat"].endswith("08:00-11:45")
    assert (lines["sat"].count("█"), lines["sat"].count("▒")) == (7, 1)
    assert lines["sun"].endswith("closed")
    assert set(lines["sun"].split()[1]) == {"·"}


def test_it_speaks_vietnamese(cli: Cli, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALER_LANG", "vi")
    told = cli("rulebook", "check", own).out
    assert "thứ bảy" in told
    assert "lần nhắc nợ" in told
    assert "cảnh báo: 1/10" in told


def test_a_reason_to_be_looser_is_shown_as_a_warning(cli: Cli, own: Path) -> None:
    own.write_text(
        OWN.replace("08:00", "06:00") + '[override_reason]\n"hours.sat" = "Agreed with counsel."\n', encoding="utf-8"
    )
    assert "warning: hours.sat is looser than in vn-debt: Agreed with counsel." in cli("rulebook", "check", own).out


def test_what_differs_is_told_field_by_field(cli: Cli, own: Path) -> None:
    rows = {row["field"]: row for row in cli("rulebook", "diff", "vn-debt", own, "--json").json["differences"]}
    assert (rows["hours.sun"]["a"], rows["hours.sun"]["b"]) == ("07:00-21:00", "closed")
    assert "hours.mon" not in rows
    assert "hours.sat" in cli("rulebook", "diff", own, "vn-debt").out


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (OWN.replace("11:45", "noon"), "hours.sat[0].closes"),
        (OWN.replace("21:00", "22:00"), "hours.fri"),
        (OWN.replace("vn-debt", "xx-debt"), "extends"),
        ("name = ", "it is not TOML"),
    ],
)
def test_a_file_that_cannot_stand_is_one_line_that_names_file_and_field(
    cli: Cli, own: Path, text: str, field: str
) -> None:
    own.write_text(text, encoding="utf-8")
    for words in (("check", own), ("diff", "vn-debt", own)):
        assert f"our-rules.toml: {field}" in cli("rulebook", *words).complaint


def test_a_file_that_is_not_there_or_not_text_is_one_line_too(cli: Cli, own: Path) -> None:
    assert "nowhere.toml" in cli("rulebook", "check", "nowhere.toml").complaint
    own.write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8" in cli("rulebook", "check", own).complaint


def test_a_name_that_is_not_there_is_answered_with_those_that_are(cli: Cli) -> None:
    assert "choose one of gb, none, us-debt" in cli("rulebook", "show", "vn-depts").complaint


def test_ones_own_is_kept_with_what_differs_from_its_parent_and_then_known_everywhere(cli: Cli, own: Path) -> None:
    told = cli("rulebook", "add", own)
    assert told.code == 0
    assert told.out.startswith("our-rules 1 kept\n")
    assert "hours.sun" in told.out
    assert "hours.mon" not in told.out
    listed = {book["name"]: book["own"] for book in cli("rulebook", "list", "--json").json["rulebooks"]}
    assert listed == dict.fromkeys(shipped(), False) | {"our-rules": True}
    assert " our-rules " in cli("rulebook", "list").out
    for words in (("show", "our-rules"), ("check", "our-rules")):
        assert "Shorter on Saturdays." in cli("rulebook", *words).out
    assert cli("rulebook", "diff", "our-rules", own, "--json").json["differences"] == []


def test_ones_own_belongs_to_one_company(cli: Cli, own: Path) -> None:
    assert cli("dnc", "add", "0912345678", "--reason", "x", "--tenant", "acme").code == 0
    assert cli("rulebook", "add", own, "--tenant", "acme").code == 0
    assert cli("rulebook", "show", "our-rules", "--tenant", "acme").code == 0
    assert "there is no rulebook our-rules: choose one of gb, none" in cli("rulebook", "show", "our-rules").complaint
    assert "our-rules" not in cli("rulebook", "list").out


def test_a_looser_one_is_refused_by_the_field_and_one_with_a_reason_is_kept_with_a_warning(cli: Cli, own: Path) -> None:
    own.write_text(OWN.replace("21:00", "22:00"), encoding="utf-8")
    assert "our-rules.toml: hours.fri is looser than in vn-debt" in cli("rulebook", "add", own).complaint
    assert " our-rules " not in cli("rulebook", "list").out
    with own.open("a", encoding="utf-8") as file:
        file.write('[override_reason]\n"hours.fri" = "Agreed with counsel."\n')
    assert "warning: hours.fri is looser than in vn-debt: Agreed with counsel." in cli("rulebook", "add", own).err


def test_another_text_needs_another_version(cli: Cli, own: Path) -> None:
    assert cli("rulebook", "add", own).code == 0
    own.write_text(OWN.replace("11:45", "11:30"), encoding="utf-8")
    assert "version 1 of our-rules said something else" in cli("rulebook", "add", own).complaint


@pytest.mark.usefixtures("campaign")
def test_ones_own_stays_while_a_campaign_is_called_under_it(cli: Cli, own: Path) -> None:
    assert "--rulebook must be one of" in cli("campaign", "set", "C1", "--rulebook", "our-rules").complaint
    assert cli("rulebook", "add", own).code == 0
    assert cli("campaign", "set", "C1", "--rulebook", "our-rules").code == 0
    assert "campaigns are called under our-rules: C1;" in cli("rulebook", "remove", "our-rules").complaint
    own.write_text(OWN.replace('"1"', '"2"').replace("11:45", "11:30"), encoding="utf-8")
    assert "our-rules 2 kept; C1 called under it" in cli("rulebook", "add", own).out
    assert cli("campaign", "set", "C1", "--rulebook", "vn-debt").code == 0
    assert cli("rulebook", "remove", "our-rules").out == "our-rules removed\n"
    assert "there is no rulebook of your own our-rules" in cli("rulebook", "remove", "our-rules").complaint
    assert "vn-debt comes with the engine" in cli("rulebook", "remove", "vn-debt").complaint


@pytest.mark.usefixtures("campaign")
def test_a_text_that_cannot_be_read_any_more_is_said_to_be_so(cli: Cli, own: Path, tmp_path: Path) -> None:
    assert cli("rulebook", "add", own).code == 0
    assert cli("campaign", "set", "C1", "--rulebook", "our-rules").code == 0
    assert cli("campaign", "start", "C1").code == 0
    with closing(sqlite3.connect(tmp_path / "data" / "dialer.db")) as file, file:
        file.execute("UPDATE rulebook_text SET text = 'broken'")
    assert "warning: our-rules: its text cannot be read any more" in cli("rulebook", "list").out
    assert cli("rulebook", "list", "--json").json["unreadable"] == ["our-rules"]
    assert "the text of our-rules cannot be read any more" in cli("rulebook", "show", "our-rules").complaint
    cli("list", "import", "C1", _somebody(tmp_path))
    assert cli("campaign", "explain", "C1").out.startswith(
        "Nobody may be called: unknown-rulebook (rulebook our-rules)"
    )


def _somebody(folder: Path) -> Path:
    file = folder / "one.csv"
    file.write_text("Mã KH,Số điện thoại,dpd\nKH1,0912345671,5\n", encoding="utf-8")
    return file
