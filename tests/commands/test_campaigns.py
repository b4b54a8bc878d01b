"""Campaigns, lists, the do-not-call list, customers and agents, as somebody types them."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from .conftest import LIST, Cli

COUNTS = {"rows_read", "kept", "rejected", "duplicates", "on_dnc", "updated", "unchanged"}
STATUS = {
    *("code", "state", "customers", "by_status", "by_reason", "waiting", "final", "live_calls"),
    *("calls", "attempts", "answered"),
}


def test_a_campaign_is_a_draft_with_its_mode_s_defaults(cli: Cli, campaign: str) -> None:
    told = cli("campaign", "set", campaign, "--json").json
    assert (told["state"], told["mode"], told["vendor"]) == ("draft", "autocall", "sim")
    assert (told["concurrent_call"], told["recall_delay"], told["rulebook"]) == (5, 900, "vn-debt")
    assert told["variables"] == ["dpd"]


def test_a_code_and_a_queue_belong_to_one_campaign(cli: Cli, campaign: str) -> None:
    words = ("--vendor", "sim", "--mode", "autocall", "--creditor", "B", "--template", "T", "--queue-code")
    assert "there is a campaign C1 already" in cli("campaign", "create", campaign, *words, "Q2").complaint
    assert "the queue Q1 belongs to campaign C1" in cli("campaign", "create", "C2", *words, "Q1").complaint
    assert cli("campaign", "create", "C2", *words, "Q2").code == 0
    assert "the queue Q1 belongs to campaign C1" in cli("campaign", "set", "C2", "--queue-code", "Q1").complaint
    assert cli("campaign", "set", campaign, "--queue-code", "Q1").code == 0


def test_what_is_set_is_shown_and_an_empty_text_takes_it_away(cli: Cli, vendor: None) -> None:
    made = cli(
        "campaign",
        "create",
        "A",
        "--vendor",
        "sim",
        "--mode",
        "click2call",
        "--creditor",
        "B",
        "--agents",
        "101=ann,102",
        "--json",
    )
    assert made.json["agents"] == {"101": "ann", "102": None}
    told = cli("campaign", "set", "A", "--hotline", "1900", "--agents", "102", "--recall-delay", "0s", "--json").json
    assert (told["hotline"], told["agents"], told["recall_delay"]) == ("1900", {"102": None}, 0)
    assert cli("campaign", "set", "A", "--hotline", "", "--json").json["hotline"] is None
    shown = cli("campaign", "set", "A").out
    assert "0s" in shown
    assert "hotline" not in shown


def test_who_made_a_campaign_and_changed_its_agents_stands_in_its_history(
    cli: Cli, vendor: None, tmp_path: Path
) -> None:
    cli(
        "campaign",
        "create",
        "A",
        "--vendor",
        "sim",
        "--mode",
        "click2call",
        "--creditor",
        "B",
        "--agents",
        "101=ann,102",
    )
    for agents in ("102,103", "103,102"):
        assert cli("campaign", "set", "A", "--agents", agents).code == 0
    with create_engine(f"sqlite:///{tmp_path / 'data' / 'dialer.db'}").connect() as conn:
        told = conn.execute(text('SELECT "before", "after", actor FROM change ORDER BY id')).all()
    assert [(row.before, row.after) for row in told] == [
        ("", "draft"),
        ("agents=", "agents=101,102"),
        ("agents=101,102", "agents=102,103"),
    ]
    assert all(row.actor not in ("", "engine") for row in told)


def test_the_wanted_state_goes_its_way(cli: Cli, campaign: str) -> None:
    for verb, state in (("start", "running"), ("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
        assert cli("campaign", verb, campaign, "--json").json["state"] == state
        assert cli("campaign", "status", campaign, "--json").json["state"] == state
    assert cli("campaign", "start", campaign).code == 0
    assert "stop it first" in cli("campaign", "delete", campaign).complaint
    assert cli("campaign", "stop", campaign).code == 0
    assert cli("campaign", "delete", campaign, "--json").json == {"code": campaign, "deleted": True}
    assert cli("campaign", "list", "--json").json == {"campaigns": []}


def test_starting_an_empty_campaign_works_and_says_so(cli: Cli, campaign: str) -> None:
    told = cli("campaign", "start", campaign)
    assert told.code == 0
    assert "has no customers yet" in told.err


@pytest.mark.parametrize("command", [("set", "--rulebook", "none"), ("start",), ("status",)])
def test_a_campaign_without_rules_is_a_warning_whenever_somebody_sees_it(
    cli: Cli, campaign: str, command: tuple[str, ...]
) -> None:
    verb, *options = command
    assert "rulebook none" not in cli("campaign", verb, campaign).err
    cli("campaign", "set", campaign, "--rulebook", "none")
    told = cli("campaign", verb, campaign, *options)
    assert "warning: rulebook none: hours and caps are off" in told.err
    assert "rulebook none" in cli("campaign", "status", campaign, "--json").json["warnings"][0]


def test_status_has_the_fields_of_the_contract(cli: Cli, listed: Path) -> None:
    told = cli("campaign", "status", "C1", "--json").json
    assert told.keys() >= STATUS
    assert (told["code"], told["state"], told["customers"], told["waiting"], told["final"]) == ("C1", "draft", 3, 3, 0)
    assert (told["by_status"], told["by_reason"]) == ({"new": 3}, {"never-called": 3})
    [line] = cli("campaign", "list", "--json").json["campaigns"]
    assert (line["code"], line["customers"], line["state"]) == ("C1", 3, "draft")
    assert "C1" in cli("campaign", "list").out
    assert cli("campaign", "list", "--sort=-created_at", "--json").json["campaigns"] == [line]
    assert "--sort" in cli("campaign", "list", "--sort", "weight").complaint


def test_watching_ends_when_the_campaign_does(cli: Cli, listed: Path) -> None:
    cli("list", "withdraw", "C1", "KH1", "KH2", "KH3", "--reason", "paid")
    cli("campaign", "start", "C1")
    assert "finished" in cli("campaign", "status", "C1", "--watch").out


def test_importing_tells_what_came_of_the_rows(cli: Cli, campaign: str, tmp_path: Path) -> None:
    file = tmp_path / "debtors.csv"
    file.write_text(LIST, encoding="utf-8")
    told = cli("list", "import", campaign, file, "--json").json
    assert told.keys() >= COUNTS
    assert told["rows_read"] == told["kept"] + sum(told["rejected"].values()) + told["duplicates"] == 5
    assert told["rejected"] == {"scientific-notation": 1}
    assert told["rejects_file"] == str(tmp_path / "debtors.rejects.csv")
    assert "9.12E+08" in (tmp_path / "debtors.rejects.csv").read_text(encoding="utf-8-sig")
    again = cli("list", "import", campaign, file, "--json").json
    assert (again["unchanged"], again["updated"]) == (4, 0)
    file.write_text(LIST.replace("Khách Ba", "Khách Ba B"), encoding="utf-8")
    assert cli("list", "import", campaign, file, "--json").json["updated"] == 1


def test_a_clean_list_leaves_no_rejects_file_unless_one_is_asked_for(cli: Cli, campaign: str, tmp_path: Path) -> None:
    file = tmp_path / "clean.csv"
    file.write_text("id,Di động,dpd\nKH1,0912345671,1\n", encoding="utf-8")
    told = cli("list", "import", campaign, file, "--map", "phone=Di động", "--json").json
    assert (told["kept"], told["rejects_file"]) == (1, None)
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["clean.csv"]
    assert cli("list", "import", campaign, file, "--rejects", tmp_path / "asked.csv").code == 0
    assert (tmp_path / "asked.csv").exists()


def test_a_rejects_file_that_cannot_be_written_stops_the_import_before_it_begins(
    cli: Cli, campaign: str, tmp_path: Path
) -> None:
    file = tmp_path / "debtors.csv"
    file.write_text(LIST, encoding="utf-8")
    assert "no-folder" in cli("list", "import", campaign, file, "--rejects", tmp_path / "no-folder" / "x.csv").complaint
    assert cli("campaign", "status", campaign, "--json").json["customers"] == 0


def test_another_run_can_be_asked_for(cli: Cli, listed: Path) -> None:
    cli("list", "withdraw", "C1", "KH1", "--reason", "paid")
    assert cli("list", "import", "C1", listed, "--run", "same", "--json").json["unchanged"] == 4
    assert cli("campaign", "status", "C1", "--json").json["by_status"] == {"new": 2, "withdrawn": 1}
    assert cli("campaign", "rerun", "C1", "--json").json == {"code": "C1", "run": 2, "reopened": 2, "left": 1}
    assert cli("campaign", "status", "C1", "--json").json["by_status"] == {"new": 2, "withdrawn": 1}
    assert cli("list", "import", "C1", listed, "--run", "new").code == 0
    assert cli("campaign", "status", "C1", "--json").json["by_status"] == {"new": 3}


def test_withdrawing_names_whom_it_does_not_know(cli: Cli, listed: Path, tmp_path: Path) -> None:
    paid = tmp_path / "paid.csv"
    paid.write_text("Mã KH,Ngày\nKH1,1/1\nKH77,1/1\n", encoding="utf-8")
    told = cli("list", "withdraw", "C1", paid, "KH2", "--reason", "paid", "--json").json
    assert told == {"withdrawn": 2, "final": 0, "unknown": ["KH77"], "underway": []}
    assert cli("list", "withdraw", "C1", "KH1", "--reason", "paid", "--json").json["final"] == 1
    history = cli("customer", "show", "C1", "KH1", "--json").json
    assert history["why"] == "He is final: withdrawn (withdrawn)."
    assert [(event["what"], event["detail"]) for event in history["events"] if event["kind"] == "change"] == [
        ("new -> withdrawn", "paid")
    ]


def test_a_customer_without_an_id_is_found_by_his_number_however_it_is_written(
    cli: Cli, campaign: str, tmp_path: Path
) -> None:
    file = tmp_path / "bare.csv"
    file.write_text("phone,dpd\n0912345671,1\n", encoding="utf-8")
    cli("list", "import", campaign, file)
    for written in ("0912345671", "+84912345671", "0912 345 671"):
        assert cli("customer", "show", campaign, written, "--json").json["numbers"] == ["0912345671 (borrower)"]
    assert cli("list", "withdraw", campaign, "0912.345.671", "--reason", "paid", "--json").json["withdrawn"] == 1


def test_a_customer_s_story_begins_with_the_list(cli: Cli, listed: Path) -> None:
    told = cli("customer", "show", "C1", "KH2", "--json").json
    assert told["why"] == "Not now: the campaign is draft."
    assert told["contracts"] == ["HD2", "HD2b"]
    assert [event["what"] for event in told["events"]] == ["row 3 of debtors.csv", "row 4 of debtors.csv"]
    assert cli("customer", "show", "C1", "KH2").out.startswith("Not now: the campaign is draft.\n")


def test_the_list_of_whom_not_to_call_comes_from_a_file(cli: Cli, listed: Path, tmp_path: Path) -> None:
    file = tmp_path / "dnc.csv"
    file.write_text("Số điện thoại\n0912345671\n0912345671\nabc\n0912345679\n", encoding="utf-8")
    told = cli("dnc", "import", file, "--json").json
    assert (told["rows_read"], told["numbers"], told["added"], told["already"]) == (4, 2, 2, 0)
    assert told["rejected"] == {"not-a-number": 1}
    assert "abc" in Path(told["rejects_file"]).read_text(encoding="utf-8-sig")
    again = cli("dnc", "import", file, "--json").json
    assert (again["added"], again["already"]) == (0, 2)
    assert cli("dnc", "check", "+84 912 345 679", "--json").json["suppressed"] is True
    assert "He may not be called: suppressed." not in cli("customer", "show", "C1", "KH1").out
    cli("campaign", "start", "C1")
    assert "He may not be called: suppressed." in cli("customer", "show", "C1", "KH1").out


def test_numbers_and_ids_are_told_apart(cli: Cli, listed: Path) -> None:
    assert cli("dnc", "add", "0912345679", "KH1", "--reason", "asked", "--json").json["added"] == 2
    assert cli("dnc", "check", "KH1", "--json").json["kind"] == "id"
    assert cli("dnc", "check", "0912345679", "--json").json["kind"] == "number"
    assert "--as must say what KH99 is" in cli("dnc", "add", "KH99", "--reason", "x").complaint
    assert cli("dnc", "add", "KH99", "--as", "id", "--reason", "x", "--json").json["added"] == 1
    told = cli("dnc", "remove", "KH1", "KH98", "--json").json
    assert told == {"lifted": 1, "not_listed": ["KH98"], "reopened": 0}
    entry = cli("dnc", "check", "KH1", "--json").json["entries"][0]
    assert entry["until"] is not None
    assert entry["reason"] == "asked"


def test_an_id_that_reads_as_a_number_must_be_settled(cli: Cli, campaign: str, tmp_path: Path) -> None:
    file = tmp_path / "ids.csv"
    file.write_text("id,phone,dpd\n0912345678,0912345671,1\n", encoding="utf-8")
    assert cli("list", "import", campaign, file).code == 0
    said = cli("dnc", "add", "0912345678", "--reason", "x").complaint
    assert "it is both" in said
    assert "0912345678" not in said
    for word in ("number", "id"):
        assert cli("dnc", "add", "0912345678", "--as", word, "--reason", "x", "--json").json["added"] == 1


def test_a_complaint_shows_no_whole_number(cli: Cli, listed: Path) -> None:
    said = cli("dnc", "add", "09123456789", "--reason", "x").complaint
    assert "09123456789" not in said


def test_a_campaign_s_own_list_holds_for_that_campaign(cli: Cli, listed: Path) -> None:
    assert cli("dnc", "add", "0912345671", "--reason", "x", "--campaign", "C1").code == 0
    [entry] = cli("dnc", "check", "0912345671", "--json").json["entries"]
    assert entry["scope"] == "C1"
    assert cli("dnc", "remove", "0912345671", "--json").json["lifted"] == 0
    assert cli("dnc", "remove", "0912345671", "--campaign", "C1", "--json").json["lifted"] == 1
    assert "no campaign C9" in cli("dnc", "add", "0912345671", "--reason", "x", "--campaign", "C9").complaint


def test_agents_say_that_they_pause_and_are_back(cli: Cli, vendor: None) -> None:
    cli(
        "campaign",
        "create",
        "A",
        "--vendor",
        "sim",
        "--mode",
        "click2call",
        "--creditor",
        "B",
        "--agents",
        "101=ann,102",
    )
    assert {one["state"] for one in cli("agent", "list", "--json").json["agents"]} == {"unknown"}
    assert cli("agent", "pause", "101", "--json").json == {"extension": "101", "presence": "paused"}
    listed = {one["extension"]: one for one in cli("agent", "list", "--campaign", "A", "--json").json["agents"]}
    assert (listed["101"]["state"], listed["101"]["source"], listed["101"]["user"]) == ("paused", "command line", "ann")
    assert cli("agent", "ready", "101").code == 0
    assert "paused" not in cli("agent", "list").out
    assert cli("campaign", "status", "A", "--json").json["agents"] == {"unknown": 2}


def test_calls_that_a_decision_comes_too_late_for_are_named(cli: Cli, listed: Path, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'data' / 'dialer.db'}")
    insert = text(
        "INSERT INTO call (tenant_id, vendor_account_id, campaign_id, customer_id, person_id, run_id, origin, mode,"
        " phone, reference, attempt, state, charged, call_id_confirmed, recorded, intended_at, checks)"
        " SELECT c.tenant_id, 1, c.campaign_id, c.id, c.person_id, c.run_id, 'campaign', 'autocall',"
        " n.phone, c.code, 1, CASE c.code WHEN 'KH1' THEN 'ringing' ELSE 'placed' END, 1, 0, 0, '2026-01-01', 0"
        " FROM customer c JOIN number n ON n.person_id = c.person_id WHERE c.code IN ('KH1', 'KH2')"
    )
    with engine.begin() as conn:
        conn.execute(insert)
    engine.dispose()
    told = cli("dnc", "add", "0912345671", "KH2", "--reason", "asked", "--json").json
    fates = {one["customer"]: (one["number"], one["state"], one["recalled"]) for one in told["underway"]}
    assert fates == {"KH1": ("0912345671", "ringing", False), "KH2": ("0912345672", "placed", True)}
    said = cli("list", "withdraw", "C1", "KH1", "KH2", "--reason", "paid").out
    assert "C1 KH1 0912345671: ringing, cannot be stopped any more" in said
    assert "C1 KH2 0912345672: placed, being taken back from the vendor's queue" in said
