"""Who is who: companies, people, their numbers, and the agents who talk to them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from campaigns.models.columns import Id, belongs_to, document, key, moment, one_of, referable, word
from campaigns.words import Outcome, Presence, Role, Subject


class Tenant(SQLModel, table=True):
    """A company. Nothing of one tenant is seen or counted for another."""

    id: int | None = Field(default=None, sa_column=key())
    code: str = Field(unique=True, max_length=64)
    name: str = ""
    zone: str = "Asia/Ho_Chi_Minh"
    max_live_calls: int | None = None
    external_id: str | None = Field(default=None, unique=True)
    created_at: datetime = Field(sa_column=moment(nullable=False))


class Person(SQLModel, table=True):
    """A human being, whatever lists he stands on. Caps, consents and "one live call" belong to him."""

    __table_args__ = (
        referable("person"),
        UniqueConstraint("tenant_id", "key_kind", "key", name="uq_person_key"),
        one_of("person", "key_kind", Subject),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    key_kind: Subject = Field(sa_column=word(Subject))
    """`person`: the key is the list's own id. `number`: the list had none, the key is the first number."""
    key: str
    name: str = ""
    zone: str | None = None
    address: str | None = None
    agreed_hours: list[Any] = Field(sa_column=document(list, added=True))
    """Hours agreed with him, as `[["mon", "18:00", "20:00"], …]` on his own clock; empty: none."""
    created_at: datetime = Field(sa_column=moment(nullable=False))
    erased_at: datetime | None = Field(default=None, sa_column=moment())


class Number(SQLModel, table=True):
    """A telephone number as one person's: the same digits may stand with several people in several roles."""

    __table_args__ = (
        referable("number"),
        belongs_to("number", "person_id", "person"),
        UniqueConstraint("tenant_id", "person_id", "phone", name="uq_number_of_person"),
        Index("ix_number_phone", "tenant_id", "phone"),
        one_of("number", "role", Role),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    person_id: int = Field(sa_type=Id)
    phone: str = Field(max_length=20)
    """E.164 with the plus."""
    role: Role = Field(sa_column=word(Role))
    position: int = 0
    """The order in which the list gave this person's numbers, from 0."""
    vintage: date | None = None
    needs_review: bool = False
    note: str = ""
    last_outcome: Outcome | None = Field(default=None, sa_column=word(Outcome, nullable=True))
    last_outcome_at: datetime | None = Field(default=None, sa_column=moment())
    dead_at: datetime | None = Field(default=None, sa_column=moment())
    removed_at: datetime | None = Field(default=None, sa_column=moment())
    """When a corrected list no longer named this number; history keeps it."""
    reviewed_at: datetime | None = Field(default=None, sa_column=moment())
    """When somebody judged a number in doubt: what he said stands, whatever a list says after it."""


class Agent(SQLModel, table=True):
    """Somebody at an extension. The vendor says whether he is logged in; ready, pause and wrap-up are ours."""

    __table_args__ = (
        referable("agent"),
        belongs_to("agent", "vendor_account_id", "vendor_account"),
        UniqueConstraint("tenant_id", "vendor_account_id", "extension", name="uq_agent_extension"),
        one_of("agent", "presence", Presence),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    vendor_account_id: int = Field(sa_type=Id)
    extension: str = Field(max_length=16)
    vendor_user: str | None = None
    """The name or uuid by which the vendor's status call knows him, where it is not the extension."""
    logged_in: bool | None = None
    logged_in_seen_at: datetime | None = Field(default=None, sa_column=moment())
    presence: Presence = Field(default=Presence.READY, sa_column=word(Presence, Presence.READY))
    presence_since: datetime | None = Field(default=None, sa_column=moment())
    presence_source: str = "campaign"
    wrap_up_until: datetime | None = Field(default=None, sa_column=moment())
    busy_until: datetime | None = Field(default=None, sa_column=moment())
    """The vendor said USER_BUSY for a call that is not ours: not asked again before this."""
    last_call_ended_at: datetime | None = Field(default=None, sa_column=moment())
    missed_in_a_row: int = 0
