"""Collect what arrives within a few milliseconds, write it in one durable transaction, then acknowledge all of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from dialer.logs import log

T = TypeVar("T")
GATHER = 0.003
AT_MOST = 500
WAITING_ROOM = 2000
"""So many wait to be written at most. Who comes then is turned away and comes again: a queue that grows in memory
would answer ever later, until nobody waits for the answer any more."""
SAY_EVERY = 1.0
"""Seconds between two lines of log about the same trouble: it comes with each of thousands of items."""


class NotWritten(Exception):
    """The batch that held this item was not committed: the sender must keep it and come again."""


@dataclass(slots=True)
class _Waiting(Generic[T]):
    item: T
    done: anyio.Event = field(default_factory=anyio.Event)
    written: bool = False


class Intake(Generic[T]):
    """`submit` returns when the item is durable. `run` is the one writer; several `submit`s share its transaction."""

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[object]]) -> None:
        self._write = write
        streams: tuple[MemoryObjectSendStream[_Waiting[T]], MemoryObjectReceiveStream[_Waiting[T]]]
        streams = anyio.create_memory_object_stream(WAITING_ROOM)
        self._send, self._receive = streams
        self._unsaid = 0
        self._said_at = -SAY_EVERY
        self._log = log("intake")

    @property
    def waiting(self) -> int:
        """How many wait to be written."""
        return self._receive.statistics().current_buffer_used

    async def submit(self, item: T) -> None:
        """Raises `NotWritten` where the database would not take it, or too many wait already."""
        waiting = _Waiting(item)
        try:
            self._send.send_nowait(waiting)
        except anyio.WouldBlock:
            self._say(1, "the waiting room is full")
            raise NotWritten from None
        except anyio.ClosedResourceError:
            raise NotWritten from None
        await waiting.done.wait()
        if not waiting.written:
            raise NotWritten

    async def run(self) -> None:
        """Write batch after batch until cancelled; what is being written is finished and acknowledged first."""
        with self._send, self._receive:
            batch: list[_Waiting[T]] = []
            try:
                async for first in self._receive:
                    batch = [first]
                    await anyio.sleep(GATHER)
                    batch += self._arrived()
                    with anyio.CancelScope(shield=True):
                        await self._write_batch(batch)
            finally:
                # Who came too late must not wait for ever: he is told that nothing was written.
                for waiting in [*batch, *self._arrived()]:
                    waiting.done.set()

    def _arrived(self) -> list[_Waiting[T]]:
        found: list[_Waiting[T]] = []
        while len(found) < AT_MOST:
            try:
                found.append(self._receive.receive_nowait())
            except anyio.WouldBlock:
                break
        return found

    def _say(self, count: int, error: str) -> None:
        """How many were turned away since it was last said."""
        self._unsaid += count
        now = anyio.current_time()
        if now - self._said_at >= SAY_EVERY:
            self._log.error("not written", count=self._unsaid, error=error)
            self._said_at, self._unsaid = now, 0

    async def _write_batch(self, batch: Sequence[_Waiting[T]]) -> None:
        try:
            await self._write([waiting.item for waiting in batch])
        except Exception as error:
            self._say(len(batch), repr(error))
        else:
            for waiting in batch:
                waiting.written = True
        for waiting in batch:
            waiting.done.set()
