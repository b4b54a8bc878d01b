"""What every command has in common, and that what goes wrong is one line and exit code 2."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from databases import Clones

from campaigns import words
from dialer.__main__ import NOUNS, run
from dialer.commands.language import VIETNAMESE

from .conftest import LIST, Cli


def commands() -> Iterator[tuple[str, ...]]:
    """Every command by the words that are typed."""
    for noun in NOUNS:
        command: Any = typer.main.get_command(import_module(f"dialer.commands.{noun}").app)
        yield from ((noun, verb) for verb in command.commands) if hasattr(command, "commands") else [(noun,)]


ALL = list(commands())
CONTRACT = """
db upgrade; vendor add; vendor check; vendor remove; campaign create; campaign set; campaign start; campaign pause
campaign resume; campaign stop; campaign delete; campaign list; campaign status; campaign report; list import
list withdraw; dnc import; dnc add; dnc remove; dnc check; customer show; agent list; agent ready; agent pause
serve; simulate tel4vn; rulebook list; rulebook show; rulebook check; rulebook diff; rulebook add; rulebook remove
campaign explain
"""
PRINTS_NO_FACTS = {("serve",), ("simulate", "tel4vn"), ("demo",)}


def test_every_command_of_the_contract_is_there() -> None:
    spelled = {tuple(command.split()) for line in CONTRACT.split("\n") for command in line.split(";") if command}
    assert spelled <= set(ALL)


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_every_command_s_help_has_an_example_of_itself(cli: Cli, command: tuple[str, ...]) -> None:
    told = cli(*command, "--help")
    assert told.code == 0
    example = told.out.partition("Example:")[2].split()
    assert example[: len(command) + 1] == ["dialer", *command]
    if command not in PRINTS_NO_FACTS:
        assert "--json" in told.out
        assert "--tenant" in told.out


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_alone_shows_its_verbs(cli: Cli, noun: str) -> None:
    if (noun,) not in ALL:
        assert "Commands:" in cli(noun).out


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from dialer.__main__ import run; run(['--help']); print([m for m in sys.modules])"
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=here, check=True)
    assert all(noun in done.stdout for noun in NOUNS)
    assert not re.search(r"'(sqlalchemy|sqlmodel|alembic|aiohttp|xlsxwriter|pydantic_settings)'", done.stdout)


def test_the_version_is_told(cli: Cli) -> None:
    assert re.fullmatch(r"dialer \d+\.\d+\.\d+\n", cli("--version").out)


WRONG = {
    ("nonsense",): "No such command 'nonsense'",
    ("campaign", "nonsense"): "No such command 'nonsense'",
    ("campaign", "start"): "Missing argument 'CODE'",
    ("campaign", "start", "C9"): "there is no campaign C9; there is C1",
    ("campaign", "start", "c1"): "there is no campaign c1",
    ("campaign", "list", "--bad"): "No such option: --bad",
    ("campaign", "create", "C2", "--vendor", "sim"): "Missing option '--mode'",
    ("campaign", "create", "C2", "--vendor", "sim", "--mode", "fax"): "'fax' is not one of 'autodialer'",
    ("campaign", "create", "C2", "--vendor", "sim", "--mode", "click2call"): "--agents is needed",
    ("campaign", "create", "a b", "--vendor", "sim", "--mode", "click2call", "--agents", "101"): "campaign 'a b' must",
    ("campaign", "create", "C2", "--vendor", "no", "--mode", "click2call", "--agents", "101"): "there is no vendor no",
    ("campaign", "set", "C1", "--agents", "101"): "--agents means nothing in mode autocall",
    ("campaign", "set", "C1", "--mode", "click2call"): "--mode of a campaign is for good",
    ("campaign", "resume", "C1"): "campaign C1 is draft, not paused",
    ("campaign", "pause", "C1"): "it cannot become paused",
    ("campaign", "status", "C1", "--watch", "--json"): "--watch and --json exclude each other",
    ("campaign", "explain", "C9"): "there is no campaign C9",
    ("rulebook", "show", "our-rules"): "there is no rulebook our-rules: choose one of",
    ("rulebook", "add", "missing.toml"): "missing.toml: No such file or directory",
    ("rulebook", "remove", "our-rules"): "there is no rulebook of your own our-rules",
    ("campaign", "rerun", "C1"): "has no customers yet",
    ("list", "import", "C1", "missing.csv"): "missing.csv: No such file or directory",
    ("list", "import", "C1", "broken.csv"): "broken.csv has no header",
    ("list", "import", "C1", "empty.csv"): "empty.csv is empty",
    ("list", "import", "C1", "empty.csv", "--map", "phone"): "--map phone must be FIELD=COLUMN",
    ("list", "import", "C1", "empty.csv", "--numbers-as-of", "soon"): "--numbers-as-of must be a day",
    ("list", "withdraw", "C1", "KH1"): "Missing option '--reason'",
    ("list", "withdraw", "C1", "missing.csv", "--reason", "paid"): "missing.csv: No such file",
    ("dnc", "add", "091234", "--reason", "x"): "--as must say what 091234 is",
    ("dnc", "import", "missing.csv"): "missing.csv: No such file or directory",
    ("dnc", "import", "broken.csv"): "no column of telephone numbers",
    ("allowlist", "add", "office"): "dialer: NETWORK must be an address",
    ("webhook", "add", "crm", "https://127.0.0.1/"): "dialer: URL must not be an address",
    ("number", "show", "12"): "dialer: NUMBER ",
    ("customer", "show", "C1", "KH9"): "there is no customer KH9",
    ("agent", "ready", "999"): "there is no agent 999",
    ("vendor", "check", "simm"): "there is no vendor simm; did you mean sim?",
    ("vendor", "add", "x", "--url", "ftp://x"): "--api-key-env names the variable",
    ("vendor", "add", "x", "--api-key", "secret"): "No such option: --api-key",
    ("vendor", "add", "x", "--api-key-env", "UNSET"): "the environment variable UNSET is empty",
    ("vendor", "add", "sim", "--url", "ftp://x"): "the vendor's URL must be http(s)",
    ("vendor", "add", "sim", "--kind", "fax"): "--kind must be one of tel4vn",
    ("vendor", "add", "sim", "--set", "nonsense=1"): "nonsense",
    ("vendor", "add", "sim", "--set", "nonsense"): "--set nonsense must be NAME=VALUE",
    ("vendor", "add", "sim", "--reserve", "5"): "--reserve must leave at least one",
    ("vendor", "add", "sim", "--username", "u", "--api-key-env", "K"): "--api-key-env exclude each other",
    ("campaign", "list", "--tenant", "nobody"): "there is no tenant nobody; there is default",
    ("serve", "--role", "web"): "role web needs PostgreSQL",
    ("simulate", "tel4vn", "--answer-rate", "2"): "--answer-rate",
    ("simulate", "tel4vn", "--answer-rate", "0.9", "--busy-rate", "0.9"): "add up to more than 1",
    ("simulate", "tel4vn", "--ring-seconds", "5,3"): "--ring-seconds a range is",
}


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a vendor `sim` and a campaign `C1`, for commands that change nothing."""
    folder = tmp_path_factory.mktemp("standing") / "data"
    script = ["--vendor", "sim", "--mode", "autocall", "--queue-code", "Q1", "--template", "IVR-1", "--creditor", "B"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIALER_DATA_DIR", str(folder))
        patch.setenv("KEY", "the-key")
        url = ["--url", "http://127.0.0.1:9", "--channels", "5"]
        assert run(["vendor", "add", "sim", *url, "--api-key-env", "KEY"]) == 0
        assert run(["campaign", "create", "C1", *script]) == 0
    return folder


@pytest.mark.parametrize("typed", WRONG, ids=" ".join)
def test_what_goes_wrong_is_one_line_and_exit_code_2(
    cli: Cli, standing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DIALER_DATA_DIR", str(standing))
    (tmp_path / "broken.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    assert WRONG[typed] in cli(*typed).complaint


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("DIALER_SPEED", "fast", "DIALER_SPEED: "),
        ("DIALER_DATABASE_URL", "nonsense", "DIALER_DATABASE_URL must be sqlite:///FILE"),
        ("DIALER_DATABASE_URL", "postgresql+asyncpg://127.0.0.1:9/x", "Connect call failed"),
        ("DIALER_ZONE", "Mars/Olympus", "'Mars/Olympus' is no time zone"),
        ("DIALER_TENANT", "nobody", "there is no tenant nobody"),
    ],
)
def test_a_bad_setting_is_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert says in cli("campaign", "list").complaint


def test_a_surprise_keeps_its_traceback(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("campaigns.directory.list_campaigns", fall)
    with pytest.raises(ZeroDivisionError):
        run(["campaign", "list"])


def test_the_tenant_is_chosen_before_or_behind_the_noun_or_by_the_environment(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    founded = cli("vendor", "add", "theirs", "--url", "http://127.0.0.1:9", "--tenant", "acme", piped="k")
    assert founded.err == "tenant acme is new\n"
    assert (
        cli("--tenant", "acme", "vendor", "list", "--json").json
        == cli("vendor", "list", "--tenant", "acme", "--json").json
    )
    assert cli("vendor", "list", "--json").json == {"vendors": []}
    monkeypatch.setenv("DIALER_TENANT", "acme")
    assert [one["name"] for one in cli("vendor", "list", "--json").json["vendors"]] == ["theirs"]
    assert cli("vendor", "list", "--tenant", "default", "--json").json == {"vendors": []}


def test_a_number_of_one_tenant_is_suppressed_for_no_other(cli: Cli) -> None:
    assert cli("dnc", "add", "0912345678", "--reason", "x", "--tenant", "acme").code == 0
    assert cli("dnc", "check", "0912345678", "--tenant", "acme", "--json").json["suppressed"] is True
    assert cli("dnc", "check", "0912345678", "--json").json["suppressed"] is False


def test_a_database_of_another_version_is_upgraded_after_a_copy(cli: Cli, tmp_path: Path) -> None:
    for file in (tmp_path / "data").iterdir():
        file.unlink()
    assert cli("db", "upgrade", "--json").json["before"] is None
    told = cli("db", "upgrade", "--json").json
    assert told["before"] == told["after"]


def test_postgresql_is_upgraded_only_by_its_command_and_needs_the_key(
    cli: Cli, clones: Clones, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIALER_DATABASE_URL", clones.empty())
    assert "dialer db upgrade" in cli("campaign", "list").complaint
    assert cli("db", "upgrade", "--json").json["before"] is None
    account = ("vendor", "add", "sim", "--url", "http://127.0.0.1:9")
    assert "DIALER_SECRET_KEY is not set" in cli(*account, piped="k").complaint
    monkeypatch.setenv("DIALER_SECRET_KEY", "a-key")
    assert cli(*account, piped="k").code == 0
    script = ("--mode", "autocall", "--queue-code", "Q1", "--template", "IVR-1", "--creditor", "B")
    assert cli("campaign", "create", "C1", "--vendor", "sim", *script).code == 0
    (tmp_path / "debtors.csv").write_text(LIST, encoding="utf-8")
    assert cli("list", "import", "C1", tmp_path / "debtors.csv", "--json").json["kept"] == 4
    assert cli("campaign", "status", "C1", "--json").json["by_reason"] == {"never-called": 3}
    assert len(cli("campaign", "report", "C1", "--json").json["rows"]) == 4
    assert cli("customer", "show", "C1", "KH1", "--json").json["answer"]["about"] == "campaign"


@pytest.mark.usefixtures("listed")
def test_labels_are_vietnamese_where_the_reader_is_and_json_never(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    english, data = cli("campaign", "status", "C1"), cli("campaign", "status", "C1", "--json").out
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    vietnamese = cli("campaign", "status", "C1")
    assert "never-called" in english.out
    assert "chưa gọi lần nào" in vietnamese.out
    assert cli("campaign", "status", "C1", "--json").out == data
    assert "Chưa gọi: chiến dịch nháp" in cli("customer", "show", "C1", "KH1").out
    monkeypatch.setenv("DIALER_LANG", "en")
    assert cli("campaign", "status", "C1").out == english.out


def test_every_status_and_every_reason_of_a_customer_has_its_vietnamese() -> None:
    spoken = {*words.Status, *words.Outcome, *words.Wanted}
    assert {word.value for word in spoken} <= VIETNAMESE.keys()


def test_serving_with_a_bad_certificate_is_said_in_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALER_TLS_CERTIFICATE", "nothing.pem")
    assert "DIALER_TLS_KEY" in cli("serve", "--port", "0").complaint
    monkeypatch.delenv("DIALER_TLS_CERTIFICATE")
    monkeypatch.setenv("DIALER_TRUSTED_PROXIES", "everybody")
    assert "DIALER_TRUSTED_PROXIES" in cli("serve", "--port", "0").complaint
