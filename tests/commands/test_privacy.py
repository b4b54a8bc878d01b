"""`dialer person export` and `dialer person erase`."""

import csv
import json
from pathlib import Path

from commands.conftest import Cli
from commands.test_audit import called, ledger, seal

__all__ = ["called"]


def test_everything_about_a_person_is_written_as_json_and_as_tables(cli: Cli, called: Path) -> None:
    told = cli("person", "export", "0912345671", "--out", "kh1", "--json").json
    assert told["rows"]["calls"] == 2
    kept = json.loads((called / "kh1" / "person.json").read_text(encoding="utf-8"))
    assert kept["person"][0]["name"] == "Khách Một"
    rows = list(csv.DictReader((called / "kh1" / "calls.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["reference"] for row in rows] == ["r1", "r2"]
    # A spreadsheet must not take a number with its plus for a formula.
    assert rows[0]["phone"].startswith("'+84")


def test_erasing_needs_to_be_meant(cli: Cli, called: Path) -> None:
    assert "--yes" in cli("person", "erase", "KH1").complaint


def test_who_was_erased_is_not_found_by_his_number_and_the_chain_is_sound(cli: Cli, called: Path) -> None:
    seal()
    told = cli("person", "erase", "KH1", "--yes", "--json").json
    assert (told["customers"], told["calls"], told["numbers"]) == (1, 2, 1)
    assert "no list knows" in cli("person", "export", "0912345671", "--out", "x").complaint
    assert cli("audit", "verify", "--json").json["sound"] is True
    # What was done to the number can still be answered for.
    assert len(cli("number", "show", "0912345671", "--json").json["calls"]) == 2


def test_a_number_of_several_people_asks_who_is_meant_without_telling_it_whole(cli: Cli, called: Path) -> None:
    at = {"at": "2026-11-01 00:00:00.000000"}
    person = "INSERT INTO person (id, tenant_id, key_kind, key, name, agreed_hours, created_at)"
    number = "INSERT INTO number (tenant_id, person_id, phone, role, position, needs_review, note)"
    ledger(
        called,
        (f"{person} VALUES (2, 1, 'person', 'KH2', '', '[]', :at)", at),
        (f"{number} VALUES (1, 2, '+84912345671', 'reference', 0, 0, '')", at),
    )
    told = cli("person", "export", "0912345671", "--out", "x").complaint
    assert "several people" in told
    assert "0912345671" not in told


def test_nobody_is_erased_in_the_middle_of_a_call(cli: Cli, called: Path) -> None:
    ledger(called, ("UPDATE call SET state = 'answered' WHERE id = 1", ()))
    assert "under way" in cli("person", "erase", "KH1", "--yes").complaint
