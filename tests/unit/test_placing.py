"""Intents run ahead of the wire by twenty, and the next are claimed before the last answers are written."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest
from anyio.abc import TaskGroup

from campaigns.timing import Timing
from campaigns.words import Mode, Reason
from dialer.database import Database
from dialer.gateways import Placed
from dialer.handovers import Handover, choose
from dialer.metrics import Metrics
from dialer.placing import AHEAD_OF_WIRE, REFILL_AT, UNWRITTEN, PlacingLoop
from dialer.vendors import Vendors

pytestmark = pytest.mark.anyio
TERMS = ("queue_code", "vendor_campaign_id", "template", "queue_agents", "precall_ratio", "concurrent_call", "hotline")
CAMPAIGN = SimpleNamespace(
    id=1, tenant_id=1, vendor_account_id=1, code="C", mode=Mode.CLICK2CALL, **dict.fromkeys(TERMS)
)


class Floor:
    """A campaign with customers without end, and a vendor that answers when it is told to."""

    def __init__(self, tasks: TaskGroup) -> None:
        self.wishes: list[int] = []
        self.looks = 0
        self.answers: list[anyio.Event] = []
        self.calls = iter(range(1, 1000))
        self.loop = PlacingLoop(cast(Database, self), cast(Vendors, self), Timing(), tasks, Metrics())

    async def read(self, _work: Callable[..., Any]) -> list[Any]:
        self.looks += 1
        return [CAMPAIGN]

    async def write(self, work: Callable[..., Any], _timing: Timing, _campaign: Any, given: Any, _token: str) -> Any:
        if work is choose:
            self.wishes.append(given)
            return list(range(given)), Reason.ROOM
        called = [next(self.calls) for _ in given]
        cleared = SimpleNamespace(customer_id=1)
        return Handover(
            CAMPAIGN,
            {call: cast(Any, SimpleNamespace(reference=f"d{call}", cleared=cleared, request_id="")) for call in called},
        )

    async def gateway(self, _account_id: int) -> "Floor":
        return self

    async def place(self, _terms: Any, orders: list[Any]) -> list[Placed]:
        self.answers.append(anyio.Event())
        await self.answers[-1].wait()
        return [Placed(order.reference) for order in orders]

    async def step(self) -> int:
        """One step of the loop; for how many customers it asked."""
        before = len(self.wishes)
        await self.loop.step(cast(Any, None))
        await anyio.wait_all_tasks_blocked()
        return sum(self.wishes[before:])

    async def answer(self, count: int) -> None:
        for _ in range(count):
            self.answers.pop(0).set()
        await anyio.wait_all_tasks_blocked()


async def test_no_more_than_twenty_intents_run_ahead_of_the_wire() -> None:
    async with anyio.create_task_group() as tasks:
        floor = Floor(tasks)
        assert await floor.step() == AHEAD_OF_WIRE
        assert await floor.step() == 0
        tasks.cancel_scope.cancel()


async def test_which_campaigns_run_is_not_asked_again_right_after_something_was_placed_and_then_it_is() -> None:
    async with anyio.create_task_group() as tasks:
        floor = Floor(tasks)
        looks = []
        for _ in range(3):
            await floor.step()
            looks.append(floor.looks)
            await floor.answer(len(floor.answers))
        assert looks == [1, 1, 2]
        tasks.cancel_scope.cancel()


async def test_the_next_are_claimed_while_the_answers_to_the_last_are_not_written_yet() -> None:
    async with anyio.create_task_group() as tasks:
        floor = Floor(tasks)
        await floor.step()
        await floor.answer(AHEAD_OF_WIRE)
        assert await floor.step() == UNWRITTEN - AHEAD_OF_WIRE
        await floor.answer(AHEAD_OF_WIRE)
        assert await floor.step() == 0
        assert floor.loop.on_wire == UNWRITTEN
        tasks.cancel_scope.cancel()


async def test_a_little_room_waits_for_more_but_not_for_a_vendor_who_leaves_requests_hanging() -> None:
    async with anyio.create_task_group() as tasks:
        floor = Floor(tasks)
        await floor.step()
        few = AHEAD_OF_WIRE - REFILL_AT - 1
        await floor.answer(few)
        assert await floor.step() == 0
        assert await floor.step() == few
        tasks.cancel_scope.cancel()
