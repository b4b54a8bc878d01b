"""Answers of the vendor that came together are written together, and none that cannot be written is lost."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError

from campaigns.timing import Timing
from dialer.answering import Answering
from dialer.database import Database
from dialer.gateways import Placed
from dialer.handovers import Answered

pytestmark = pytest.mark.anyio


class Book:
    """A database that keeps each transaction's references, and refuses those with a reference that it cannot take."""

    def __init__(self) -> None:
        self.written: list[list[str]] = []
        self.refuses: Callable[[str], bool] = lambda _reference: False

    async def write(self, work: Any, timing: Timing, batch: list[Answered]) -> None:
        references = [reference for one in batch for reference in one.calls]
        if any(map(self.refuses, references)):
            raise OperationalError("a transaction", None, Exception("refused"))
        self.written.append(references)


class Desk:
    """A writer over such a book, and what it said was written."""

    def __init__(self) -> None:
        self.book = Book()
        self.told: list[str] = []
        self.answering = Answering(cast(Database, self.book), Timing(), self._hear)

    async def _hear(self, answered: Answered) -> None:
        self.told += answered.calls

    def take(self, reference: str, tenant_id: int = 1) -> None:
        campaign = SimpleNamespace(tenant_id=tenant_id, id=tenant_id)
        self.answering.take(Answered(campaign, {reference: 1}, [Placed(reference)]))


async def test_answers_that_came_together_share_a_transaction() -> None:
    desk = Desk()
    for reference in ("a", "b", "c"):
        desk.take(reference)
    await desk.answering.finish()
    assert desk.book.written == [["a", "b", "c"]]
    assert desk.told == ["a", "b", "c"]
    assert not desk.answering.waiting


async def test_a_transaction_holds_the_answers_of_one_tenant() -> None:
    desk = Desk()
    for reference, tenant in (("a", 1), ("b", 2), ("c", 1)):
        desk.take(reference, tenant)
    await desk.answering.finish()
    assert desk.book.written == [["a", "c"], ["b"]]


async def test_what_cannot_be_written_is_kept_until_it_can() -> None:
    desk = Desk()
    desk.book.refuses = lambda _reference: True
    desk.take("a")
    desk.take("b")
    await desk.answering.finish()
    assert desk.answering.waiting
    assert desk.told == []
    desk.book.refuses = lambda _reference: False
    await desk.answering.finish()
    assert sorted(desk.told) == ["a", "b"]
    assert not desk.answering.waiting


async def test_an_answer_that_is_refused_for_ever_keeps_nobody_elses_back() -> None:
    desk = Desk()
    desk.book.refuses = lambda reference: reference == "bad"
    for reference in ("a", "bad", "b"):
        desk.take(reference)
    for _ in range(5):
        await desk.answering.step()
    desk.take("c")
    await desk.answering.step()
    assert sorted(desk.told) == ["a", "b", "c"]
    assert desk.answering.waiting
