"""Many seeds on all cores: each process runs worlds of its own, and what a world does depends on its seed alone."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from functools import partial

from tests.simulation.simulator import Outcome, simulator

SMALLEST, LARGEST = 25, 250
"""Seeds that a process takes at once: few enough to share, enough to be worth a database and its statements."""


def run_all(seeds: Sequence[int], url: str | None = None, processes: int | None = None) -> Iterator[Outcome]:
    """The end of each world as it comes. Worlds of one PostgreSQL take turns, so there it is one process."""
    processes = 1 if url else processes or os.cpu_count() or 1
    size = min(max(len(seeds) // (4 * processes), SMALLEST), LARGEST)
    parts = [seeds[start : start + size] for start in range(0, len(seeds), size)]
    if processes == 1 or len(parts) == 1:
        yield from _run(url, seeds)
        return
    with multiprocessing.Pool(processes) as pool:
        for outcomes in pool.imap_unordered(partial(_listed, url), parts):
            yield from outcomes


def _run(url: str | None, seeds: Sequence[int]) -> Iterator[Outcome]:
    with simulator(url) as simulated:
        for seed in seeds:
            yield simulated.run(seed)


def _listed(url: str | None, seeds: Sequence[int]) -> list[Outcome]:
    return list(_run(url, seeds))
