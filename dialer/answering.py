"""Write what the vendor answered to placings: all answers of a few milliseconds in one transaction.

A transaction a call cost more than the call. Nobody but us knows these answers, so one that cannot be written is kept
and tried again; the orders that it is about stay on the wire, as the placing loop counts them, until it is written. A
crash loses no more than the answers, and the intents are closed from the vendor's own evidence.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from itertools import islice

import anyio

from campaigns.timing import Timing
from dialer.database import DATABASE_ERRORS, Database
from dialer.handovers import Answered, record
from dialer.logs import log
from dialer.loops import Bell

GATHER = 0.005
"""Seconds to wait for more after the first answer came."""
AT_MOST = 200
# Seconds until an answer that could not be written is tried again, unless another comes before.
AFTER_TROUBLE = 1.0


class Answering:
    """The one writer of this process. `take` never waits; `written` is called with what the ledger holds now."""

    def __init__(self, database: Database, timing: Timing, written: Callable[[Answered], Awaitable[None]]) -> None:
        self._database = database
        self._timing = timing
        self._written = written
        self._fresh: deque[Answered] = deque()
        self._troubled: deque[Answered] = deque()
        self._bell = Bell()
        self._log = log("placing")

    @property
    def waiting(self) -> bool:
        """Whether there are answers that stand nowhere yet."""
        return bool(self._fresh or self._troubled)

    def take(self, answered: Answered) -> None:
        self._fresh.append(answered)
        self._bell.ring()

    async def run(self) -> None:
        """Write until cancelled. What escapes ends the process: such a fault is not the database's, and would stay."""
        while True:
            await self._bell.wait(AFTER_TROUBLE)
            await self._gather()
            while await self.step():
                await self._gather()

    async def _gather(self) -> None:
        """Wait for more where one is there."""
        if self._fresh:
            await anyio.sleep(GATHER)

    async def finish(self) -> None:
        """Write what is there, unless the database does not take it."""
        while await self.step():
            pass

    async def step(self) -> bool:
        """One transaction; whether anything was written."""
        batch = self._batch()
        if not batch:
            return False
        try:
            await self._database.write(record, self._timing, batch)
        except DATABASE_ERRORS as error:
            count = sum(len(one.answers) for one in batch)
            self._log.error("answers not written", count=count, detail=str(getattr(error, "orig", error)))
            self._troubled += batch
            return False
        for one in batch:
            await self._written(one)
        return True

    def _batch(self) -> list[Answered]:
        """The next answers of one tenant. What failed once is tried alone, so that it keeps nobody else's back."""
        if not self._fresh:
            return [self._troubled.popleft()] if self._troubled else []
        tenant = self._fresh[0].campaign.tenant_id
        batch = list(islice((one for one in self._fresh if one.campaign.tenant_id == tenant), AT_MOST))
        taken = set(map(id, batch))
        self._fresh = deque(one for one in self._fresh if id(one) not in taken)
        return batch
