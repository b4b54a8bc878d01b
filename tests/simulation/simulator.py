"""One seed, one world, from its founding to the verdict."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.simulation.database import Store, opened
from tests.simulation.invariants import ALWAYS, AT_THE_END, Violation, check
from tests.simulation.plan import plan
from tests.simulation.scheduler import Scheduler, StepFailed
from tests.simulation.trace import Trace, logs_to
from tests.simulation.world import World, seeded_secrets


@dataclass(slots=True)
class Outcome:
    """What became of a seed: its violations, and how much happened in it."""

    seed: int
    violations: list[Violation] = field(default_factory=list)
    transactions: int = 0
    rings: int = 0


class Simulator:
    """Runs one world after another over one database."""

    def __init__(self, store: Store, events: asyncio.Runner) -> None:
        self._store = store
        self._events = events

    def run(self, seed: int, trace: Trace | None = None) -> Outcome:
        """The same seed gives the same world, and the same end of it."""
        trace = trace or Trace()
        outcome = Outcome(seed)
        with seeded_secrets(seed), logs_to(trace):
            world = World(plan(seed), self._store, self._events, trace)
            try:
                outcome.violations = _live(world)
            except StepFailed as failed:
                outcome.violations = [Violation("no_step_fails_by_itself", str(failed))]
            except Exception as error:
                # Of thousands of worlds it names this one; what escaped may not even pass from process to process.
                outcome.violations = [Violation("nothing_escapes", repr(error))]
            finally:
                outcome.transactions, outcome.rings = self._store.transactions, len(world.vendor.rings())
                world.close()
        return outcome


def _live(world: World) -> list[Violation]:
    """The storm, the calm, and a look at the books after each."""
    scheduler = Scheduler(world)
    scheduler.storm()
    if violations := check(world, ALWAYS):
        return violations
    world.tell("", "the storm is over")
    ended = scheduler.calm()
    found = [] if ended else [Violation("everything_comes_to_its_end", "nothing moves any more")]
    found += [Violation("nobody_is_forgotten_by_the_gate", told) for told in scheduler.patience.found]
    return found + check(world, (*ALWAYS, *AT_THE_END), scheduler.settled_at)


def trace_of(simulated: Simulator, seed: int) -> list[str]:
    """What happens in a world, line by line."""
    trace = Trace(wanted=True)
    simulated.run(seed, trace)
    return trace.lines


@contextmanager
def simulator(url: str | None = None) -> Iterator[Simulator]:
    """A simulator on PostgreSQL where a URL is given, else on SQLite in memory."""
    with asyncio.Runner() as events, opened(url, events) as store:
        gc.freeze()
        try:
            yield Simulator(store, events)
        finally:
            gc.unfreeze()
