"""What happened: calls, the facts that moved them, the receipts that told us."""

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
    quoted,
    referable,
    word,
)
from campaigns.words import (
    LIVE_STATES,
    OUR_ORIGINS,
    CallState,
    FactKind,
    Mode,
    Origin,
    Outcome,
    Purpose,
    Reason,
    ReceiptOutcome,
    Role,
    Verdict,
)

LIVE = f"state IN ({quoted(LIVE_STATES)})"
OURS_AND_LIVE = f"{LIVE} AND origin IN ({quoted(OUR_ORIGINS)})"


class Call(SQLModel, table=True):
    """One attempt, or a call of others that we learned of. Its row is committed before the wire is touched."""

    __table_args__ = (
        referable("call"),
        belongs_to("call", "vendor_account_id", "vendor_account"),
        belongs_to("call", "campaign_id", "campaign"),
        belongs_to("call", "customer_id", "customer"),
        belongs_to("call", "person_id", "person"),
        belongs_to("call", "run_id", "run"),
        belongs_to("call", "agent_id", "agent"),
        UniqueConstraint("tenant_id", "reference", name="uq_call_reference"),
        partial_index("uq_call_live_phone", "tenant_id", "phone", where=OURS_AND_LIVE, unique=True),
        partial_index("uq_call_live_person", "tenant_id", "person_id", where=OURS_AND_LIVE, unique=True),
        partial_index(
            "uq_call_live_agent",
            "tenant_id",
            "agent_id",
            where=f"{OURS_AND_LIVE} AND agent_id IS NOT NULL",
            unique=True,
        ),
        partial_index(
            "uq_call_vendor_id",
            "tenant_id",
            "vendor_account_id",
            "vendor_call_id",
            where="vendor_call_id IS NOT NULL",
            unique=True,
        ),
        partial_index("ix_call_live", "tenant_id", "vendor_account_id", "campaign_id", where=LIVE),
        partial_index("ix_call_check", "check_at", where="check_at IS NOT NULL"),
        Index("ix_call_newest", "tenant_id", "vendor_account_id", "id"),
        Index("ix_call_customer", "tenant_id", "customer_id"),
        Index("ix_call_person", "person_id", "intended_at"),
        Index("ix_call_phone", "phone", "intended_at"),
        Index("ix_call_campaign", "tenant_id", "campaign_id", "intended_at", "id"),
        Index("ix_call_intended", "tenant_id", "intended_at", "id"),
        one_of("call", "state", CallState),
        one_of("call", "origin", Origin),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    vendor_account_id: int = Field(sa_type=Id)
    campaign_id: int | None = Field(default=None, sa_type=Id)
    customer_id: int | None = Field(default=None, sa_type=Id)
    person_id: int | None = Field(default=None, sa_type=Id)
    run_id: int | None = Field(default=None, sa_type=Id)
    origin: Origin = Field(default=Origin.CAMPAIGN, sa_column=word(Origin, Origin.CAMPAIGN))
    mode: Mode | None = Field(default=None, sa_column=word(Mode, nullable=True))
    purpose: Purpose | None = Field(default=None, sa_column=word(Purpose, nullable=True))
    advertiser: str | None = None
    contracts: list[str] = Field(sa_column=document(list, added=True))
    """The debts that the call was about, by contract number; caps a debt go by them. Empty: we cannot tell."""
    phone: str = Field(max_length=20)
    role: Role | None = Field(default=None, sa_column=word(Role, nullable=True))
    callback_id: int | None = Field(default=None, sa_type=Id)
    """The promise, or the triggered call, that this hand-over was to keep."""
    reference: str = Field(max_length=40)
    """Our own opaque name for this hand-over, sent to the vendor and looked for in its records."""
    attempt: int = 0
    agent_id: int | None = Field(default=None, sa_type=Id)
    """The agent whom we reserved (click2call)."""
    extension: str | None = None
    """Who talked, by the vendor's word."""
    hotline: str | None = None
    rulebook: str | None = None
    rulebook_version: str | None = None
    lease_token: str | None = Field(default=None, max_length=32)
    state: CallState = Field(default=CallState.INTENDED, sa_column=word(CallState, CallState.INTENDED))
    outcome: Outcome | None = Field(default=None, sa_column=word(Outcome, nullable=True))
    reason: Reason | None = Field(default=None, sa_column=word(Reason, nullable=True))
    charged: bool = True
    """Whether this hand-over is an attempt: one that may have rung the customer."""
    vendor_call_id: str | None = None
    call_id_confirmed: bool = False
    """Whether the id came from the placing answer or from a record that names our reference."""
    sip_call_id: str | None = None
    disposition: Outcome | None = Field(default=None, sa_column=word(Outcome, nullable=True))
    """The vendor's CDR word, before we judge it."""
    recorded: bool = False
    """Whether the vendor's whole record was read."""
    duration: int | None = None
    billsec: int | None = None
    recording_url: str | None = None
    intended_at: datetime = Field(sa_column=moment(nullable=False))
    placed_at: datetime | None = Field(default=None, sa_column=moment())
    ringing_at: datetime | None = Field(default=None, sa_column=moment())
    answered_at: datetime | None = Field(default=None, sa_column=moment())
    ended_at: datetime | None = Field(default=None, sa_column=moment())
    settled_at: datetime | None = Field(default=None, sa_column=moment())
    withdrawn_at: datetime | None = Field(default=None, sa_column=moment())
    """When the vendor's queue was told to forget it."""
    check_at: datetime | None = Field(default=None, sa_column=moment())
    """When `reconciling` looks at this call next; null when nothing more is to be learned."""
    checks: int = 0


class Fact(SQLModel, table=True):
    """The ledger's history: every fact about a call, in the order in which it was applied. Never changed."""

    __table_args__ = (
        belongs_to("fact", "call_id", "call"),
        Index("ix_fact_call", "tenant_id", "call_id", "id"),
        one_of("fact", "kind", FactKind),
        one_of("fact", "verdict", Verdict),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    call_id: int = Field(sa_type=Id)
    kind: FactKind = Field(sa_column=word(FactKind))
    verdict: Verdict = Field(sa_column=word(Verdict))
    before: CallState | None = Field(default=None, sa_column=word(CallState, nullable=True))
    after: CallState | None = Field(default=None, sa_column=word(CallState, nullable=True))
    reason: Reason | None = Field(default=None, sa_column=word(Reason, nullable=True))
    detail: dict[str, Any] = Field(sa_column=document())
    """What the fact said, as `states.Fact.told()` gives it, so that a call can be folded again from its facts."""
    receipt_id: int | None = Field(default=None, sa_type=Id)
    at: datetime = Field(sa_column=moment(nullable=False))
    recorded_at: datetime = Field(sa_column=moment(nullable=False))


class Change(SQLModel, table=True):
    """The ledger's history of a customer and of a campaign: what changed, why, and by whom."""

    __table_args__ = (
        belongs_to("change", "campaign_id", "campaign"),
        Index("ix_change_customer", "tenant_id", "customer_id", "id"),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    campaign_id: int = Field(sa_type=Id)
    customer_id: int | None = Field(default=None, sa_type=Id)
    call_id: int | None = Field(default=None, sa_type=Id)
    callback_id: int | None = Field(default=None, sa_type=Id)
    """The promise, or the triggered call, that ended by it without a call."""
    before: str
    after: str
    reason: Reason | None = Field(default=None, sa_column=word(Reason, nullable=True))
    detail: str | None = None
    actor: str
    at: datetime = Field(sa_column=moment(nullable=False))


class Receipt(SQLModel, table=True):
    """A raw webhook, stored before it is acknowledged. Its body is bytes: a NUL in one must not lose a batch."""

    __table_args__ = (
        belongs_to("receipt", "vendor_account_id", "vendor_account"),
        UniqueConstraint("tenant_id", "vendor_account_id", "body_hash", name="uq_receipt_body"),
        partial_index("ix_receipt_unsettled", "id", where="settled_at IS NULL"),
        Index("ix_receipt_received", "received_at"),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    vendor_account_id: int = Field(sa_type=Id)
    body: bytes = Field(sa_type=LargeBinary)
    body_hash: bytes = Field(sa_type=LargeBinary)
    received_at: datetime = Field(sa_column=moment(nullable=False))
    settled_at: datetime | None = Field(default=None, sa_column=moment())
    outcome: ReceiptOutcome | None = Field(default=None, sa_column=word(ReceiptOutcome, nullable=True))
