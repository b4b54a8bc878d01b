"""What can be asked for over the API can be typed: calls, customers, jobs and exports, entries, deliveries."""

import json
from pathlib import Path

import anyio
import pytest

from dialer.database import clock, open_database
from dialer.vault import Vault
from dialer.working import WorkingLoop

from .conftest import Cli


def worked(folder: Path) -> None:
    """The engine does whatever was ordered."""

    async def work() -> None:
        database = open_database(f"sqlite:///{folder / 'data' / 'dialer.db'}")
        try:
            loop = WorkingLoop(database, Vault(["a key"]))
            while await loop.step(await database.read(clock)):
                pass
        finally:
            await database.close()

    anyio.run(work)


def test_a_customer_is_entered_listed_and_corrected_without_a_file(cli: Cli, campaign: str) -> None:
    words = ("--id", "KH7", "--phone", "0912345678", "--contract", "HD7", "--variable", "dpd=5", "--json")
    assert cli("customer", "add", campaign, *words).json == {"campaign": campaign, "id": "KH7"}
    [row] = cli("customer", "list", campaign, "--reason", "never-called", "--json").json["customers"]
    assert (row["id"], row["status"]) == ("KH7", "new")
    assert cli("customer", "list", campaign, "--status", "busy", "--json").json["customers"] == []
    assert "KH7" in cli("customer", "list", campaign).out
    changed = ("customer", "set", campaign, "KH7", "--name", "Bà An", "--phone", "0987654321=guarantor")
    assert cli(*changed, "--json").json["id"] == "KH7"
    told = cli("customer", "show", campaign, "KH7", "--json").json
    assert (told["name"], told["numbers"]) == ("Bà An", ["0987654321 (guarantor)"])


def test_entries_of_the_list_are_listed_by_whether_they_hold(cli: Cli) -> None:
    cli("dnc", "add", "0912345678", "0987654321", "--reason", "asked")
    cli("dnc", "remove", "0912345678")
    [entry] = cli("dnc", "list", "--json").json["entries"]
    assert (entry["subject"], entry["scope"], entry["until"]) == ("0987654321", "tenant", None)
    assert [one["subject"] for one in cli("dnc", "list", "--lifted", "--json").json["entries"]] == ["0912345678"]
    assert "--limit 1" in cli("dnc", "list", "--limit", 1).err


def test_a_sweep_is_ordered_and_what_came_of_it_is_shown(cli: Cli, campaign: str, tmp_path: Path) -> None:
    told = cli("job", "start", "recall-sweep", "--campaign", campaign, "--json").json
    assert (told["kind"], told["campaign"], told["state"]) == ("recall-sweep", campaign, "waiting")
    worked(tmp_path)
    assert cli("job", "show", told["id"], "--json").json["result"] == {"looked_at": 0, "reopened": 0}
    assert "is ordered" in cli("job", "start", "reconciliation").out


@pytest.mark.usefixtures("listed")
def test_an_export_is_ordered_and_fetched_when_it_is_done(cli: Cli, tmp_path: Path) -> None:
    told = cli("export", "order", "results", "--campaign", "C1", "--format", "json", "--json").json
    assert "is waiting" in cli("export", "fetch", told["id"]).complaint
    worked(tmp_path)
    out = tmp_path / "results.json"
    assert cli("export", "fetch", told["id"], "--out", out, "--json").json["bytes"] == out.stat().st_size
    assert len(json.loads(out.read_text(encoding="utf-8"))["rows"]) == 4
    assert [one["id"] for one in cli("export", "list", "--state", "done", "--json").json["exports"]] == [told["id"]]


def test_calls_are_listed_and_told_with_what_happened(cli: Cli, campaign: str) -> None:
    assert cli("call", "list", "--campaign", campaign, "--since", "2026-01-01", "--json").json == {"calls": []}
    cli("campaign", "set", campaign, "--variables", "")
    order = cli("call", "trigger", "0912345678", "--campaign", campaign, "--wait", "--json").json
    assert cli("call", "events", order["id"], "--json").json["id"] == order["id"]
    assert {one["word"] for one in cli("call", "outcomes", "--json").json["outcomes"]} >= {"answered", "busy"}


def test_an_account_is_changed_and_nothing_is_asked_for(cli: Cli, vendor: None) -> None:
    told = cli("vendor", "set", "sim", "--channels", 9, "--set", "cdr_page=50", "--json").json
    assert (told["channels"], told["settings"], told["url"]) == (9, {"cdr_page": 50}, "http://127.0.0.1:9")
    assert cli("vendor", "list", "--json").json["vendors"][0]["channels"] == 9


def test_a_script_is_told_anew(cli: Cli, vendor: None) -> None:
    cli("callflow", "add", "IVR-1", "--vendor", "sim", "--variables", "dpd", "--description", "one")
    told = cli("callflow", "set", "IVR-1", "--variables", "dpd, amount", "--json").json
    assert (told["variables"], told["description"]) == (["dpd", "amount"], "one")


def test_deliveries_are_listed_by_state_and_webhook(cli: Cli) -> None:
    cli("webhook", "add", "crm", "https://crm.example.com/events")
    assert cli("webhook", "deliveries", "--state", "dead", "--webhook", "crm", "--json").json == {"deliveries": []}


def test_numbers_in_doubt_are_listed(cli: Cli, campaign: str, tmp_path: Path) -> None:
    assert cli("person", "doubtful", "--json").json == {"numbers": []}
    file = tmp_path / "old.csv"
    file.write_text("Mã KH,Số điện thoại,Số HĐ,dpd,Ngày\nKH1,0383123456,HD1,5,\n", encoding="utf-8")
    assert cli("list", "import", campaign, file, "--numbers-as-of", "2016-01-01").code == 0
    [told] = cli("person", "doubtful", "--json").json["numbers"]
    assert (told["number"], told["id"]) == ("0383123456", "KH1")
    assert "KH1" in cli("person", "doubtful").out
    cli("person", "review", "0383123456", "--ok")
    assert cli("person", "doubtful", "--json").json == {"numbers": []}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("job", "start", "recall-sweep"), "--campaign is needed"),
        (("job", "start", "import"), "'import' is not one of 'recall-sweep'"),
        (("export", "order", "results"), "--campaign is needed"),
        (("export", "order", "calls", "--since", "2026-02-01", "--until", "2026-01-01"), "--until must be after"),
        (("export", "fetch", "j_0"), "there is no job of this id"),
        (("call", "list", "--number", "12"), "--number must be a telephone number"),
        (("call", "events", "t0"), "there is no call t0"),
        (("customer", "add", "C1"), "--phone is needed"),
        (("customer", "add", "C1", "--phone", "0912345678=aunt"), "--phone must be of one of"),
        (("customer", "add", "C1", "--phone", "0912345678", "--variable", "x"), "--variable must be NAME=VALUE"),
        (("customer", "set", "C1", "KH9", "--name", "x"), "there is no customer KH9"),
        (("vendor", "set", "no", "--channels", "2"), "there is no vendor no"),
        (("vendor", "set", "sim", "--api-key-env", "UNSET"), "UNSET is empty"),
        (("callflow", "set", "no"), "there is no callflow no"),
        (("webhook", "deliveries", "--webhook", "no"), "there is no webhook no"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    cli: Cli, campaign: str, words: tuple[str, ...], complaint: str
) -> None:
    assert complaint in cli(*words).complaint
