"""What is acknowledged is durable; what is not written is said to be so."""

from collections.abc import Sequence

import anyio
import anyio.lowlevel
import pytest

from dialer.intake import AT_MOST, Intake, NotWritten

pytestmark = pytest.mark.anyio


class Book:
    """Takes batches, or refuses them, or keeps them waiting."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.broken = False
        self.open = anyio.Event()
        self.open.set()
        self.asked = anyio.Event()

    async def write(self, batch: Sequence[int]) -> None:
        self.asked.set()
        await self.open.wait()
        if self.broken:
            raise OSError("disk full")
        self.batches.append(list(batch))

    @property
    def pages(self) -> list[int]:
        return [item for batch in self.batches for item in batch]


async def submit(intake: Intake[int], item: int, answers: dict[int, bool]) -> None:
    try:
        await intake.submit(item)
    except NotWritten:
        answers[item] = False
    else:
        answers[item] = True


async def test_what_comes_together_is_written_together_and_then_acknowledged() -> None:
    book, answers = Book(), dict[int, bool]()
    intake = Intake(book.write)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(intake.run)
        async with anyio.create_task_group() as senders:
            for item in range(20):
                senders.start_soon(submit, intake, item, answers)
        tasks.cancel_scope.cancel()
    assert len(book.batches) == 1
    assert sorted(book.pages) == list(range(20))
    assert answers == dict.fromkeys(range(20), True)


async def test_nothing_is_acknowledged_before_it_is_written() -> None:
    book, answers = Book(), dict[int, bool]()
    book.open = anyio.Event()
    intake = Intake(book.write)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(intake.run)
        tasks.start_soon(submit, intake, 1, answers)
        await book.asked.wait()
        assert answers == {}
        book.open.set()
        await anyio.wait_all_tasks_blocked()
        assert answers == {1: True}
        tasks.cancel_scope.cancel()


async def test_a_batch_that_fails_is_refused_whole_and_the_next_one_is_taken() -> None:
    book, answers = Book(), dict[int, bool]()
    book.broken = True
    intake = Intake(book.write)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(intake.run)
        async with anyio.create_task_group() as senders:
            for item in range(5):
                senders.start_soon(submit, intake, item, answers)
        assert answers == dict.fromkeys(range(5), False)
        book.broken = False
        await submit(intake, 9, answers)
        tasks.cancel_scope.cancel()
    assert answers[9]
    assert book.pages == [9]


async def test_a_batch_is_bounded() -> None:
    book, answers = Book(), dict[int, bool]()
    intake = Intake(book.write)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(intake.run)
        async with anyio.create_task_group() as senders:
            for item in range(AT_MOST * 2 + 10):
                senders.start_soon(submit, intake, item, answers)
        tasks.cancel_scope.cancel()
    assert max(map(len, book.batches)) <= AT_MOST + 1
    assert sorted(book.pages) == list(range(AT_MOST * 2 + 10))


async def test_what_is_being_written_when_the_end_comes_is_acknowledged() -> None:
    book, answers = Book(), dict[int, bool]()
    book.open = anyio.Event()
    intake = Intake(book.write)
    async with anyio.create_task_group() as senders, anyio.create_task_group() as tasks:
        tasks.start_soon(intake.run)
        senders.start_soon(submit, intake, 1, answers)
        await book.asked.wait()
        tasks.cancel_scope.cancel()
        book.open.set()
    assert answers == {1: True}
    assert book.pages == [1]


async def test_after_the_end_nothing_is_taken_any_more() -> None:
    book, answers = Book(), dict[int, bool]()
    intake = Intake(book.write)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(intake.run)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    await submit(intake, 1, answers)
    assert answers == {1: False}


async def test_what_came_just_before_the_end_is_not_left_without_an_answer() -> None:
    book, answers = Book(), dict[int, bool]()
    intake = Intake(book.write)
    with anyio.fail_after(0.5):
        async with anyio.create_task_group() as senders, anyio.create_task_group() as tasks:
            tasks.start_soon(intake.run)
            await anyio.wait_all_tasks_blocked()
            senders.start_soon(submit, intake, 1, answers)
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    assert answers == {1: bool(book.pages)}
