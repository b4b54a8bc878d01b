"""What happened in a world, line by line, for whoever replays it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import structlog


class Trace:
    """Keeps nothing unless it is wanted: words are cheap, a million of them are not."""

    def __init__(self, wanted: bool = False) -> None:
        self.wanted = wanted
        self.lines: list[str] = []

    def tell(self, at: datetime, who: str, what: str) -> None:
        if self.wanted:
            self.lines.append(f"{at:%d %H:%M:%S.%f} {who:<10} {what}"[:200])


@contextmanager
def logs_to(trace: Trace) -> Iterator[None]:
    """The engine's own log lines go into the trace, or nowhere."""
    before = structlog.get_config()

    def keep(_logger: Any, _name: str, event: Any) -> Any:
        if trace.wanted:
            trace.lines.append(" " * 32 + str(dict(event))[:168])
        raise structlog.DropEvent

    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)
