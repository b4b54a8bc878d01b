"""The command line, typed into a folder of its own; and small ledgers on both databases."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from database.conftest import clones, database, portal, postgresql, sqlite, template

from dialer.__main__ import run

__all__ = ["clones", "database", "portal", "postgresql", "sqlite", "template"]

LIST = """Mã KH,Họ tên,Số điện thoại,Số HĐ,dpd,total_ovd_amount
KH1,Khách Một,0912345671,HD1,5,1000000
KH2,=cmd()|x,0912345672,HD2,-3,2500000
KH2,=cmd()|x,0912345672,HD2b,9,300000
KH3,Khách Ba,0912345673,000123,1,5
KH4,Khách Bốn,9.12E+08,HD4,1,5
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on standard output."""
        assert self.code == 0, self.err
        told = json.loads(self.out)
        assert isinstance(told, dict)
        return told

    @property
    def complaint(self) -> str:
        """The one line of a command that could not be done."""
        assert self.code == 2, (self.code, self.err)
        assert self.out == ""
        assert self.err.startswith("dialer: ")
        assert self.err.count("\n") == 1, self.err
        return self.err


Cli = Callable[..., Said]


@pytest.fixture
def cli(
    tmp_path: Path,
    template: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """Type a command: `cli("campaign", "list")`. What is `piped` in comes from standard input."""
    (tmp_path / "data").mkdir()
    shutil.copy(template, tmp_path / "data" / "dialer.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIALER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LANG", "C.UTF-8")

    def typed(*words: object, piped: str = "") -> Said:
        monkeypatch.setattr(sys, "stdin", io.StringIO(piped))
        capsys.readouterr()
        code = run([str(word) for word in words])
        return Said(code, *capsys.readouterr())

    return typed


@pytest.fixture
def vendor(cli: Cli) -> None:
    """An account `sim` that nobody answers for."""
    added = cli("vendor", "add", "sim", "--url", "http://127.0.0.1:9", "--channels", 5, piped="the-key\n")
    assert added.code == 0, added.err


@pytest.fixture
def campaign(cli: Cli, vendor: None) -> str:
    """A script campaign `C1`, as a draft and with an empty list."""
    options = ["--mode", "autocall", "--queue-code", "Q1", "--template", "IVR-1", "--variables", "dpd"]
    options += ["--creditor", "Demo Finance"]
    made = cli("campaign", "create", "C1", "--vendor", "sim", *options)
    assert made.code == 0, made.err
    return "C1"


@pytest.fixture
def listed(cli: Cli, campaign: str, tmp_path: Path) -> Path:
    """`C1` with the customers of a list, one row of which is rejected."""
    file = tmp_path / "debtors.csv"
    file.write_text(LIST, encoding="utf-8")
    loaded = cli("list", "import", campaign, file)
    assert loaded.code == 0, loaded.err
    return file


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[str]:
    """The address of `dialer simulate tel4vn`, a process of its own."""
    command = [sys.executable, "-m", "dialer", "simulate", "tel4vn", "--port", "0", "--speed", "100"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().rsplit(" ", 1)[-1].strip()
        finally:
            process.terminate()
        assert process.wait() == 0
