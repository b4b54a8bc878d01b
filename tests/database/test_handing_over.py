"""A database that dies in the midst of a hand-over: the loop tries again, and nobody is rung twice."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from databases import Desk
from founding import START, calls, campaign, company, debtors
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from campaigns import queue
from campaigns.timing import Timing
from campaigns.words import CallState, Mode
from dialer.database import DATABASE_ERRORS, Database
from dialer.gateways import Order, Placed, Terms
from dialer.metrics import Metrics
from dialer.placing import PlacingLoop
from dialer.vendors import Vendors

TIMING = Timing()
PEOPLE = 3


class Mortal:
    """A database that dies once, at one kind of transaction: before it commits, or before it can say that it did."""

    def __init__(self, real: Database, at: str, committed: bool) -> None:
        self._real = real
        self._at: str | None = at
        self._committed = committed

    async def write(self, work: Callable[..., Any], *args: Any) -> Any:
        if work.__name__ != self._at:
            return await self._real.write(work, *args)
        self._at = None
        if self._committed:
            await self._real.write(work, *args)
        raise OperationalError("a transaction", None, Exception("the database is gone"))

    async def read(self, work: Callable[..., Any], *args: Any) -> Any:
        return await self._real.read(work, *args)


class Wire:
    """A vendor that takes everything, and the hand-overs that are under way to it."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self._begun: list[Coroutine[Any, Any, Any]] = []

    async def place(self, _terms: Terms, orders: Sequence[Order]) -> list[Placed]:
        self.sent += [order.cleared.phone for order in orders]
        return [Placed(order.reference) for order in orders]

    async def gateway(self, _account_id: int) -> "Wire":
        return self

    async def admitted(self, _account_id: int) -> None: ...

    def start_soon(self, work: Callable[..., Coroutine[Any, Any, Any]], /, *args: Any) -> None:
        self._begun.append(work(*args))

    async def arrive(self) -> None:
        while self._begun:
            await self._begun.pop()


async def hand_over(database: Database, loop: PlacingLoop, wire: Wire) -> None:
    """A few steps, as the runtime repeats them: what fails is tried again, and a lease that nobody gave back ends."""
    for _ in range(3):
        try:
            await loop.step(START)
        except DATABASE_ERRORS:
            await database.write(queue.expire, START + timedelta(days=365 * 100))
        await wire.arrive()
        await loop.answering.finish()


@pytest.mark.parametrize("committed", [False, True], ids=["before its commit", "after its commit"])
@pytest.mark.parametrize("at", ["choose", "commit", "record"])
def test_hand_overs_survive_a_database_that_dies(fresh: Desk, at: str, committed: bool) -> None:
    def found(conn: Connection) -> int:
        of = company(conn)
        debtors(conn, of, campaign(conn, of, Mode.AUTOCALL, concurrent_call=PEOPLE), PEOPLE)
        return of.tenant_id

    tenant_id, wire = fresh.run(found), Wire()
    dying = cast(Database, Mortal(fresh.database, at, committed))
    loop = PlacingLoop(dying, cast(Vendors, wire), TIMING, wire, Metrics())
    fresh.portal.call(hand_over, fresh.database, loop, wire)
    known = fresh.run(calls, tenant_id).values()
    assert len(known) == PEOPLE
    # Intents whose commit nobody heard of are never sent; the vendor is asked after them like after a crash.
    never_sent = at == "commit" and committed
    assert sorted(wire.sent) == ([] if never_sent else sorted(call.phone for call in known))
    assert {call.state for call in known} == {CallState.INTENDED if never_sent else CallState.PLACED}
