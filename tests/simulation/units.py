"""Coroutines that stop at every border, and go on only when the scheduler says so.

A border is where a process can be hurt without having done it itself: a transaction, a request on the wire, the answer
to it. Between two borders there is only computation, which no crash can tear apart.
"""

from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    READ = "read"
    COMMIT = "commit"
    PLACE = "place"
    """A request that may ring somebody."""
    STEER = "steer"
    """A request that changes a vendor's queue."""
    ASK = "ask"
    """A request that only asks."""
    ANSWER = "answer"
    """The deed is done; what comes of it is on its way back."""


class Broken(Exception):
    """The wire failed; whether the deed was done, nobody on this side knows."""


def _broken() -> Exception:
    return Broken()


@dataclass(slots=True, eq=False)
class Border(Awaitable[Any]):
    """`deed` is what lies beyond it, `failure` what is raised on this side when it goes wrong."""

    kind: Kind
    what: str
    deed: Callable[[], Any] = lambda: None
    failure: Callable[[], Exception] = _broken
    late: Callable[[float], None] | None = None
    """The deed, arriving so many seconds after everybody has given it up; None where that cannot be."""

    def __await__(self) -> Generator["Border", Any, Any]:
        return (yield self)

    def __str__(self) -> str:
        return f"{self.kind} {self.what}"


class Unit:
    """A coroutine of a worker: a loop's step, a hand-over, a hook's reception."""

    def __init__(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        self.name = name
        self.border: Border | None = None
        self.ready_at: datetime | None = None
        """A slow border opens only then."""
        self.result: Any = None
        self.error: Exception | None = None
        self._work = work
        self._go(lambda: work.send(None))

    @property
    def done(self) -> bool:
        return self.border is None

    def cross(self) -> None:
        """Do the deed and run to the next border, or to the end."""
        assert self.border is not None
        try:
            answer = self.border.deed()
        except Exception as error:
            self._throw(error)
        else:
            self._go(lambda: self._work.send(answer))

    def fail(self) -> None:
        """Run on as if the deed had failed."""
        assert self.border is not None
        self._throw(self.border.failure())

    def kill(self) -> None:
        """The process is gone: nothing more happens."""
        self.border = None
        self._work.close()

    def _throw(self, error: Exception) -> None:
        self._go(lambda: self._work.throw(error))

    def _go(self, move: Callable[[], Border]) -> None:
        self.border, self.ready_at = None, None
        try:
            self.border = move()
        except StopIteration as end:
            self.result = end.value
        except Exception as error:
            self.error = error
