"""A loop steps while there is work, wakes when somebody rings, survives a failing step, and ends when told."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from dialer import loops
from dialer.database import Database
from dialer.loops import Bell, Loop

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
NEVER = 3600.0


class Clockwork:
    """Stands for a database that is only asked for the time."""

    broken = False

    async def read(self, work: Callable[..., Any], *args: Any) -> Any:
        if self.broken:
            raise ConnectionError("the database is gone")
        return NOW


class Station:
    """A step that does what it is told to, and counts."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.answers = list(answers)
        self.seen: list[datetime] = []
        self.ran_out = anyio.Event()

    async def step(self, now: datetime) -> bool:
        self.seen.append(now)
        answer = self.answers.pop(0) if self.answers else False
        if not self.answers:
            self.ran_out.set()
        if isinstance(answer, Exception):
            raise answer
        return answer


def loop(step: Callable[[datetime], Awaitable[bool]], every: float = NEVER, database: Any = None) -> Loop:
    answering: Database = database or Clockwork()
    return Loop("test", step, answering, every)


async def ended(one: Loop) -> None:
    with anyio.fail_after(5):
        await one.ended.wait()


async def test_a_step_that_found_work_is_followed_by_the_next_at_once() -> None:
    station = Station(True, True, True, False)
    one = loop(station.step)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.run)
        await station.ran_out.wait()
        one.stop()
    assert station.seen == [NOW] * 4


async def test_without_work_it_waits_until_somebody_rings() -> None:
    station = Station()
    one = loop(station.step)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.run)
        await anyio.wait_all_tasks_blocked()
        assert one.steps == 1
        one.bell.ring()
        await anyio.wait_all_tasks_blocked()
        assert one.steps == 2
        one.stop()


async def test_a_ring_during_a_step_is_not_lost() -> None:
    stepped = anyio.create_memory_object_stream[int](10)
    begun, goes_on = anyio.Event(), anyio.Event()

    async def step(now: datetime) -> bool:
        begun.set()
        await goes_on.wait()
        await stepped[0].send(1)
        return False

    one = loop(step)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.run)
            await begun.wait()
            one.bell.ring()
            goes_on.set()
            await stepped[1].receive()
            await stepped[1].receive()
            one.stop()
    stepped[0].close()
    stepped[1].close()


async def test_many_rings_are_one_reason_to_look() -> None:
    station = Station()
    one = loop(station.step)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.run)
        await anyio.wait_all_tasks_blocked()
        for _ in range(5):
            one.bell.ring()
        await anyio.wait_all_tasks_blocked()
        assert one.steps == 2
        one.stop()


async def test_it_looks_again_when_its_time_is_up() -> None:
    station = Station(False, False, False)
    one = loop(station.step, every=0.001)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.run)
            await station.ran_out.wait()
            one.stop()


async def test_a_step_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "AFTER_TROUBLE", 0.001)
    station = Station(ValueError("once"), OSError("twice"), True, False)
    one = loop(station.step)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.run)
            await station.ran_out.wait()
            one.stop()
    assert len(station.seen) == 4


async def test_a_database_that_is_gone_for_a_while_ends_no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "AFTER_TROUBLE", 0.001)
    database, station = Clockwork(), Station(False)
    database.broken = True
    one = loop(station.step, database=database)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.run)
            await anyio.wait_all_tasks_blocked()
            assert not one.ended.is_set()
            database.broken = False
            await station.ran_out.wait()
            one.stop()


async def test_a_stop_waits_for_the_step_that_runs() -> None:
    begun, goes_on, done = anyio.Event(), anyio.Event(), []

    async def step(now: datetime) -> bool:
        begun.set()
        await goes_on.wait()
        done.append(now)
        return True

    one = loop(step)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.run)
        await begun.wait()
        one.stop()
        await anyio.wait_all_tasks_blocked()
        assert not one.ended.is_set()
        goes_on.set()
        await ended(one)
    assert done == [NOW]


async def test_a_stop_before_the_start_runs_nothing() -> None:
    station = Station()
    one = loop(station.step)
    one.stop()
    await one.run()
    assert station.seen == []
    assert one.ended.is_set()


async def test_a_cancelled_loop_says_that_it_ended() -> None:
    one = loop(Station().step)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.run)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert one.ended.is_set()


async def test_a_ring_while_nobody_listens_is_heard_at_the_next_wait() -> None:
    bell = Bell()
    bell.ring()
    with anyio.fail_after(5):
        await bell.wait(NEVER)


async def test_a_ring_is_heard_once() -> None:
    bell = Bell()
    bell.ring()
    await bell.wait(NEVER)
    with anyio.move_on_after(0.01) as waited:
        await bell.wait(NEVER)
    assert waited.cancelled_caught
