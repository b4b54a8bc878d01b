"""Whose turn it is: in the storm anybody's, with everything that can go wrong; in the calm whoever has something to do,
until nobody has."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from tests.simulation import crm, law, users
from tests.simulation.agenda import Agenda, look
from tests.simulation.faults import LONGEST_FREEZE, LONGEST_LATE, LONGEST_SLOW, Strike
from tests.simulation.judging import Patience
from tests.simulation.units import Unit
from tests.simulation.workers import Worker
from tests.simulation.world import World

ROUNDS = 600
"""How many looks at the agenda the calm may take before we say that nothing moves any more."""
PATIENCE = 5
"""How many moves the storm may take for each border."""
MOVES = {"cross": 10, "step": 4, "deliver": 4}
LOOPS = {"settling": 3, "answering": 3, "placing": 4, "reconciling": 2, "attending": 2, "steering": 1, "expiring": 1}
WAITS = 0.1
"""How often time passes although there is something to do."""
CALM = ("attending", "settling", "placing", "steering", "reconciling", "expiring")
BLINDLY = 0.1
"""How often the storm lets a loop look although there is nothing for it to do."""


class StepFailed(Exception):
    """A unit broke although nothing had been done to it."""


class Scheduler:
    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.chance
        self._struck: set[Unit] = set()
        self._crossed = 0
        self._fruitless: set[str] = set()
        self._agenda: tuple[int, Agenda] | None = None
        self.patience = Patience(world)
        self.settled_at: datetime | None = None
        """When in the calm nobody had anything to do for the first time."""

    # The storm

    def storm(self) -> None:
        """Anything may happen next, until so many borders were crossed or nothing is left to do."""
        for _ in range(PATIENCE * self._world.plan.borders):
            self._staff()
            if self._chance.random() < self._world.plan.meddling:
                users.meddle(self._world)
                self._fruitless.clear()
            self._move()
            if self._crossed >= self._world.plan.borders or (self._look().empty and self._world.quiet):
                return

    def _staff(self) -> None:
        """A world without processes gets a new one; another that died is replaced when somebody notices."""
        world = self._world
        if not world.workers or (len(world.workers) < world.plan.workers and self._chance.random() < 0.05):
            world.tell(world.hire().name, "starts")

    def _move(self) -> None:
        """Somebody goes on, begins, or hears a hook; where nobody can, time passes."""
        awake, agenda = self._awake(), self._look()
        ready, steps = self._ready(awake), self._steps(awake, agenda)
        possible = {"cross": ready, "step": steps, "deliver": awake if self._world.post.due() else []}
        moves = [move for move in possible if possible[move]]
        if not moves or self._chance.random() < WAITS:
            self._wait(agenda)
            return
        match self._chance.choices(moves, [MOVES[move] for move in moves])[0]:
            case "cross":
                self._cross(*self._chance.choice(ready))
            case "step":
                worker, loop = self._chance.choices(steps, [LOOPS[loop] for _, loop in steps])[0]
                worker.step(loop, self._world.clock.now)
            case "deliver":
                self._deliver(self._chance.choice(awake))

    def _awake(self) -> list[Worker]:
        return [worker for worker in self._world.workers if worker.awake(self._world.clock.now)]

    def _ready(self, awake: list[Worker]) -> list[tuple[Worker, Unit]]:
        now = self._world.clock.now
        pairs = [(worker, unit) for worker in awake for unit in worker.units]
        return [(worker, unit) for worker, unit in pairs if unit.ready_at is None or unit.ready_at <= now]

    def _steps(self, awake: list[Worker], agenda: Agenda) -> list[tuple[Worker, str]]:
        """The loops that are between two steps and have something to do, and sometimes those that have not."""
        blindly = self._chance.random() < BLINDLY
        now = self._world.clock.now
        idle = [(worker, loop) for worker in awake for loop in worker.idle(now)]
        return [(worker, loop) for worker, loop in idle if blindly or loop == "answering" or self._wanted(loop, agenda)]

    def _wanted(self, loop: str, agenda: Agenda) -> bool:
        """Whether a loop has something to do, and has not just found out that it cannot."""
        return loop not in self._fruitless and agenda.needs(loop, self._world.clock.now)

    def _deliver(self, worker: Worker) -> None:
        """Some of the hooks that are due, in any order, reach one process within a few milliseconds."""
        due = self._world.post.due()
        letters = self._chance.sample(due, min(len(due), self._chance.choice((1, 1, 2, 5))))
        self._world.post.take(letters)
        worker.receive(self._world.door, self._world.post, letters)

    def _wait(self, agenda: Agenda) -> None:
        """A moment, or until something is due, or all too long."""
        clock, dice = self._world.clock, self._chance.random()
        self._fruitless.clear()
        if dice < 0.4:
            clock.pass_by(self._chance.uniform(0.1, 3))
        elif dice < 0.97:
            told = (self._world.vendor.next_event, self._world.post.next_due, agenda.next(clock.now))
            clock.reach(min((at for at in told if at), default=clock.now))
        else:
            clock.pass_by(self._chance.choice((30, 120, 600, 7200)))
        self._world.vendor.run(clock.now)

    # Borders

    def _cross(self, worker: Worker, unit: Unit) -> None:
        """One unit goes on, unless something strikes."""
        assert unit.border is not None
        self._crossed += 1
        strike = self._world.plan.faults.strike(unit.border, self._chance)
        marked = f"  *** {strike} ***" if strike is not Strike.NONE else ""
        self._world.tell(worker.name, f"{unit.name}: {unit.border}{marked}")
        if strike is Strike.NONE:
            self._do(unit.cross)
        else:
            self._struck.add(unit)
            self._befall(strike, worker, unit)
        self._see_off(worker, unit)

    def _befall(self, strike: Strike, worker: Worker, unit: Unit) -> None:
        border, now = unit.border, self._world.clock.now
        assert border is not None
        match strike:
            case Strike.CRASH:
                self._crash(worker)
                return
            case Strike.FREEZE:
                worker.frozen_until = now + timedelta(seconds=self._chance.uniform(1, LONGEST_FREEZE))
                return
            case Strike.SLOW:
                unit.ready_at = now + timedelta(seconds=self._chance.uniform(0, LONGEST_SLOW))
                return
            case Strike.LOSE:
                # What was refused changed nothing, and this side does not hear of it either.
                with suppress(*crm.REFUSALS):
                    self._do(border.deed)
            case Strike.LATE if border.late is not None:
                border.late(self._chance.uniform(0, LONGEST_LATE))
        unit.fail()

    def _do(self, deed: Callable[[], object]) -> None:
        self._world.clock.tick()
        self._world.vendor.run(self._world.clock.now)
        deed()

    def _see_off(self, worker: Worker, unit: Unit) -> None:
        """A unit that came to its end leaves; one that broke without being hurt is a finding."""
        if not unit.done or unit not in worker.units:
            return
        worker.leave(unit, self._world.clock.now)
        if unit.result and unit.name != "attending":
            self._fruitless.clear()
        else:
            self._fruitless.add(unit.name)
        if unit.error is not None and unit not in self._struck:
            raise StepFailed(f"{unit.name}: {unit.error!r}") from unit.error
        if unit.error is not None and unit.name == "hand_over":
            # What escapes from the placing loop's task group ends the process.
            self._crash(worker)

    def _crash(self, worker: Worker) -> None:
        worker.crash()
        self._world.workers.remove(worker)

    # The calm

    def calm(self) -> bool:
        """No more faults: whether everything comes to its end."""
        self._wake_up()
        users.relent(self._world)
        self._world.vendor.gentle = True
        for _ in range(ROUNDS):
            agenda = self._look()
            if agenda.empty and self._world.quiet:
                return True
            if users.tend(self._world):
                self._fruitless.clear()
            if not self._round(agenda):
                self.settled_at = self.settled_at or self._world.clock.now
                self.patience.look()
                self._sleep(self._look())
        return False

    def _wake_up(self) -> None:
        """The frozen go on where they stopped, long after."""
        if not self._world.workers:
            self._world.hire()
        for worker in list(self._world.workers):
            self._world.clock.reach(worker.frozen_until or self._world.clock.now)
            self._drain(worker)

    def _drain(self, worker: Worker) -> None:
        """Let everything that this process began come to its end."""
        while worker.units:
            unit = worker.units[0]
            self._world.tell(worker.name, f"{unit.name}: {unit.border}")
            self._do(unit.cross)
            self._see_off(worker, unit)

    def _round(self, agenda: Agenda) -> bool:
        """Everybody's turn who has something to do; whether anything was done. Who found nothing is let be until
        something changed or the alarm rang."""
        world, busy = self._world, False
        worker = self._chance.choice(world.workers)
        while world.post.due():
            busy = True
            self._deliver(worker)
            self._drain(worker)
        for answered in [worker for worker in world.workers if worker.answers]:
            answered.step("answering", world.clock.now)
            self._drain(answered)
            busy = True
        for loop in CALM:
            hooks = loop == "settling" and busy
            if hooks or self._wanted(loop, agenda):
                unit = worker.step(loop, world.clock.now)
                self._drain(worker)
                busy = busy or bool(unit.result and loop != "attending")
        return busy

    def _sleep(self, agenda: Agenda) -> None:
        """Until a hook arrives or the engine has something to do, and a little longer."""
        world = self._world
        alarm = agenda.next(world.clock.now) or world.clock.now + timedelta(seconds=30)
        if agenda.queues:
            # Before hours end, queues are taken back.
            alarm = min(alarm, law.next_border(world.clock.now))
        while world.vendor.next_event and world.vendor.next_event < alarm and not world.post.next_due:
            world.clock.reach(world.vendor.next_event)
            world.vendor.run(world.clock.now)
        if not world.post.next_due or alarm <= world.post.next_due:
            self._fruitless.clear()
        world.clock.reach(min(alarm, world.post.next_due or alarm))
        world.clock.pass_by(self._chance.uniform(0, 2))
        world.vendor.run(world.clock.now)

    def _look(self) -> Agenda:
        """The agenda as it stands; only a change makes another of it."""
        world = self._world
        if self._agenda is None or self._agenda[0] != world.store.changes:
            self._agenda = (world.store.changes, world.read(look, world.tenant_id, world.clock.now))
        return self._agenda[1]
