"""What is dialed: vendor accounts, campaigns, runs, lists, customers and their debts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from campaigns.models.columns import (
    Id,
    belongs_to,
    count,
    document,
    key,
    moment,
    one_of,
    partial_index,
    quoted,
    referable,
    word,
)
from campaigns.words import WAITING_STATUSES, Mode, Promise, Purpose, QueueState, Reason, Status, Wanted


class VendorAccount(SQLModel, table=True):
    """An account with a vendor. Its secrets are sealed by `DIALER_SECRET_KEY` and never leave in clear."""

    __tablename__ = "vendor_account"
    __table_args__ = (
        referable("vendor_account"),
        partial_index("uq_vendor_account_name", "tenant_id", "name", where="removed_at IS NULL", unique=True),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    name: str = Field(max_length=64)
    kind: str = Field(max_length=32)
    url: str
    sealed_credentials: bytes = Field(sa_type=LargeBinary)
    hook_path_hash: str = Field(unique=True, max_length=64)
    """SHA-256 of the unguessable path segment under which this account's hooks arrive."""
    channels: int | None = None
    reserve: int = 0
    settings: dict[str, Any] = Field(sa_column=document())
    """What the vendor leaves undocumented (contract section 13), as this account has it."""
    trouble: Reason | None = Field(default=None, sa_column=word(Reason, nullable=True))
    trouble_detail: str | None = None
    placing_resumes_at: datetime | None = Field(default=None, sa_column=moment())
    """Throttled or tripped: nothing is placed with this account before this moment."""
    breaker: dict[str, Any] = Field(sa_column=document())
    created_at: datetime = Field(sa_column=moment(nullable=False))
    removed_at: datetime | None = Field(default=None, sa_column=moment())


class Campaign(SQLModel, table=True):
    """Fields keep the vendor contract's names and meanings (section 8). Durations are seconds."""

    __table_args__ = (
        referable("campaign"),
        belongs_to("campaign", "vendor_account_id", "vendor_account"),
        partial_index("uq_campaign_code", "tenant_id", "code", where="deleted_at IS NULL", unique=True),
        partial_index(
            "uq_campaign_queue",
            "tenant_id",
            "vendor_account_id",
            "queue_code",
            where="deleted_at IS NULL AND queue_code IS NOT NULL",
            unique=True,
        ),
        one_of("campaign", "mode", Mode),
        one_of("campaign", "purpose", Purpose),
        one_of("campaign", "wanted", Wanted),
        one_of("campaign", "queue_state", QueueState),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    code: str = Field(max_length=64)
    vendor_account_id: int = Field(sa_type=Id)
    mode: Mode = Field(sa_column=word(Mode))
    purpose: Purpose = Field(sa_column=word(Purpose))
    creditor: str | None = None
    """Who is owed: the creditor of record."""
    advertiser: str | None = None
    """Who advertises; caps an advertiser go by this name."""
    brandname: str | None = None
    """The registered name under which advertising calls are shown (tên định danh)."""
    brandname_until: date | None = None
    """The last day on which the brandname is granted."""
    rulebook: str = "vn-debt"
    hotline: str | None = None
    queue_code: str | None = None
    vendor_campaign_id: str | None = None
    template: str | None = None
    queue_agents: str | None = None
    precall_ratio: int | None = None
    concurrent_call: int | None = None
    max_recall_count: int = 2
    min_recall_duration: int = 3
    recall_delay: int = 900
    recalls: dict[str, Any] = Field(sa_column=document(added=True))
    """What differs by outcome: `{"busy": {"delay": 300, "growth": 2, "per_day": 3, "per_run": 4, "in_all": 9}}`."""
    quiet_time: int = Field(default=0, sa_column=count())
    """For how long after a conversation, in any campaign, a person is left alone."""
    wrap_up: int = 30
    variables: list[str] = Field(sa_column=document(list))
    weight: int = 1
    wanted: Wanted = Field(default=Wanted.DRAFT, sa_column=word(Wanted, Wanted.DRAFT))
    wanted_at: datetime | None = Field(default=None, sa_column=moment())
    paused_because: Reason | None = Field(default=None, sa_column=word(Reason, nullable=True))
    paused_detail: str | None = None
    queue_state: QueueState = Field(default=QueueState.ABSENT, sa_column=word(QueueState, QueueState.ABSENT))
    started_at: datetime | None = Field(default=None, sa_column=moment())
    created_at: datetime = Field(sa_column=moment(nullable=False))
    deleted_at: datetime | None = Field(default=None, sa_column=moment())


class CampaignAgent(SQLModel, table=True):
    """An agent works for a campaign."""

    __tablename__ = "campaign_agent"
    __table_args__ = (
        belongs_to("campaign_agent", "campaign_id", "campaign"),
        belongs_to("campaign_agent", "agent_id", "agent"),
    )
    tenant_id: int = Field(sa_type=Id, primary_key=True)
    campaign_id: int = Field(sa_type=Id, primary_key=True)
    agent_id: int = Field(sa_type=Id, primary_key=True)


class Run(SQLModel, table=True):
    """One pass over a campaign's customers (đợt gọi). Recalls are counted within it."""

    __table_args__ = (
        referable("run"),
        belongs_to("run", "campaign_id", "campaign"),
        UniqueConstraint("tenant_id", "campaign_id", "ordinal", name="uq_run_ordinal"),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    campaign_id: int = Field(sa_type=Id)
    ordinal: int
    cause: str
    opened_at: datetime = Field(sa_column=moment(nullable=False))


class ListImport(SQLModel, table=True):
    """One uploaded file, what came of its rows, and who brought it."""

    __tablename__ = "list_import"
    __table_args__ = (
        referable("list_import"),
        belongs_to("list_import", "campaign_id", "campaign"),
        belongs_to("list_import", "run_id", "run"),
        Index("ix_list_import_campaign", "tenant_id", "campaign_id", "sha256"),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    campaign_id: int = Field(sa_type=Id)
    run_id: int = Field(sa_type=Id)
    file_name: str
    sha256: str = Field(max_length=64)
    headers: list[str] = Field(sa_column=document(list))
    counts: dict[str, Any] = Field(sa_column=document())
    imported_by: str = ""
    imported_at: datetime = Field(sa_column=moment(nullable=False))


class Customer(SQLModel, table=True):
    """A person on a campaign's list. `campaigns.ledger` is the only writer of his status."""

    __table_args__ = (
        referable("customer"),
        belongs_to("customer", "campaign_id", "campaign"),
        belongs_to("customer", "person_id", "person"),
        belongs_to("customer", "run_id", "run"),
        UniqueConstraint("tenant_id", "campaign_id", "person_id", name="uq_customer_person"),
        Index("ix_customer_code", "tenant_id", "campaign_id", "code"),
        partial_index(
            "ix_customer_due",
            "tenant_id",
            "campaign_id",
            "priority",
            "due_at",
            "id",
            where=f"open_call_id IS NULL AND status IN ({quoted(WAITING_STATUSES)})",
        ),
        partial_index(
            "ix_customer_waiting",
            "tenant_id",
            "campaign_id",
            "due_at",
            "id",
            where=f"status IN ({quoted(WAITING_STATUSES)})",
        ),
        # Without the tenant: it must not look as good as `uq_customer_person` while there are no statistics.
        Index("ix_customer_person", "tenant_id", "person_id"),
        partial_index("ix_customer_lease", "tenant_id", "lease_until", where="lease_token IS NOT NULL"),
        one_of("customer", "status", Status),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    campaign_id: int = Field(sa_type=Id)
    person_id: int = Field(sa_type=Id)
    run_id: int = Field(sa_type=Id)
    code: str
    """The id the user knows him by: the list's own, or else his first number."""
    name: str = ""
    status: Status = Field(default=Status.NEW, sa_column=word(Status, Status.NEW))
    reason: Reason | None = Field(default=None, sa_column=word(Reason, nullable=True))
    priority: int = 0
    """Smaller is called earlier."""
    due_at: datetime = Field(sa_column=moment(nullable=False))
    attempts: int = 0
    """In this run; charged when the intent is committed, given back when certainly nothing rang."""
    attempts_in_all: int = 0
    declines: int = 0
    open_call_id: int | None = Field(default=None, sa_type=Id)
    """The call whose verdict is awaited. While it is set he is not due."""
    lease_token: str | None = Field(default=None, max_length=32)
    lease_until: datetime | None = Field(default=None, sa_column=moment())
    callback_id: int | None = Field(default=None, sa_type=Id)
    """The open promise to call him; while it is set his priority is that of callbacks."""
    expires_at: datetime | None = Field(default=None, sa_column=moment())
    """He stands here only because a call to him was triggered: when the newest such is over. Null: a list names him."""
    finished_at: datetime | None = Field(default=None, sa_column=moment())
    updated_at: datetime = Field(sa_column=moment(nullable=False))


class Debt(SQLModel, table=True):
    """One contract of a customer: the script's variables, and the uploaded row for the report."""

    __table_args__ = (
        referable("debt"),
        belongs_to("debt", "customer_id", "customer"),
        belongs_to("debt", "list_import_id", "list_import"),
        UniqueConstraint("tenant_id", "customer_id", "contract_number", name="uq_debt_contract"),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    customer_id: int = Field(sa_type=Id)
    contract_number: str = ""
    dpd: int | None = None
    variables: dict[str, Any] = Field(sa_column=document())
    uploaded: list[str] = Field(sa_column=document(list))
    """The row's cells as text, in the order of the list's headers."""
    row_number: int
    list_import_id: int = Field(sa_type=Id)
    removed_at: datetime | None = Field(default=None, sa_column=moment())


class Callback(SQLModel, table=True):
    """A promise to call somebody: at a time, made by whoever spoke to him; or at once, because another system triggered
    it (`not_after` is set)."""

    __table_args__ = (
        referable("callback"),
        belongs_to("callback", "campaign_id", "campaign"),
        belongs_to("callback", "customer_id", "customer"),
        belongs_to("callback", "agent_id", "agent"),
        belongs_to("callback", "call_id", "call"),
        partial_index("uq_callback_open", "tenant_id", "customer_id", where="promise = 'open'", unique=True),
        Index("ix_callback_customer", "tenant_id", "customer_id"),
        partial_index("ix_callback_campaign", "tenant_id", "campaign_id", "at", where="promise = 'open'"),
        partial_index("ix_callback_ends", "not_after", where="promise = 'open' AND not_after IS NOT NULL"),
        partial_index("ix_callback_call", "tenant_id", "call_id", where="call_id IS NOT NULL"),
        one_of("callback", "promise", Promise),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    campaign_id: int = Field(sa_type=Id)
    customer_id: int = Field(sa_type=Id)
    agent_id: int | None = Field(default=None, sa_type=Id)
    """The agent who promised to call himself; null: any."""
    at: datetime = Field(sa_column=moment(nullable=False))
    zone: str
    """The zone in which the time was promised."""
    note: str = ""
    promise: Promise = Field(default=Promise.OPEN, sa_column=word(Promise, Promise.OPEN))
    priority: int = 0
    """The customer's priority before, which he gets back."""
    call_id: int | None = Field(default=None, sa_type=Id)
    """The call by which it was kept; of one that is open again, the call that never rang."""
    not_after: datetime | None = Field(default=None, sa_column=moment())
    """Of a triggered call: when it is over, called or not. Null: a person's promise, which has no end."""
    waits: bool | None = None
    """Of a triggered call: whether it waits where the gate withholds it, or ends."""
    phones: list[str] = Field(sa_column=document(list, added=True))
    """Of a triggered call: the only numbers that may be rung for it, in turn. Empty: any of his."""
    reason: Reason | None = Field(default=None, sa_column=word(Reason, nullable=True))
    """Why it was withdrawn."""
    actor: str
    created_at: datetime = Field(sa_column=moment(nullable=False))
    closed_at: datetime | None = Field(default=None, sa_column=moment())
