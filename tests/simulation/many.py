"""Many seeds on all cores: each process runs worlds of its own, and what a world does depends on its seed alone."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import cache

from tests.simulation.simulator import Outcome, Simulator, simulator

PART = 20
"""Seeds that a process takes at once: few, so that what it finds is told soon."""
OPEN = ExitStack()
"""Each process keeps its database, and what was prepared for it, from part to part."""


def run_all(seeds: Sequence[int], url: str | None = None, processes: int | None = None) -> Iterator[Outcome]:
    """The end of each world as it comes. Worlds of one PostgreSQL take turns, so there it is one process."""
    processes = 1 if url else processes or os.cpu_count() or 1
    parts = [seeds[start : start + PART] for start in range(0, len(seeds), PART)]
    if processes == 1 or len(parts) == 1:
        with simulator(url) as simulated:
            yield from map(simulated.run, seeds)
        return
    with multiprocessing.Pool(processes) as pool:
        for outcomes in pool.imap_unordered(_listed, parts):
            yield from outcomes


@cache
def _own() -> Simulator:
    return OPEN.enter_context(simulator())


def _listed(seeds: Sequence[int]) -> list[Outcome]:
    return [_own().run(seed) for seed in seeds]
