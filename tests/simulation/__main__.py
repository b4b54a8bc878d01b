"""`python -m tests.simulation --seeds 1000`: run worlds, name those that fail, and say how to see one again."""

import argparse
import sys
from collections import Counter
from time import perf_counter

from tests.simulation.many import run_all
from tests.simulation.simulator import Outcome, Simulator, simulator
from tests.simulation.trace import Trace


def main() -> int:
    """The exit code: 1 where a seed failed."""
    options = _options()
    if options.seed is not None:
        with simulator(options.url) as simulated:
            return _replay(simulated, options.seed, options.trace)
    return _run(range(options.first, options.first + options.seeds), options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many worlds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--trace", action="store_true", help="tell what happened, line by line")
    parser.add_argument("--url", help="a PostgreSQL with the schema in it and nobody at work; SQLite in memory without")
    parser.add_argument("--processes", type=int, help="how many at once on SQLite; as many as there are cores without")
    return parser.parse_args()


def _replay(simulated: Simulator, seed: int, traced: bool) -> int:
    trace = Trace(wanted=traced)
    outcome = simulated.run(seed, trace)
    print("\n".join(trace.lines))
    print(f"seed {seed}: {outcome.transactions} transactions, {outcome.rings} rings")
    for violation in outcome.violations:
        print(f"  {violation}")
    return int(bool(outcome.violations))


def _run(seeds: range, options: argparse.Namespace) -> int:
    started, done = perf_counter(), []
    for outcome in run_all(seeds, options.url, options.processes):
        done.append(outcome)
        if outcome.violations:
            print(_told(outcome, options), flush=True)
    _sum_up(done, perf_counter() - started)
    return int(any(outcome.violations for outcome in done))


def _told(outcome: Outcome, options: argparse.Namespace) -> str:
    url = f" --url {options.url}" if options.url else ""
    again = f"python -m tests.simulation --seed {outcome.seed} --trace{url}"
    return f"seed {outcome.seed}: {outcome.violations[0]}\n    {again}"


def _sum_up(done: list[Outcome], seconds: float) -> None:
    failed = Counter(outcome.violations[0].invariant for outcome in done if outcome.violations)
    transactions = sum(outcome.transactions for outcome in done)
    rings = sum(outcome.rings for outcome in done)
    print(f"{len(done)} seeds in {seconds:.1f} s: {len(done) / seconds:.1f} seeds a second")
    print(f"{transactions / len(done):.0f} transactions and {rings / len(done):.1f} rings a seed")
    print(f"{failed.total()} failed" + "".join(f"\n  {count} {name}" for name, count in failed.most_common()))


if __name__ == "__main__":
    sys.exit(main())
