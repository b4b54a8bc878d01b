"""Promised calls, as somebody types them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text

from campaigns.ledger import CALLBACK_PRIORITY
from campaigns.terms import BadTerms
from dialer.commands.periods import promised

from .conftest import Cli

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOON = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)


def soon(hour: int = 15, days: int = 2) -> str:
    """A time to come, as somebody types it who looks at his own clock."""
    there = datetime.now(ZONE) + timedelta(days=days)  # noqa: TID251
    return f"{there:%Y-%m-%d} {hour:02}:30"


@pytest.fixture
def office(cli: Cli, vendor: None, tmp_path: Path) -> str:
    """A click-to-call campaign `A` with two agents and two customers."""
    words = ("--vendor", "sim", "--mode", "click2call", "--creditor", "B", "--agents", "101=ann,102")
    assert cli("campaign", "create", "A", *words).code == 0
    (tmp_path / "a.csv").write_text("id,phone\nKH1,0912345671\nKH2,0912345672\n", encoding="utf-8")
    assert cli("list", "import", "A", tmp_path / "a.csv").code == 0
    return "A"


def test_a_promised_call_is_told_listed_and_taken_back(cli: Cli, office: str) -> None:
    told = cli("callback", "add", office, "KH1", "--at", soon(), "--agent", "101", "--note", "sau giờ họp")
    assert told.out == f"KH1 is promised a call at {soon()} (Asia/Ho_Chi_Minh) by agent 101\n"
    assert told.err == ""
    cli("callback", "add", office, "KH2", "--at", soon(days=1))
    found = cli("callback", "list", office, "--json").json["callbacks"]
    assert [(line["id"], line["agent"], line["missed"], line["reason"]) for line in found] == [
        ("KH2", None, False, "callback"),
        ("KH1", "101", False, "callback"),
    ]
    assert found[1]["note"] == "sau giờ họp"
    assert soon() in cli("callback", "list", office).out
    assert cli("campaign", "status", office, "--json").json["callbacks"] == 2
    assert cli("callback", "remove", office, "KH1").code == 0
    assert [line["id"] for line in cli("callback", "list", office, "--json").json["callbacks"]] == ["KH2"]
    assert "was promised no call" in cli("callback", "remove", office, "KH1").complaint


def test_whoever_asks_why_he_was_not_called_hears_of_the_promise(cli: Cli, office: str) -> None:
    cli("callback", "add", office, "KH1", "--at", soon(), "--agent", "102")
    cli("campaign", "start", office)
    told = cli("customer", "show", office, "KH1").out
    assert told.startswith("He waits: callback, until ")
    assert f"He was promised a call at {soon()} (Asia/Ho_Chi_Minh) by agent 102." in told
    assert cli("customer", "show", office, "KH2", "--json").json["callback"] is None


def test_what_was_missed_is_shown_everywhere(cli: Cli, office: str, tmp_path: Path) -> None:
    cli("callback", "add", office, "KH1", "--at", "+1h")
    cli("callback", "add", office, "KH2", "--at", "+2h")
    with create_engine(f"sqlite:///{tmp_path / 'data' / 'dialer.db'}").begin() as conn:
        conn.execute(text("UPDATE callback SET at = datetime(at, '-80 minutes') || '.000000' WHERE id = 1"))
    assert [line["id"] for line in cli("callback", "list", office, "--missed", "--json").json["callbacks"]] == ["KH1"]
    status = cli("campaign", "status", office, "--json").json
    assert (status["callbacks"], status["missed_callbacks"]) == (2, 1)
    assert "missed callbacks" in cli("campaign", "status", office).out
    assert "it was missed" in cli("customer", "show", office, "KH1").out


def test_a_time_at_which_the_law_forbids_the_call_is_promised_with_a_warning(cli: Cli, office: str) -> None:
    told = cli("callback", "add", office, "KH1", "--at", soon(23))
    assert told.code == 0
    assert "warning: at that time he may not be called: outside-hours, until " in told.err
    assert "outside-hours" in cli("callback", "add", office, "KH1", "--at", soon(23), "--json").json["warnings"][0]


def test_vietnamese_is_spoken(cli: Cli, office: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALER_LANG", "vi")
    told = cli("callback", "add", office, "KH1", "--at", soon(23), "--agent", "101")
    assert "KH1 được hẹn gọi lúc" in told.out
    assert "cảnh báo: lúc đó không được gọi: ngoài giờ được gọi" in told.err
    assert "đã hẹn lúc" in cli("callback", "list", office).out


WRONG = {
    ("KH1", "--at", "2020-01-01 10:00"): "a time that is past",
    ("KH1", "--at", "+61d"): "more than 60 days from now",
    ("KH1", "--at", "tomorrow"): "--at must be a time such as '2026-11-22 15:30', 15:30 or +2h",
    ("KH1", "--at", "2026-11-22"): "--at names a day and no time",
    ("KH1", "--at", "+2h", "--zone", "Hanoi"): "--zone must be a time zone",
    ("KH1", "--at", "+2h", "--agent", "999"): "no agent 999 works for A; there is 101, 102",
    ("KH9", "--at", "+2h"): "there is no customer KH9",
    ("KH1",): "Missing option '--at'",
}


@pytest.mark.parametrize(("words", "sentence"), WRONG.items(), ids=lambda found: " ".join(found).replace("/", "-"))
def test_what_cannot_be_promised_is_said_in_one_line(
    cli: Cli, office: str, words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in cli("callback", "add", office, *words).complaint
    assert cli("callback", "list", office, "--json").json["callbacks"] == []


def test_an_agent_is_named_only_where_we_choose_him(cli: Cli, listed: Path) -> None:
    assert "leave --agent away" in cli("callback", "add", "C1", "KH1", "--at", "+2h", "--agent", "101").complaint
    assert cli("callback", "add", "C1", "KH1", "--at", "+2h").code == 0


def test_who_is_on_the_do_not_call_list_or_withdrawn_is_promised_nothing(cli: Cli, office: str) -> None:
    assert cli("dnc", "add", "0912345671", "--reason", "asked").code == 0
    assert "may not be called: suppressed" in cli("callback", "add", office, "KH1", "--at", "+2h").complaint
    cli("callback", "add", office, "KH2", "--at", "+2h")
    cli("list", "withdraw", office, "KH2", "--reason", "paid")
    assert cli("callback", "list", office, "--json").json["callbacks"] == []
    assert "he is not called again" in cli("callback", "add", office, "KH2", "--at", "+2h").complaint


def test_the_same_list_again_corrects_nobody_who_is_promised_a_call(cli: Cli, office: str, tmp_path: Path) -> None:
    cli("callback", "add", office, "KH1", "--at", "+2h")
    again = cli("list", "import", office, tmp_path / "a.csv", "--json").json
    assert (again["unchanged"], again["updated"]) == (2, 0)
    (tmp_path / "a.csv").write_text("id,phone,priority\nKH1,0912345671,4\nKH2,0912345672,0\n", encoding="utf-8")
    assert cli("list", "import", office, tmp_path / "a.csv").code == 0
    with create_engine(f"sqlite:///{tmp_path / 'data' / 'dialer.db'}").connect() as conn:
        told = conn.execute(
            text("SELECT c.priority, b.priority FROM customer c JOIN callback b ON b.id = c.callback_id")
        )
        assert told.all() == [(CALLBACK_PRIORITY, 4)]


@pytest.mark.parametrize(
    ("typed", "zone", "meant"),
    [
        ("15:30", "Asia/Ho_Chi_Minh", "2026-11-21T08:30"),
        ("2026-11-22 15:30", "America/New_York", "2026-11-22T20:30"),
        ("2026-11-22T15:30+01:00", "America/New_York", "2026-11-22T14:30"),
        ("+1h30m", "Asia/Ho_Chi_Minh", "2026-11-21T06:30"),
    ],
)
def test_a_time_is_read_on_the_person_s_own_clock(typed: str, zone: str, meant: str) -> None:
    assert promised(typed, "at", zone, NOON) == datetime.fromisoformat(meant).replace(tzinfo=UTC)


def test_a_time_that_the_clocks_leave_out_is_refused() -> None:
    with pytest.raises(BadTerms, match="leave out"):
        promised("2027-03-14 02:30", "at", "America/New_York", NOON)
