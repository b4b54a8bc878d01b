"""The log as a sink: a line an event, masked like every line."""

from collections.abc import Sequence

from campaigns.events.kinds import Event
from dialer.logs import log


class JournalSink:
    name = "log"

    def __init__(self) -> None:
        self._log = log("events")

    async def publish(self, events: Sequence[Event]) -> None:
        for event in events:
            told = event.model_dump(mode="json")
            # What happened is the line's event, and the moment of the line is its own.
            happened = {"happened_at": told.pop("timestamp"), "event_id": told.pop("id"), "order": told.pop("key")}
            self._log.info(told.pop("type"), **told, **happened)

    async def aclose(self) -> None:
        """Nothing to close."""
