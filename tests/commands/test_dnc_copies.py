"""`dialer dnc import --register`: whole copies of registers, and how old they are."""

from pathlib import Path

import pytest

from .conftest import Cli


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "national.csv"


def bring(cli: Cli, file: Path, phones: str, as_of: str, *more: str, name: str = "national") -> dict[str, object]:
    file.write_text("phone\n" + phones.replace(" ", "\n") + "\n", encoding="utf-8")
    told: dict[str, object] = cli("dnc", "import", file, "--register", name, "--as-of", as_of, *more, "--json").json
    return {key: told[key] for key in ("added", "ended", "unchanged", "covered", "reopened")}


def test_a_new_copy_adds_and_ends(cli: Cli, file: Path) -> None:
    assert bring(cli, file, "0912345671 0912345672 0912345673", "2026-03-01")["added"] == 3
    changed = bring(cli, file, "0912345672 0912345673 0912345674", "2026-03-02")
    assert changed == {"added": 1, "ended": 1, "unchanged": 2, "covered": 0, "reopened": 0}
    assert cli("dnc", "check", "0912345671", "--json").json["suppressed"] is False
    [entry] = cli("dnc", "check", "0912345674", "--json").json["entries"]
    assert (entry["source"], entry["purpose"]) == ("register:national", "marketing")


def test_the_age_of_each_copy_is_told(cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no copy of a register is loaded" in cli("dnc", "registers").out
    bring(cli, file, "0912345671", "2026-03-01T08:00")
    bring(cli, file, "0912345671 0912345672", "2026-03-01", "--purpose", "all", name="partner")
    national, partner = cli("dnc", "registers", "--json").json["registers"]
    assert (national["name"], national["entries"], national["as_of"]) == ("national", 1, "2026-03-01T01:00:00+00:00")
    assert (partner["name"], partner["entries"], partner["file_name"]) == ("partner", 2, "national.csv")
    assert partner["age_hours"] > national["age_hours"] > 0
    assert "2026-03-01 08:00:00" in cli("dnc", "registers").out
    monkeypatch.setenv("DIALER_LANG", "vi")
    assert "tuổi" in cli("dnc", "registers").out


def test_a_copy_that_is_not_whole_is_refused(cli: Cli, file: Path) -> None:
    bring(cli, file, "0912345671 0912345672 0912345673", "2026-03-01")
    file.write_text("phone\n0912345671\n", encoding="utf-8")
    words = ("dnc", "import", file, "--register", "national", "--as-of", "2026-03-02")
    assert "this copy would free 2 of 3 numbers" in cli(*words).complaint
    assert cli("dnc", "check", "0912345672", "--json").json["suppressed"] is True
    assert cli(*words, "--allow-shrinking", "--json").json["ended"] == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--register", "national"), "--as-of is needed"),
        (("--register", "a b", "--as-of", "2026-03-01"), "--register must be 1 to 64 letters"),
        (("--register", "national", "--as-of", "2199-03-01"), "--as-of '2199-03-01' is still to come"),
        (("--register", "national", "--as-of", "2026-02-01"), "--as-of is older than our copy"),
        (("--register", "national", "--as-of", "2026-04-01", "--campaign", "C1"), "--campaign exclude each other"),
        (("--as-of", "2026-03-01"), "--as-of means something with --register only"),
        (("--purpose", "all"), "--purpose means something with --register only"),
    ],
)
def test_a_copy_that_cannot_be_the_newest_is_refused(cli: Cli, file: Path, words: tuple[str, ...], told: str) -> None:
    bring(cli, file, "0912345671", "2026-03-01")
    assert told in cli("dnc", "import", file, *words).complaint


def test_who_is_on_the_list_by_hand_stays_there_when_the_register_lets_him_go(cli: Cli, file: Path) -> None:
    bring(cli, file, "0912345671 0912345672 0912345673", "2026-03-01", "--purpose", "all")
    cli("dnc", "add", "0912345671", "--reason", "asked")
    bring(cli, file, "0912345672 0912345673", "2026-03-02", "--purpose", "all")
    assert cli("dnc", "check", "0912345671", "--json").json["suppressed"] is True


def test_a_register_s_number_is_not_lifted_by_hand(cli: Cli, file: Path) -> None:
    bring(cli, file, "0912345671", "2026-03-01", "--purpose", "all")
    cli("dnc", "add", "0912345671", "--reason", "asked")
    assert cli("dnc", "remove", "0912345671", "--json").json["lifted"] == 1
    assert cli("dnc", "check", "0912345671", "--json").json["suppressed"] is True
