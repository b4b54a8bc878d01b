"""The common measure: ours and the reference by turns, the ratio of their medians, and how far the rounds lay apart."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, field
from statistics import median
from time import perf_counter
from typing import Any, TypeVar

T = TypeVar("T")
Round = Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the page. `ours` and `reference` are medians over the rounds, in `unit`."""

    row: str
    database: str
    case: str
    unit: str
    ours: float
    reference: float | None = None
    spread: tuple[float, float] | None = None
    """The lowest and the highest ratio of a round to its neighbour."""
    at_least: float | None = None
    at_most: float | None = None
    ratio: float | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def judged(self) -> float:
        """What is held against the aim: the ratio where there is a reference, else the figure itself."""
        return self.ours if self.ratio is None else self.ratio

    @property
    def met(self) -> bool:
        return (self.at_least is None or self.judged >= self.at_least) and (
            self.at_most is None or self.judged <= self.at_most
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"met": self.met}


def compared(
    row: str, database: str, case: str, unit: str, pairs: Iterable[tuple[float, float]], **more: Any
) -> Figure:
    """A figure of what the rounds gave: (ours, reference) each."""
    mine, theirs = zip(*pairs, strict=True)
    each = [ours / reference for ours, reference in zip(mine, theirs, strict=True)]
    return Figure(
        row=row,
        database=database,
        case=case,
        unit=unit,
        ours=median(mine),
        reference=median(theirs),
        spread=(min(each), max(each)),
        ratio=median(mine) / median(theirs),
        **more,
    )


async def by_turns(rounds: int, ours: Round, reference: Round) -> list[tuple[float, float]]:
    """So many rounds, after one of each that is not counted: the first fills caches and prepares statements."""
    await ours()
    await reference()
    return [(await ours(), await reference()) for _ in range(rounds)]


async def timed(work: Callable[[], Awaitable[T]]) -> tuple[float, T]:
    """Seconds, and what the work gave."""
    started = perf_counter()
    done = await work()
    return perf_counter() - started, done
