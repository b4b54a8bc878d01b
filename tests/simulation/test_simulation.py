"""Worlds full of faults, each from a seed. `python -m tests.simulation --seed N --trace` plays one again.

PostgreSQL worlds run where a PostgreSQL can be had.
"""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import postgres
import pytest
from anyio.from_thread import start_blocking_portal
from databases import Clones

from tests.simulation.database import Memory
from tests.simulation.saboteurs import SABOTAGE, Sabotage
from tests.simulation.simulator import Simulator, simulator, trace_of

QUICK, DEEP, PART = 300, 10_000, 50
ON_POSTGRESQL = 20
REPLAYED = range(3)
TELL = "from tests.simulation.simulator import *\nwith simulator() as s:\n    print(*trace_of(s, {seed}), sep='\\n')"


@pytest.fixture(scope="session")
def clone() -> Iterator[str]:
    """The URL of a PostgreSQL database of our own, at the head."""
    try:
        with postgres.serving() as server, start_blocking_portal() as portal:
            clones = Clones(portal, server)
            yield clones.migrated()
            clones.drop_all()
    except postgres.Unavailable as why:
        pytest.skip(str(why))


def failures(simulated: Simulator, seeds: range) -> list[str]:
    """What went wrong, by seed."""
    ended = [simulated.run(seed) for seed in seeds]
    return [f"seed {outcome.seed}: {outcome.violations[0]}" for outcome in ended if outcome.violations]


def parts(first: int, until: int) -> list[range]:
    """Seeds in parts, so that the tests' processes share them."""
    return [range(start, min(start + PART, until)) for start in range(first, until, PART)]


@pytest.mark.parametrize("seeds", parts(0, QUICK), ids=str)
def test_whatever_strikes_nobody_is_wronged_and_everything_ends(seeds: range) -> None:
    with simulator() as simulated:
        assert failures(simulated, seeds) == []


@pytest.mark.deep
@pytest.mark.parametrize("seeds", parts(QUICK, DEEP), ids=str)
def test_the_same_in_thousands_of_worlds(seeds: range) -> None:
    with simulator() as simulated:
        assert failures(simulated, seeds) == []


def test_the_same_on_postgresql(clone: str) -> None:
    with simulator(clone) as simulated:
        assert failures(simulated, range(ON_POSTGRESQL)) == []


def test_a_world_on_postgresql_leaves_nothing_behind(clone: str) -> None:
    with simulator(clone) as simulated:
        first, again = (_unnumbered(trace_of(simulated, 1)) for _ in range(2))
    assert (len(first) > 20, again) == (True, first)


def _unnumbered(story: list[str]) -> list[str]:
    """PostgreSQL goes on counting its rows from world to world."""
    return [re.sub(r"'(call|customer)': \d+", r"'\1': n", line) for line in story]


def test_a_seed_tells_the_same_story_after_other_worlds() -> None:
    with simulator() as simulated:
        stories = [trace_of(simulated, seed) for seed in REPLAYED]
    for seed in reversed(REPLAYED):
        with simulator() as alone:
            assert trace_of(alone, seed) == stories[seed]


def test_a_seed_tells_the_same_story_in_another_process_whose_hashes_differ() -> None:
    seed = REPLAYED[-1]
    with simulator() as simulated:
        story = "\n".join(trace_of(simulated, seed))
    other = {**os.environ, "PYTHONHASHSEED": "1"}
    telling = [sys.executable, "-c", TELL.format(seed=seed)]
    told = subprocess.run(telling, env=other, capture_output=True, text=True, check=True)
    assert told.stdout.rstrip("\n") == story


def test_the_short_way_to_sqlite_tells_the_same_story_as_sqlalchemys() -> None:
    with simulator() as simulated:
        stories = [trace_of(simulated, seed) for seed in REPLAYED]
    with asyncio.Runner() as events:
        plainly = Simulator(Memory(lean=False), events)
        assert [trace_of(plainly, seed) for seed in REPLAYED] == stories


@pytest.mark.parametrize("sabotage", SABOTAGE, ids=lambda one: one.saboteur.__name__)
def test_a_planted_bug_is_found(sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch) -> None:
    with asyncio.Runner() as events:
        store = Memory()
        sabotage.saboteur(monkeypatch, store)
        outcomes = map(Simulator(store, events).run, sabotage.seeds)
        assert any(one.invariant == sabotage.invariant for outcome in outcomes for one in outcome.violations)
