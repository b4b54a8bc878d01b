"""The main job in about a minute, on a machine with nothing set up: every step is a command that a user would type.

A throwaway data folder, the shipped sample lists, the shipped simulator as vendor over real HTTP on loopback. It
runs under `--rulebook none`, because it must work at any hour; a real campaign keeps the law's hours.
"""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from sqlalchemy import Connection

from campaigns import directory, reports
from campaigns.phones import Phone, national, normalise
from campaigns.reports import Standing
from campaigns.timing import Timing
from dialer.database import clock, open_database
from dialer.settings import Settings

SPEED = "60"
PATIENCE = 240.0
LOOK_EVERY = 0.5
SAMPLES = Path(__file__).parent / "samples"
AGENTS = ",".join(f"{100 + n}=test.user{n:02d}" for n in range(1, 21))
KEY = "simulator-api-key"
REMINDERS, SCRIPTED = "REMINDERS", "SCRIPTED"
WITHHELD = (
    "suppressed",
    "no-liable-number",
    "no-number",
    "missing-variable",
    "outside-hours",
    "number-busy",
    "person-busy",
)
RECALLS = ("recall", "too-short", "agent-missed")


class DemoFailed(Exception):
    """A step of the demonstration did not do what it should; the message names the command."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demonstration plays: its folder, its console, and the environment of its commands."""

    folder: Path
    results: Path
    console: Console
    environment: Mapping[str, str]

    def dialer(self, *words: str, show: bool = True) -> str:
        """Run one command as a user would, show it, and give back what it printed."""
        if show:
            self.console.print(f"[bold cyan]$ dialer {' '.join(_shown(word) for word in words)}[/]", highlight=False)
        command = [sys.executable, "-m", "dialer", *words]
        done = subprocess.run(command, env=dict(self.environment), capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            raise DemoFailed(f"dialer {' '.join(words[:2])} ended with {done.returncode}: {done.stderr.strip()}")
        if show and done.stdout.strip():
            self.console.print(done.stdout.rstrip(), highlight=False, markup=False)
        return done.stdout

    def facts(self, *words: str) -> dict[str, Any]:
        """What a command says as JSON."""
        answer: dict[str, Any] = json.loads(self.dialer(*words, "--json", show=False))
        return answer

    @contextmanager
    def running(self, *words: str) -> Iterator[str]:
        """A command that goes on in the background until the block ends; the line that it printed when ready."""
        self.console.print(f"[bold cyan]$ dialer {' '.join(_shown(word) for word in words)} &[/]", highlight=False)
        log = (self.folder / f"{words[0]}.log").open("w", encoding="utf-8")
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "dialer", *words],
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            ready = process.stdout.readline().strip()
            if not ready:
                process.wait(10)
                told = Path(log.name).read_text(encoding="utf-8").strip()
                raise DemoFailed(f"dialer {words[0]} did not start: {told}")
            self.console.print(ready, highlight=False, markup=False)
            yield ready
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
            log.close()


def run(results: Path) -> None:
    """Play it. The result files are written into `results`. Raises `DemoFailed`."""
    console = Console()
    results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dialer demo ") as folder, ExitStack() as stack:
        stage = Stage(Path(folder), results.resolve(), console, _environment(Path(folder)))
        port = _free_port()
        journal = Path(folder) / "journal.jsonl"
        console.print(Panel(_introduction(), title="dialer demo", border_style="cyan"))
        vendor = ("simulate", "tel4vn", "--port", str(port), "--speed", SPEED, "--agents", AGENTS)
        stack.enter_context(stage.running(*vendor, "--journal", str(journal)))
        _set_up(stage, f"http://127.0.0.1:{port}")
        with stage.running("serve", "--port", "0"):
            _watch(stage)
        _report(stage)
        _prove(stage, journal)


def _introduction() -> str:
    return (
        "A list is loaded, the do-not-call list is scrubbed, calls are placed with a vendor over HTTP, hooks come "
        "back, and every customer reaches a final status.\nThe vendor is the shipped simulator, 60 times faster than "
        "life. [yellow]--rulebook none[/]: the demo works at any hour; real campaigns keep the hours of vn-debt."
    )


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIALER_")}
    language = {name: os.environ[name] for name in ("DIALER_LANG",) if name in os.environ}
    ours = {"DIALER_DATA_DIR": str(folder / "data"), "DIALER_SPEED": SPEED, "DEMO_VENDOR_KEY": KEY}
    return kept | language | ours | {"COLUMNS": "110", "DIALER_STOP_GRACE": "5"}


def _set_up(stage: Stage, url: str) -> None:
    vendor = ("--kind", "tel4vn", "--url", url, "--api-key-env", "DEMO_VENDOR_KEY", "--channels", "45")
    stage.dialer("vendor", "add", "pbx", *vendor)
    stage.dialer("vendor", "check", "pbx")
    shared = ("--vendor", "pbx", "--creditor", "Demo Finance", "--rulebook", "none", "--recall-delay", "3m")
    dialer = ("--mode", "autodialer", "--queue-code", "Q-REMIND", "--vendor-campaign-id", "C-1", "--agents", AGENTS)
    stage.dialer("campaign", "create", REMINDERS, *shared, *dialer, "--precall-ratio", "150", "--wrap-up", "10s")
    script = ("--mode", "autocall", "--queue-code", "Q-SCRIPT", "--template", "IVR-1", "--concurrent-call", "10")
    stage.dialer("campaign", "create", SCRIPTED, *shared, *script, "--variables", "contract_number,total_ovd_amount")
    stage.dialer("dnc", "import", str(SAMPLES / "dnc.csv"))
    for campaign, file in ((REMINDERS, "debtors.csv"), (SCRIPTED, "debtors.xlsx")):
        rejects = stage.results / f"{campaign.lower()}.rejects.csv"
        stage.dialer("list", "import", campaign, str(SAMPLES / file), "--rejects", str(rejects))
    for campaign in (REMINDERS, SCRIPTED):
        stage.dialer("campaign", "start", campaign)


def _watch(stage: Stage) -> None:
    """Show both campaigns until they are finished."""
    try:
        anyio.run(_follow, stage)
    except TimeoutError:
        raise DemoFailed(f"the campaigns did not finish within {PATIENCE:g} seconds") from None


async def _follow(stage: Stage) -> None:
    settings = Settings(data_dir=Path(stage.environment["DIALER_DATA_DIR"]), speed=float(SPEED))
    database = open_database(settings.url)
    try:
        with Live(console=stage.console, refresh_per_second=4) as live, anyio.fail_after(PATIENCE):
            while True:
                standings = await database.read(_standings, settings.timing)
                live.update(Group(*(_picture(standing) for standing in standings)))
                if all(standing.state == reports.FINISHED for standing in standings):
                    return
                await anyio.sleep(LOOK_EVERY)
    finally:
        await database.close()


def _standings(conn: Connection, timing: Timing) -> list[Standing]:
    tenant = directory.find_tenant(conn, "default")
    campaigns = [directory.find_campaign(conn, tenant.id, code) for code in (REMINDERS, SCRIPTED)]
    return [reports.standing(conn, clock(conn), timing, campaign) for campaign in campaigns]


def _picture(standing: Standing) -> Panel:
    outcomes, reasons = standing.by_outcome, standing.by_reason
    recalls = sum(reasons.get(reason, 0) for reason in RECALLS)
    numbers = Table.grid(padding=(0, 3))
    for row in (
        ("placed", standing.calls, "ringing", standing.ringing, "talking", standing.talking),
        ("answered", standing.answered, "busy", outcomes.get("busy", 0), "no answer", outcomes.get("no-answered", 0)),
        ("recalls waiting", recalls, "final", standing.final, "of", standing.customers),
    ):
        numbers.add_row(*(str(cell) for cell in row))
    withheld = _listing({name: n for name, n in reasons.items() if name in WITHHELD}) or "nobody"
    agents = _listing(standing.agents) or "none, a script talks"
    told = Table.grid()
    bar = ProgressBar(total=max(standing.customers, 1), completed=standing.final, width=70)
    for line in (bar, numbers, f"withheld: {withheld}", f"agents: {agents}"):
        told.add_row(line)
    return Panel(told, title=f"{standing.code} · {standing.state}", title_align="left")


def _listing(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()) if count)


def _report(stage: Stage) -> None:
    for campaign in (REMINDERS, SCRIPTED):
        stage.dialer("campaign", "status", campaign)
        for form in ("csv", "xlsx"):
            out = stage.results / f"{campaign.lower()}.{form}"
            stage.dialer("campaign", "report", campaign, "--format", form, "--out", str(out))


def _prove(stage: Stage, journal: Path) -> None:
    """Hold what the simulator's journal says was rung against what we promised."""
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    rung = [line["phone"] for line in lines if line["event"] == "ring"]
    calls = sum(stage.facts("campaign", "status", code)["calls"] for code in (REMINDERS, SCRIPTED))
    barred = set(rung) & _barred(SAMPLES / "dnc.csv")
    table = Table(title="What the vendor's own journal says", show_header=False)
    table.add_row("telephones that rang", str(len(rung)))
    table.add_row("calls in our ledger", str(calls))
    table.add_row("numbers of the do-not-call list that rang", str(len(barred)))
    stage.console.print(table)
    stage.console.print(f"Result files: [bold]{stage.results}[/]", highlight=False)
    if barred or calls != len(rung):
        raise DemoFailed("the ledger and the vendor's journal disagree")


def _barred(path: Path) -> set[str]:
    """The numbers of the do-not-call file, as the vendor dials them."""
    cells = path.read_text(encoding="utf-8-sig").replace("\n", ",").split(",")
    found = (normalise(cell) for cell in cells)
    return {national(phone.e164) for phone in found if isinstance(phone, Phone)}


def _shown(word: str) -> str:
    """A word as one would type it; long lists of agents are cut short."""
    return shlex.quote(word if len(word) < 60 else f"{word[:40]}…")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
