"""Calls that other systems trigger, and what was answered to requests that may come twice."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from campaigns.models.columns import Id, belongs_to, document, key, moment, referable


class TriggeredCall(SQLModel, table=True):
    """What another system knows its order by. What became of it tells the promise; nothing here ever changes."""

    __tablename__ = "triggered_call"
    __table_args__ = (
        referable("triggered_call"),
        belongs_to("triggered_call", "callback_id", "callback"),
        belongs_to("triggered_call", "client_id", "client"),
        UniqueConstraint("tenant_id", "reference", name="uq_triggered_call_reference"),
        UniqueConstraint("tenant_id", "callback_id", name="uq_triggered_call_callback"),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    reference: str = Field(max_length=40)
    """Its public name; means nothing to anybody."""
    callback_id: int = Field(sa_type=Id)
    client_id: int | None = Field(default=None, sa_type=Id)
    """The client of the API; null: somebody at the command line."""
    callback_url: str | None = None
    """Where its events are to be told."""
    request_id: str | None = Field(default=None, max_length=64)
    """Of the request that ordered it; the vendor hears it. Null: nobody's request."""
    until: datetime | None = Field(default=None, sa_column=moment())
    """Of one that was withheld at the door: until when."""


class KeptAnswer(SQLModel, table=True):
    """The answer to a request with an `Idempotency-Key`, for a day. Empty while its first request is at work."""

    __tablename__ = "kept_answer"
    __table_args__ = (
        belongs_to("kept_answer", "client_id", "client"),
        Index("ix_kept_answer_kept", "kept_at"),
    )
    tenant_id: int = Field(sa_type=Id, primary_key=True)
    client_id: int = Field(sa_type=Id, primary_key=True)
    name: str = Field(primary_key=True, max_length=200)
    """The key that the client chose."""
    digest: str = Field(max_length=64)
    """SHA-256 of what was asked."""
    answer: dict[str, Any] = Field(sa_column=document())
    kept_at: datetime = Field(sa_column=moment(nullable=False))
