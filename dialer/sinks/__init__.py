"""Where events are told besides webhooks: the log, and Kafka. A sink takes a batch in its order, or is away.

SinkAway       it did not take the batch, or not all of it: nothing is counted as told, and it is told again
SinkMissing    it can never work like this; the message says what to install or to set
"""

from collections.abc import Sequence
from typing import Protocol

from campaigns.events.kinds import Event


class SinkAway(Exception):
    """Not now; the message says why, without what was to be told."""


class SinkMissing(Exception):
    """Not at all; the message says what to do."""


class Sink(Protocol):
    @property
    def name(self) -> str: ...

    async def publish(self, events: Sequence[Event]) -> None:
        """All of these are kept by the sink when this returns. Raises `SinkAway`."""

    async def aclose(self) -> None: ...
