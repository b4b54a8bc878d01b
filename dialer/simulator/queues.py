"""The queues that the PBX dials by itself (8). Asked to, it recalls and rotates numbers, as the contract lets it."""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from anyio.abc import TaskGroup

from dialer.simulator.calls import Call, Mode, OrderedBy, Result
from dialer.simulator.floor import Floor
from dialer.simulator.settings import SimulatorSettings
from dialer.simulator.switchboard import Switchboard


@dataclass(slots=True, eq=False)
class Entry:
    """A customer in a queue."""

    customer_id: str
    mobiles: tuple[str, ...]
    recalls: int = 0

    @property
    def phone(self) -> str:
        """Each recall tries the next number."""
        return self.mobiles[self.recalls % len(self.mobiles)]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a queue dials, as its latest import said."""

    concurrent_call: int = 1
    precall_ratio: int = 100
    """Percent: calls that ring for each agent who is free."""
    members: tuple[str, ...] | None = None
    """The extensions that serve it; None: all."""
    max_recall_count: int = 0
    min_recall_duration: int = 0
    script: str = ""
    """The template of an autocall queue, the vendor's campaign of an autodialer queue."""


@dataclass(slots=True, eq=False)
class Queue:
    mode: Mode
    code: str
    terms: Terms
    running: bool = True
    waiting: deque[Entry] = field(default_factory=deque)
    recalls: set[Entry] = field(default_factory=set)
    """Those who wait for their recall to be due."""
    blocked: set[str] = field(default_factory=set)
    held: Counter[str] = field(default_factory=Counter)
    """How often each customer id is waiting, in a call or due for a recall."""
    live: int = 0
    unconnected: int = 0
    """Calls that ring, or whose customer waits for an agent."""

    def drop_waiting(self) -> None:
        """Forget who is not in a call."""
        for entry in (*self.waiting, *self.recalls):
            self.held[entry.customer_id] -= 1
        self.waiting.clear()
        self.recalls.clear()


class Queues:
    """All queues by mode and code. `ended` is told of each queue call: its customer id and result."""

    def __init__(
        self,
        settings: SimulatorSettings,
        switchboard: Switchboard,
        floor: Floor,
        ended: Callable[[str, Result | None], None],
    ) -> None:
        self.all: dict[tuple[Mode, str], Queue] = {}
        self.out_of_lines = False
        """While true the PBX dials nobody from any queue; `pump_all` after it is over."""
        self._settings = settings
        self._switchboard = switchboard
        self._floor = floor
        self._ended = ended
        self._tasks: TaskGroup | None = None

    def open(self, tasks: TaskGroup) -> None:
        """Start dialing, also what waits since before the power was off."""
        self._tasks = tasks
        for queue in self.all.values():
            queue.waiting.extend(queue.recalls)
            queue.recalls.clear()
        self.pump_all()

    def close(self) -> None:
        """The power is off: who was in a call is forgotten, who waited still waits."""
        self._tasks = None
        for queue in self.all.values():
            queue.live = queue.unconnected = 0
            queue.held = Counter(entry.customer_id for entry in (*queue.waiting, *queue.recalls))

    def feed(self, mode: Mode, code: str, terms: Terms, entries: Iterable[Entry]) -> None:
        """Create the queue or add to it. `refeed` and `repeated_id` say what happens to what it already holds."""
        queue = self.all.setdefault((mode, code), Queue(mode, code, terms))
        queue.terms = terms
        if self._settings.refeed == "replace":
            queue.drop_waiting()
        for entry in entries:
            if self._settings.repeated_id == "ignore" and queue.held[entry.customer_id] > 0:
                continue
            queue.held[entry.customer_id] += 1
            queue.waiting.append(entry)
        self._pump(queue)

    def stop(self, mode: Mode, code: str) -> bool:
        """Pause dialing; calls go on. Whether there is such a queue, here and below."""
        return self._run(mode, code, running=False)

    def start(self, mode: Mode, code: str) -> bool:
        return self._run(mode, code, running=True)

    def delete(self, mode: Mode, code: str) -> bool:
        """Forget what waits, also of a running queue (quirk 32); calls go on, and their recalls come to nothing."""
        queue = self.all.pop((mode, code), None)
        if queue is not None:
            queue.running = False
            queue.drop_waiting()
        return queue is not None

    def block(self, mode: Mode, code: str, customer_ids: Collection[str]) -> bool:
        """Skip these customers for good, unless they were dialed already (8.3)."""
        queue = self.all.get((mode, code))
        if queue is not None:
            queue.blocked.update(customer_ids)
        return queue is not None

    def pump_all(self) -> None:
        for queue in self.all.values():
            self._pump(queue)

    def _run(self, mode: Mode, code: str, running: bool) -> bool:
        queue = self.all.get((mode, code))
        if queue is not None:
            queue.running = running
            self._pump(queue)
        return queue is not None

    def _pump(self, queue: Queue) -> None:
        """Dial while there is room. Called whenever something changed, so that nothing needs to poll."""
        while self._tasks and queue.running and queue.waiting and self._has_room(queue):
            entry = queue.waiting.popleft()
            if self._is_blocked(queue, entry):
                queue.held[entry.customer_id] -= 1
                continue
            queue.live += 1
            queue.unconnected += 1
            self._tasks.start_soon(self._call, queue, entry)

    def _has_room(self, queue: Queue) -> bool:
        if self.out_of_lines:
            return False
        if queue.mode is Mode.AUTOCALL:
            return queue.live < queue.terms.concurrent_call
        available = self._floor.available(queue.terms.members)
        return queue.unconnected < queue.terms.precall_ratio * available // 100

    def _is_blocked(self, queue: Queue, entry: Entry) -> bool:
        not_dialed = entry.recalls == 0 or self._settings.dnc_stops_recalls
        return not_dialed and entry.customer_id in queue.blocked

    async def _call(self, queue: Queue, entry: Entry) -> None:
        call = self._switchboard.open(
            queue.mode,
            self._orderer(queue, entry),
            entry.phone,
            customer_id=entry.customer_id,
            queue_code=queue.code,
            receive_dest=queue.code,
        )
        plan = self._switchboard.fate.deal(entry.phone)
        answered = await self._switchboard.ring(call, plan)
        if answered and queue.mode is Mode.AUTOCALL:
            await self._play(queue, call, plan.talk)
        elif answered:
            await self._connect(queue, call, plan.talk)
        else:
            queue.unconnected -= 1
        self._finish(queue, entry, call)
        await self._switchboard.file(call)

    async def _play(self, queue: Queue, call: Call, seconds: int) -> None:
        queue.unconnected -= 1
        self._switchboard.tell_answered(call)
        await self._switchboard.stay(call, seconds)
        self._switchboard.hang_up(call, Result.ANSWERED)

    async def _connect(self, queue: Queue, call: Call, seconds: int) -> None:
        """Give the customer to an agent; without one he is abandoned, which a record calls answered too."""
        clock, since = self._switchboard.clock, self._switchboard.clock.now()
        patience = clock.real(self._settings.agent_wait_seconds)
        agent = await self._floor.next_free(queue.terms.members, patience)
        call.elapsed += min(clock.unscaled(since), round(self._settings.agent_wait_seconds))
        queue.unconnected -= 1
        call.extension = agent.extension if agent else ""
        self._switchboard.tell_answered(call)
        if agent:
            await self._switchboard.stay(call, seconds)
        self._switchboard.hang_up(call, Result.ANSWERED)
        if agent:
            self._floor.free(agent)

    def _finish(self, queue: Queue, entry: Entry, call: Call) -> None:
        queue.live -= 1
        self._ended(entry.customer_id, call.result)
        talked_enough = call.result is Result.ANSWERED and call.billsec >= queue.terms.min_recall_duration
        if talked_enough or entry.recalls >= queue.terms.max_recall_count:
            queue.held[entry.customer_id] -= 1
        elif self._tasks:
            entry.recalls += 1
            queue.recalls.add(entry)
            self._tasks.start_soon(self._recall, queue, entry)
        self._pump(queue)

    async def _recall(self, queue: Queue, entry: Entry) -> None:
        await self._switchboard.clock.wait(self._settings.recall_seconds)
        if entry in queue.recalls:
            queue.recalls.remove(entry)
            queue.waiting.append(entry)
            self._pump(queue)

    def _orderer(self, queue: Queue, entry: Entry) -> OrderedBy:
        if entry.recalls:
            return OrderedBy.RECALL
        return OrderedBy.CUSTOMER if queue.mode is Mode.CUSTOMER else OrderedBy.QUEUE
