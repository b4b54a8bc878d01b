"""What an engine tells: its log lines and its metrics, as a test wants to ask them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs


class Lines:
    """The log lines of this process so far."""

    def __init__(self, lines: Sequence[Any]) -> None:
        self._lines = lines

    def of(self, event: str, **fields: Any) -> list[Any]:
        """Those of an event that carry these fields."""
        return [line for line in self._lines if line["event"] == event and fields.items() <= line.items()]

    def has(self, event: str, **fields: Any) -> Callable[[], Any]:
        """A condition to wait for."""

        async def told() -> bool:
            return bool(self.of(event, **fields))

        return told


def shows(address: str, name: str, value: float, **labels: str) -> Callable[[], Any]:
    """A condition to wait for: what was done stands in the database a moment before it is counted."""

    async def shown() -> bool:
        return await metric(address, name, **labels) == value

    return shown


@contextmanager
def listening() -> Iterator[Lines]:
    """The log lines that are written within the block."""
    with capture_logs() as lines:
        yield Lines(lines)


async def metric(address: str, name: str, **labels: str) -> float:
    """The sum of a metric's samples under these labels, from `/metrics`; zero where there are none."""
    async with aiohttp.ClientSession() as session, session.get(f"{address}/metrics") as answer:
        assert answer.status == 200
        page = await answer.text()
    return sum(
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
