"""The rooms: what each may know, how big it may be, and that it says what it is."""

import ast
import re
import subprocess
import sys

import pytest

from .source import PACKAGES, ROOT, Module, modules

IMPURE = {
    "aiohttp",
    "anyio",
    "asyncio",
    "sqlalchemy",
    "sqlmodel",
    "structlog",
    "time",
    "random",
    "secrets",
    "socket",
    "threading",
    "subprocess",
}
PURE = {
    "campaigns.breaker",
    "campaigns.compliance",
    "campaigns.phones",
    "campaigns.retries",
    "campaigns.rulebooks",
    "campaigns.states",
    "campaigns.terms",
    "campaigns.timing",
    "campaigns.words",
    "campaigns.zones",
    "dialer.pacing",
}
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
CHANCE = {"campaigns.ledger.strangers": "the reference of a call that is not ours means nothing to anybody"}
LONGEST = 400
CEILING_EXEMPT = ("alembic/versions",)


def pure() -> list[Module]:
    """The rooms that must be pure, and every other that says so of itself."""
    return [one for one in modules() if one.name in PURE or re.search(r"\bPure\b", one.docstring)]


def test_the_pure_rooms_are_there() -> None:
    assert {module.name for module in pure()} >= PURE


@pytest.mark.parametrize("module", pure(), ids=lambda module: module.name)
def test_a_pure_room_decides_without_clock_chance_database_and_wire(module: Module) -> None:
    assert not {name for name in module.imports() if name.partition(".")[0] in IMPURE}


@pytest.mark.parametrize("module", pure(), ids=lambda module: module.name)
def test_a_pure_room_waits_for_nothing(module: Module) -> None:
    assert not list(module.find(ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith))


def domain() -> list[Module]:
    return [module for module in modules() if module.name.startswith("campaigns")]


@pytest.mark.parametrize("module", domain(), ids=lambda module: module.name)
def test_in_the_domain_time_and_chance_come_in_by_the_door(module: Module) -> None:
    clocks = [
        node
        for node in module.find(ast.Call)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCKS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("datetime", "date", "time", "func")
    ]
    assert not [ast.unparse(node) for node in clocks]
    assert module.name in CHANCE or not module.imports() & {"random", "secrets", "uuid", "time"}


@pytest.mark.parametrize("module", domain(), ids=lambda module: module.name)
def test_the_domain_opens_no_socket_starts_no_task_and_configures_no_log(module: Module) -> None:
    roots = {name.partition(".")[0] for name in module.imports()}
    assert not roots & {"dialer", "aiohttp", "anyio", "asyncio", "structlog", "logging", "typer", "socket", "threading"}


def test_no_file_is_longer_than_a_person_holds_in_mind() -> None:
    folders = [*PACKAGES, "alembic"]
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    too_long = {name: lines for name, lines in lengths.items() if lines > LONGEST}
    assert not {name for name in too_long if not name.startswith(CEILING_EXEMPT)}


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_every_room_says_what_it_is(module: Module) -> None:
    assert module.docstring or not module.tree.body
    assert not re.search(r"(^|\.)(utils?|helpers?|managers?|base|services?|common)$", module.name)


def test_the_rooms_stand_above_one_another_as_the_contracts_say() -> None:
    """Import-linter holds the layers; `make contracts` shows where one is broken."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"]
    linted = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout[-3000:] + linted.stderr[-1000:]


def test_nobody_calls_the_database_clock_in_a_statement() -> None:
    """`now` is read once a step and always bound; SQL's own would be another one."""
    bare = [
        (module.name, ast.unparse(node))
        for module in modules()
        if not module.name.startswith("dialer.simulator") and module.name != "dialer.database"
        for node in module.find(ast.Attribute)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "func"
        and node.attr in ("now", "current_timestamp", "clock_timestamp", "localtimestamp")
    ]
    assert not bare
