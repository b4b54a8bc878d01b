"""The rooms: what each may know, how big it may be, and that it says what it is."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

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
ENGINES = {"dialer", "aiohttp", "anyio", "asyncio", "structlog", "logging", "typer", "socket", "threading"}
NOT_A_NAME = re.compile(r"(^|\.)(utils?|helpers?|managers?|base|services?|common)$")
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
CHANCE = {"campaigns.ledger.strangers": "the reference of a call that is not ours means nothing to anybody"}
LONGEST = 400
CEILING_EXEMPT = ("alembic/versions",)


def named(rooms: Iterable[Module], wrong: Callable[[Module], Any]) -> dict[str, Any]:
    """What is wrong in which room: all of them at once, for a test a room would cost every worker its reading."""
    return {module.name: found for module in rooms if (found := wrong(module))}


def roots(module: Module) -> set[str]:
    """The packages that a module imports from."""
    return {name.partition(".")[0] for name in module.imports()}


def pure() -> list[Module]:
    """The rooms that must be pure, and every other that says so of itself."""
    return [one for one in modules() if one.name in PURE or re.search(r"\bPure\b", one.docstring)]


def test_the_pure_rooms_are_there() -> None:
    assert {module.name for module in pure()} >= PURE


def test_a_pure_room_decides_without_clock_chance_database_and_wire() -> None:
    assert not named(pure(), lambda module: roots(module) & IMPURE)


def test_a_pure_room_waits_for_nothing() -> None:
    assert not named(
        pure(), lambda module: list(module.find(ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith))
    )


def domain() -> list[Module]:
    return [module for module in modules() if module.name.startswith("campaigns")]


def clocks(module: Module) -> list[str]:
    """Where a module reads a clock by itself."""
    return [
        ast.unparse(node)
        for node in module.find(ast.Call)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCKS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("datetime", "date", "time", "func")
    ]


def test_in_the_domain_time_and_chance_come_in_by_the_door() -> None:
    assert not named(domain(), clocks)
    chance = named(domain(), lambda module: module.imports() & {"random", "secrets", "uuid", "time"})
    assert chance.keys() <= CHANCE.keys()


def test_the_domain_opens_no_socket_starts_no_task_and_configures_no_log() -> None:
    assert not named(domain(), lambda module: roots(module) & ENGINES)


def test_no_file_is_longer_than_a_person_holds_in_mind() -> None:
    folders = [*PACKAGES, "alembic"]
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    too_long = {name: lines for name, lines in lengths.items() if lines > LONGEST}
    assert not {name for name in too_long if not name.startswith(CEILING_EXEMPT)}


def test_every_room_says_what_it_is() -> None:
    assert not named(modules(), lambda module: module.tree.body and not module.docstring)
    assert not named(modules(), lambda module: NOT_A_NAME.search(module.name))


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
