"""The kinds of events that webhooks are told, each with its schema."""

from typing import Any

from pydantic import BaseModel, Field

from campaigns.events import kinds
from campaigns.words import Right
from dialer.api.routes import Route, Visit


class EventKind(BaseModel):
    """A kind of event. What is told of it fits `data_schema`, a JSON schema."""

    name: str
    meaning: str
    data_schema: dict[str, Any] = Field(description="JSON Schema, draft 2020-12.")


class EventKinds(BaseModel):
    items: list[EventKind]


def list_(_visit: Visit) -> BaseModel:
    told = [EventKind(name=kind.name, meaning=kind.said, data_schema=kind.schema()) for kind in kinds.KINDS]
    return EventKinds(items=told)


ROUTES = (
    Route(
        "GET", "/event-kinds", "What webhooks can be told, and in which shape.",
        (Right.REPORT_READ,), list_, EventKinds,
    ),
)  # fmt: skip
