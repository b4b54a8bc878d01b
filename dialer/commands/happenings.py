"""What happened, as a screen tells it: in order, with numbers as they are dialed at home."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from campaigns.phones import national
from campaigns.reports import Event
from dialer.commands.language import label
from dialer.commands.printing import at, show, table

E164 = re.compile(r"\+\d{7,15}")
HEADINGS = ("time", "event", "what", "reason", "who", "detail")


def at_home(text: str) -> str:
    """The text with each number in it as it is dialed at home."""
    return E164.sub(lambda found: national(found[0]), text)


def events_at_home(events: Iterable[Event]) -> list[Event]:
    return [replace(e, what=at_home(e.what), detail=e.detail and at_home(e.detail)) for e in events]


def show_events(events: Sequence[Event], zone: str) -> None:
    rows: list[list[Any]] = [
        [at(e.at, zone), e.kind, e.what, e.reason and label(e.reason), e.actor, e.detail] for e in events
    ]
    show(table([label(word) for word in HEADINGS], rows))
