"""The PBX: its agents, queues, customers and calls, and the commands that people and programs can give it."""

import time
from collections.abc import Callable
from typing import Any

import aiohttp
import anyio
from anyio.abc import TaskGroup

from dialer.simulator.calls import Call, Mode, OrderedBy, Result
from dialer.simulator.chance import Fate
from dialer.simulator.clock import Clock
from dialer.simulator.customers import STATUSES, Customer, Customers
from dialer.simulator.faults import Faults
from dialer.simulator.floor import Agent, Floor
from dialer.simulator.hooks import Hooks
from dialer.simulator.journal import Journal
from dialer.simulator.queues import Entry, Queues, Terms
from dialer.simulator.settings import SimulatorSettings
from dialer.simulator.shapes import Shapes
from dialer.simulator.switchboard import Switchboard
from dialer.simulator.tokens import Tokens


class Pbx:
    """The telephone world behind the HTTP operations: alive from `power_on` to `power_off`, and it remembers."""

    def __init__(
        self, settings: SimulatorSettings, faults: Faults, journal: Journal, wall: Callable[[], float] = time.time
    ) -> None:
        self.settings = settings
        self.faults = faults
        self.journal = journal
        self.clock = Clock(settings.speed, wall)
        self.fate = Fate(settings)
        self.shapes = Shapes(settings)
        self.tokens = Tokens(faults)
        self.customers = Customers()
        self.hooks = Hooks(settings, faults, self.clock, self.fate, self.shapes)
        self.switchboard = Switchboard(settings, faults, self.clock, self.fate, journal, self.hooks)
        self.floor = Floor(settings.agents.items(), self._agent_changed)
        self.queues = Queues(settings, self.switchboard, self.floor, self._queue_call_ended)
        self._tasks: TaskGroup

    def power_on(self, tasks: TaskGroup, session: aiohttp.ClientSession) -> None:
        self._tasks = tasks
        self.journal.open()
        self.hooks.open(tasks, session)
        self.queues.open(tasks)

    def power_off(self) -> None:
        """Every call is cut off, without hook or record. What waits in queues, hooks and records is kept."""
        self.queues.close()
        self.switchboard.cut()
        self.floor.clear()
        self.hooks.close()
        self.journal.close()

    @property
    def quiet(self) -> bool:
        """Whether nothing rings, nothing is to be recorded, and no hook is on its way."""
        return not (self.switchboard.live or self.switchboard.filing or self.hooks.pending)

    def click2call(
        self, extension: str, phone: str, *, customer_id: str = "", hotline: str = "", auto_answer: bool = False
    ) -> tuple[Call, anyio.Event]:
        """Ring the agent, then the customer (7). The event is set when the agent has picked up or missed it.

        Raises `Declined` when the extension is not logged in or in a call.
        """
        agent = self.floor.reserve(extension)
        call = self._open(Mode.CLICK2CALL, OrderedBy.API, phone, hotline, extension, customer_id=customer_id)
        decided = anyio.Event()
        self._tasks.start_soon(self._agent_first, call, agent, auto_answer, decided)
        return call, decided

    def hand_dial(self, extension: str, phone: str) -> Call:
        """An agent dials by himself, which no client ordered. Raises `Declined`."""
        agent = self.floor.reserve(extension)
        call = self._open(Mode.HAND, OrderedBy.HAND, phone, "", extension)
        self._tasks.start_soon(self._with_customer, call, agent)
        return call

    def inbound(self, phone: str, extension: str, *, group: str = "", talk_seconds: int | None = None) -> Call:
        """Somebody calls in, to one extension or to a ring group that hands him to it.

        A group's record and `cdr` hook have an id of their own (4.6). The agent lets it ring out when he is not
        logged in or in a call. `talk_seconds` None leaves it to chance.
        """
        call = self._open(Mode.INBOUND, OrderedBy.INBOUND, phone, "", extension, receive_dest=group)
        call.flow_id = f"flow-{call.call_id}" if group else ""
        self.switchboard.seize(call)
        self._tasks.start_soon(self._from_customer, call, talk_seconds)
        return call

    def upload(self, **fields: str) -> Customer:
        """Take a customer whom the PBX will dial by itself (9.5)."""
        customer = self.customers.add(self.clock.now(), **fields)
        self._tasks.start_soon(self._dial_uploaded, customer)
        return customer

    def _open(self, mode: Mode, by: OrderedBy, phone: str, hotline: str, extension: str, **details: Any) -> Call:
        return self.switchboard.open(mode, by, phone, hotline, extension=extension, **details)

    async def _agent_first(self, call: Call, agent: Agent, auto_answer: bool, decided: anyio.Event) -> None:
        if self._agent_misses(call):
            await self.switchboard.stay(call, round(self.settings.agent_ring_seconds))
            decided.set()
            await self._end(call, agent, Result.INVALID)
            return
        await self.switchboard.stay(call, 0 if auto_answer else self.fate.pickup(call.phone, call.nth))
        decided.set()
        if self.settings.agent_leg_hooks:
            self.switchboard.tell_answered(call)
        await self._with_customer(call, agent)

    def _agent_misses(self, call: Call) -> bool:
        missed = self.fate.strikes(self.settings.agent_miss_rate, call.phone, call.nth, "miss")
        return missed or self.fate.next_is_invalid(call.phone)

    async def _with_customer(self, call: Call, agent: Agent) -> None:
        plan = self.fate.deal(call.phone)
        if await self.switchboard.ring(call, plan):
            self.switchboard.tell_answered(call)
            await self.switchboard.stay(call, plan.talk)
            await self._end(call, agent, Result.ANSWERED)
        else:
            self.floor.free(agent)
            await self.switchboard.file(call)

    async def _from_customer(self, call: Call, talk_seconds: int | None) -> None:
        agent = self.floor.try_reserve(call.extension)
        if agent is None:
            await self.switchboard.stay(call, self.settings.no_answer_seconds[0])
            await self._end(call, None, Result.NO_ANSWERED)
            return
        await self.switchboard.stay(call, self.fate.pickup(call.phone, call.nth))
        self.switchboard.pick_up(call)
        self.switchboard.tell_answered(call)
        talk = self.fate.talk(call.phone, call.nth) if talk_seconds is None else talk_seconds
        await self.switchboard.stay(call, talk)
        await self._end(call, agent, Result.ANSWERED)

    async def _end(self, call: Call, agent: Agent | None, result: Result) -> None:
        self.switchboard.hang_up(call, result)
        if agent is not None:
            self.floor.free(agent)
        await self.switchboard.file(call)

    async def _dial_uploaded(self, customer: Customer) -> None:
        await self.clock.wait(self.settings.customer_dial_seconds)
        self.customers.mark(customer.customer_id, "queue", self.clock.now())
        entry = Entry(customer.customer_id, (customer.phone_number,))
        self.queues.feed(Mode.CUSTOMER, customer.campaign_id, Terms(script=customer.campaign_id), [entry])

    def _agent_changed(self) -> None:
        self.queues.pump_all()

    def _queue_call_ended(self, customer_id: str, result: Result | None) -> None:
        if result is not None:
            self.customers.mark(customer_id, STATUSES[result], self.clock.now())
