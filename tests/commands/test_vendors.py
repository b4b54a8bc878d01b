"""Vendor accounts: secrets go in and never come out; `check` and `remove` speak to the shipped simulator."""

import sqlite3
from pathlib import Path

import pytest

from .conftest import Cli

KEY = "simulator-api-key"


def secrets_in(folder: Path) -> list[bytes]:
    with sqlite3.connect(folder / "data" / "dialer.db") as database:
        return [row[0] for row in database.execute("SELECT sealed_credentials FROM vendor_account")]


def hashes_in(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "data" / "dialer.db") as database:
        return [row[0] for row in database.execute("SELECT hook_path_hash FROM vendor_account")]


def test_a_key_is_sealed_and_never_shown(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEY", "hush-hush-key")
    added = cli("vendor", "add", "main", "--url", "http://127.0.0.1:9", "--api-key-env", "THE_KEY", "--json")
    told = added.json
    assert (told["name"], told["kind"], told["created"], told["channels"], told["reserve"]) == (
        *("main", "tel4vn", True),
        *(None, 0),
    )
    shown = added.out + added.err + cli("vendor", "list").out + cli("vendor", "list", "--json").out
    assert "hush" not in shown
    assert all(b"hush" not in sealed for sealed in secrets_in(tmp_path))
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o777 == 0o600


def test_adding_it_again_changes_it_and_keeps_the_hooks_address(cli: Cli, tmp_path: Path) -> None:
    cli("vendor", "add", "main", "--url", "http://127.0.0.1:9", "--channels", 7, "--set", "cdr_page=50", piped="one")
    before, path = secrets_in(tmp_path), hashes_in(tmp_path)
    told = cli("vendor", "add", "main", "--set", "strict_success=false", "--reserve", 2, "--json", piped="two").json
    assert (told["created"], told["channels"], told["reserve"], told["url"]) == (False, 7, 2, "http://127.0.0.1:9")
    assert told["settings"] == {"cdr_page": 50, "strict_success": False}
    assert hashes_in(tmp_path) == path
    assert secrets_in(tmp_path) != before
    assert cli("vendor", "add", "main", "--set", "cdr_page=", "--json").json["settings"] == {"strict_success": False}


def test_a_lost_key_says_what_to_enter_again(cli: Cli, tmp_path: Path) -> None:
    cli("vendor", "add", "main", "--url", "http://127.0.0.1:9", piped="one")
    (tmp_path / "data" / "secret.key").unlink()
    assert "the secrets of vendor main were sealed with another key" in cli("vendor", "check", "main").complaint
    assert "cannot be opened" in cli("vendor", "add", "main", piped="one").err
    assert "secrets" not in cli("vendor", "check", "main").err


def test_a_vendor_that_is_away_is_exit_code_2_and_a_remark(cli: Cli, vendor: None) -> None:
    told = cli("vendor", "check", "sim", "--json")
    assert told.code == 2
    assert '"logged_in": false' in told.out
    assert told.err.startswith("dialer: vendor sim: ")


def test_a_vendor_in_use_is_not_removed(cli: Cli, campaign: str) -> None:
    cli("campaign", "start", campaign)
    assert "vendor sim is used by C1" in cli("vendor", "remove", "sim", "--keep-hooks").complaint
    cli("campaign", "stop", campaign)
    assert cli("vendor", "remove", "sim", "--keep-hooks", "--json").json["removed"] is True
    assert cli("vendor", "list", "--json").json == {"vendors": []}
    assert "there is no vendor sim" in cli("vendor", "check", "sim").complaint


@pytest.mark.parametrize("login", ["key", "user"])
def test_check_and_remove_speak_to_the_vendor(
    cli: Cli, simulator: str, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", KEY if login == "key" else "simulator-password")
    by_user = ["--username", "foo@test.tel4vn.com", "--password-env", "SECRET"]
    words = ["--api-key-env", "SECRET"] if login == "key" else by_user
    assert cli("vendor", "add", "sim", "--url", simulator, *words).code == 0
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
        "101=test.user01,102=nobody",
    )
    told = cli("vendor", "check", "sim", "--json").json
    assert told["logged_in"] is True
    assert told["hooks"] == dict.fromkeys(("ringing", "answered", "hangup", "cdr"), "missing")
    assert told["extensions"] == {"101": True}
    assert any("102" in remark for remark in told["remarks"])
    assert "hook ringing" in cli("vendor", "check", "sim").out
    cli("campaign", "stop", "A")
    assert cli("vendor", "remove", "sim", "--json").json == {"name": "sim", "removed": True, "hooks_removed": []}


def test_a_wrong_key_is_told_without_showing_it(cli: Cli, simulator: str) -> None:
    cli("vendor", "add", "sim", "--url", simulator, piped="a-wrong-key")
    told = cli("vendor", "check", "sim")
    assert told.code == 2
    assert "a-wrong-key" not in told.out + told.err
