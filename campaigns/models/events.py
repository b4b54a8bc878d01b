"""What is announced: how far each sink has told, a company's webhooks, and what is still to be delivered to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from campaigns.models.columns import (
    Id,
    belongs_to,
    document,
    key,
    moment,
    one_of,
    partial_index,
    referable,
    word,
)
from campaigns.words import DeliveryState, Miss

DEAD = f"state = '{DeliveryState.DEAD.value}'"
PENDING = f"state = '{DeliveryState.PENDING.value}'"


class Sink(SQLModel, table=True):
    """How far a tenant's events were told in one place, and who tells them now."""

    __table_args__ = (UniqueConstraint("tenant_id", "name", name="uq_sink_name"),)
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    name: str = Field(max_length=32)
    positions: dict[str, Any] = Field(sa_column=document())
    """By source of events: no row with an id up to this one is still to be told."""
    lease_token: str | None = Field(default=None, max_length=32)
    lease_until: datetime | None = Field(default=None, sa_column=moment())


class Webhook(SQLModel, table=True):
    """Where a company wants its events posted, signed. One of them is `per_call`: each of its deliveries has an
    address of its own, that of whoever ordered the call."""

    __table_args__ = (
        referable("webhook"),
        partial_index("uq_webhook_name", "tenant_id", "name", where="removed_at IS NULL", unique=True),
        one_of("webhook", "disabled_because", Miss),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    name: str = Field(max_length=64)
    url: str
    per_call: bool = False
    events: list[str] = Field(sa_column=document(list))
    """Which kinds: `call.settled`, `call.*`, `*`."""
    sealed_secrets: bytes = Field(sa_type=LargeBinary)
    """The secret that signs, and those that still sign beside it for a while, sealed by `DIALER_SECRET_KEY`."""
    failures: int = 0
    """In a row."""
    held_until: datetime | None = Field(default=None, sa_column=moment())
    """It failed: nothing is sent there before this moment."""
    created_at: datetime = Field(sa_column=moment(nullable=False))
    disabled_at: datetime | None = Field(default=None, sa_column=moment())
    disabled_because: Miss | None = Field(default=None, sa_column=word(Miss, nullable=True))
    removed_at: datetime | None = Field(default=None, sa_column=moment())


class Delivery(SQLModel, table=True):
    """One event for one webhook. It names the ledger's row and holds nothing of it: what is posted is made from that
    row each time, so that nobody's data lies here."""

    __table_args__ = (
        belongs_to("delivery", "webhook_id", "webhook"),
        UniqueConstraint("tenant_id", "webhook_id", "source", "row_id", name="uq_delivery_event"),
        partial_index("ix_delivery_due", "tenant_id", "webhook_id", "due_at", "id", where=PENDING),
        partial_index("ix_delivery_order", "tenant_id", "webhook_id", "subject", "id", where=PENDING),
        partial_index("ix_delivery_old", "created_at", where=PENDING),
        Index("ix_delivery_newest", "tenant_id", "id"),
        partial_index("ix_delivery_dead", "tenant_id", "id", where=DEAD),
        partial_index("ix_delivery_ended", "ended_at", where="ended_at IS NOT NULL"),
        one_of("delivery", "state", DeliveryState),
        one_of("delivery", "miss", Miss),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    webhook_id: int = Field(sa_type=Id)
    url: str | None = None
    """Where to, if not to the webhook's own address."""
    source: str = Field(max_length=16)
    row_id: int = Field(sa_type=Id)
    kind: str = Field(max_length=32)
    subject: str = Field(max_length=80)
    """Within it order is kept: a later event of a call waits for the earlier one."""
    state: DeliveryState = Field(default=DeliveryState.PENDING, sa_column=word(DeliveryState, DeliveryState.PENDING))
    attempts: int = 0
    due_at: datetime = Field(sa_column=moment(nullable=False))
    lease_token: str | None = Field(default=None, max_length=32)
    lease_until: datetime | None = Field(default=None, sa_column=moment())
    status: int | None = None
    """The last answer's HTTP status."""
    miss: Miss | None = Field(default=None, sa_column=word(Miss, nullable=True))
    """Why it was not taken the last time."""
    created_at: datetime = Field(sa_column=moment(nullable=False))
    """Since when it is tried."""
    ended_at: datetime | None = Field(default=None, sa_column=moment())
