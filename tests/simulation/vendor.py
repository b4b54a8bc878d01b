"""The vendor's truth: what it was told, what it really rang, and when. It never lies and never forgets.

`calls` is the journal: every call that the switch made or took, with its reference where it was ordered by us. Time
comes from outside; `run` lets happen what is due, each event at its own moment.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from campaigns.words import Mode, Outcome, Reason
from dialer.gateways import NotPlaced, Order, Placed, Placing, Terms
from tests.simulation.post import Post
from tests.simulation.trace import Trace

FATES = (
    (Outcome.ANSWERED, 45),
    (Outcome.NO_ANSWERED, 20),
    (Outcome.BUSY, 15),
    (Outcome.NOT_AVAILABLE, 10),
    (Outcome.CANCEL, 5),
)
AGENT_WAIT = 5
"""Seconds that an answered customer of a queue waits for an agent."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """What the vendor's manual leaves open; each seed's vendor has its own habits."""

    refeed_replaces: bool = False
    agent_leg_hooks: bool = False
    hooks_name_extension: bool = True
    record_delay: float = 1.0
    dial_delay: float = 2.0
    """Seconds at most until a queue dials somebody for whom there is room."""
    declines: float = 0.0
    misses: float = 0.0
    """How often an agent does not pick up."""
    lines: int | None = None
    """How many calls of a queue this vendor makes at once, however many it was told that it may."""


@dataclass(slots=True, eq=False)
class Call:
    """A call at the switch. `rang_at` is when the customer's telephone began to ring."""

    call_id: str
    phone: str
    created_at: datetime
    reference: str | None = None
    mode: Mode | None = None
    queue: str | None = None
    extension: str | None = None
    inbound: bool = False
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    recorded_at: datetime | None = None
    result: Outcome | None = None

    @property
    def live(self) -> bool:
        return self.ended_at is None

    @property
    def duration(self) -> int:
        return _seconds(self.created_at, self.ended_at)

    @property
    def billsec(self) -> int:
        return _seconds(self.answered_at, self.ended_at) if self.result is Outcome.ANSWERED else 0


def _seconds(start: datetime | None, end: datetime | None) -> int:
    return round((end - start).total_seconds()) if start and end else 0


@dataclass(slots=True, eq=False)
class Agent:
    extension: str
    logged_in: bool = True
    call: Call | None = None

    @property
    def free(self) -> bool:
        return self.logged_in and self.call is None


@dataclass(slots=True, eq=False)
class Entry:
    """An order that the vendor took. `over_at` is when it could not ring any more, None while it still can."""

    reference: str
    phone: str
    queue: str | None
    taken_at: datetime
    over_at: datetime | None = None


@dataclass(slots=True, eq=False)
class Queue:
    terms: Terms
    agents: Sequence[str]
    running: bool = True
    waiting: deque[Entry] = field(default_factory=deque)
    live: list[Call] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)


class Vendor:
    """A switch with agents, queues and lines. `teams` tells which extensions serve a queue."""

    def __init__(
        self, chance: Random, quirks: Quirks, post: Post, teams: dict[str, Sequence[str]], trace: Trace
    ) -> None:
        self.quirks = quirks
        self.calls: list[Call] = []
        self.entries: dict[str, Entry] = {}
        self.agents: dict[str, Agent] = {}
        self.queues: dict[str, Queue] = {}
        self.gentle = False
        """Whether agents always pick up, as they do once the storm is over."""
        self._chance = chance
        self._post = post
        self._teams = teams
        self._trace = trace
        self._events: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._scheduled = 0

    # Time

    @property
    def next_event(self) -> datetime | None:
        return self._events[0][0] if self._events else None

    def run(self, now: datetime) -> None:
        """Let happen what is due."""
        while self._events and self._events[0][0] <= now:
            at, _, event = heapq.heappop(self._events)
            event(at)

    def after(self, at: datetime, seconds: float, event: Callable[[datetime], None]) -> None:
        self._scheduled += 1
        heapq.heappush(self._events, (at + timedelta(seconds=seconds), self._scheduled, event))

    # Orders

    def place(self, at: datetime, terms: Terms, orders: Sequence[Order]) -> list[Placing]:
        """Take what can be taken; queue calls get no call id."""
        if not orders:
            return []
        if terms.mode is Mode.CLICK2CALL:
            return [self._click(at, order) for order in orders]
        return self._feed(at, terms, orders)

    def _click(self, at: datetime, order: Order) -> Placing:
        agent = self.agents.get(order.extension or "")
        if agent is None or not agent.logged_in:
            return NotPlaced(order.reference, Reason.AGENT_AWAY)
        if agent.call is not None:
            return NotPlaced(order.reference, Reason.AGENT_BUSY)
        self.entries[order.reference] = Entry(order.reference, order.cleared.phone, None, at)
        call = self._open(at, order.cleared.phone, order.reference, Mode.CLICK2CALL, agent=agent)
        self.after(at, self._chance.uniform(0.5, 6), lambda then: self._picked_up(then, call, agent))
        return Placed(order.reference, call.call_id)

    def _picked_up(self, at: datetime, call: Call, agent: Agent) -> None:
        if not self.gentle and self._chance.random() < self.quirks.misses:
            self._hang_up(at, call, Outcome.INVALID)
            return
        if self.quirks.agent_leg_hooks:
            self._tell(at, call, "answered")
        self._ring(at, call)

    def _feed(self, at: datetime, terms: Terms, orders: Sequence[Order]) -> list[Placing]:
        code = terms.queue_code or ""
        queue = self.queues.setdefault(code, Queue(terms, self._teams.get(code, ())))
        queue.terms = terms
        if self.quirks.refeed_replaces:
            self._drop(at, queue)
        answers: list[Placing] = []
        for order in orders:
            if self._chance.random() < self.quirks.declines:
                answers.append(NotPlaced(order.reference, Reason.DECLINED))
                continue
            entry = self.entries[order.reference] = Entry(order.reference, order.cleared.phone, code, at)
            queue.waiting.append(entry)
            answers.append(Placed(order.reference))
        self._pump_soon(at)
        return answers

    # Queues

    def stop(self, code: str) -> None:
        if queue := self.queues.get(code):
            queue.running = False

    def start(self, at: datetime, code: str) -> None:
        if queue := self.queues.get(code):
            queue.running = True
            self._pump_soon(at)

    def delete(self, at: datetime, code: str) -> None:
        """Forget who waits; calls go on."""
        self._note(at, f"{code} deleted")
        if queue := self.queues.pop(code, None):
            self._drop(at, queue)

    def block(self, at: datetime, code: str, references: Sequence[str]) -> None:
        """Skip these for good; who is dialed already stays."""
        if queue := self.queues.get(code):
            queue.blocked.update(references)
            for entry in queue.waiting:
                if entry.reference in queue.blocked:
                    entry.over_at = entry.over_at or at

    def _drop(self, at: datetime, queue: Queue) -> None:
        for entry in queue.waiting:
            # One that was blocked before could not ring since then.
            entry.over_at = entry.over_at or at
        queue.waiting.clear()

    def _pump_soon(self, at: datetime) -> None:
        self.after(at, self._chance.uniform(0.1, self.quirks.dial_delay), self._pump)

    def _pump(self, at: datetime) -> None:
        for code, queue in self.queues.items():
            while queue.running and queue.waiting and self._has_room(queue):
                entry = queue.waiting.popleft()
                if entry.reference in queue.blocked:
                    continue
                call = self._open(at, entry.phone, entry.reference, queue.terms.mode, code)
                queue.live.append(call)
                self._ring(at, call)

    def _has_room(self, queue: Queue) -> bool:
        if self.quirks.lines is not None and len(queue.live) >= self.quirks.lines:
            return False
        if queue.terms.mode is Mode.AUTOCALL:
            return len(queue.live) < (queue.terms.concurrent_call or 1)
        free = sum(self.agents[extension].free for extension in queue.agents)
        unanswered = sum(call.answered_at is None for call in queue.live)
        return unanswered < free * (queue.terms.precall_ratio or 100) // 100

    # Calls

    def _open(
        self,
        at: datetime,
        phone: str,
        reference: str | None = None,
        mode: Mode | None = None,
        queue: str | None = None,
        agent: Agent | None = None,
        inbound: bool = False,
    ) -> Call:
        call = Call(f"v{len(self.calls)}", phone, at, reference, mode, queue, inbound=inbound)
        if agent is not None:
            agent.call, call.extension = call, agent.extension
        self.calls.append(call)
        self._tell(at, call, "ringing")
        return call

    def _ring(self, at: datetime, call: Call) -> None:
        busy = any(other.phone == call.phone for other in self.live() if other is not call and other.rang_at)
        call.rang_at = at
        self._note(at, f"{call.call_id} rings {call.phone} for {call.reference or 'nobody of ours'}")
        fates, weights = zip(*FATES, strict=True)
        fate = Outcome.BUSY if busy else self._chance.choices(fates, weights)[0]
        seconds = self._chance.uniform(1, 20)
        if fate is Outcome.ANSWERED:
            self.after(at, seconds, lambda then: self._answered(then, call))
        else:
            self.after(at, seconds, lambda then: self._hang_up(then, call, fate))

    def _answered(self, at: datetime, call: Call) -> None:
        call.answered_at = at
        if call.mode is Mode.AUTODIALER:
            self._connect(at, call)
        else:
            self._talk(at, call)

    def _connect(self, at: datetime, call: Call, patience: int = AGENT_WAIT) -> None:
        """Give the customer to an agent of the queue; after a while without one, he is abandoned."""
        team = self._teams.get(call.queue or "", ())
        agent = next((self.agents[extension] for extension in team if self.agents[extension].free), None)
        if agent is not None:
            agent.call, call.extension = call, agent.extension
            self._talk(at, call)
        elif patience:
            self.after(at, 1, lambda then: self._connect(then, call, patience - 1))
        else:
            self._tell(at, call, "answered")
            self._hang_up(at, call, Outcome.ANSWERED)

    def _talk(self, at: datetime, call: Call) -> None:
        self._tell(at, call, "answered")
        seconds = self._chance.choice((1, 2, 5, 20, 90))
        self.after(at, seconds, lambda then: self._hang_up(then, call, Outcome.ANSWERED))

    def _hang_up(self, at: datetime, call: Call, result: Outcome) -> None:
        call.ended_at, call.result = at, result
        if entry := self.entries.get(call.reference or ""):
            entry.over_at = at
        for agent in self.agents.values():
            if agent.call is call:
                agent.call = None
        for queue in self.queues.values():
            queue.live = [other for other in queue.live if other is not call]
        self._tell(at, call, "hangup")
        self.after(at, self.quirks.record_delay, lambda then: self._file(then, call))
        self._pump_soon(at)

    def _file(self, at: datetime, call: Call) -> None:
        call.recorded_at = at
        self._tell(at, call, "cdr")

    def _tell(self, at: datetime, call: Call, state: str) -> None:
        self._note(at, f"{call.call_id} {state} {call.result or ''}")
        self._post.tell(at, call, state, self.quirks.hooks_name_extension)

    def _note(self, at: datetime, what: str) -> None:
        self._trace.tell(at, "vendor", what)

    # Calls of others

    def hand_dial(self, at: datetime, phone: str, extension: str) -> None:
        """An agent dials a listed number by himself."""
        agent = self.agents[extension]
        if agent.free:
            self._ring(at, self._open(at, phone, agent=agent))

    def dial_in(self, at: datetime, phone: str, extension: str) -> None:
        """Somebody on a list calls us; his telephone is in use from now on."""
        agent = self.agents[extension]
        if agent.free and not any(call.phone == phone for call in self.live()):
            call = self._open(at, phone, agent=agent, inbound=True)
            call.rang_at = at
            self.after(at, self._chance.uniform(1, 5), lambda then: self._answered(then, call))

    def log(self, at: datetime, extension: str, logged_in: bool) -> None:
        self.agents[extension].logged_in = logged_in
        self._pump_soon(at)

    # Questions

    def live(self) -> Iterator[Call]:
        return (call for call in self.calls if call.live)

    def rings(self) -> list[Call]:
        """Every time that a customer's telephone rang or was in use, in order."""
        return sorted((call for call in self.calls if call.rang_at), key=lambda call: call.rang_at or call.created_at)
