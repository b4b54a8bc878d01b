"""What proves that we were allowed: suppressions, consents, decisions, and the seals over them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from campaigns.models.columns import Id, belongs_to, document, key, moment, one_of, partial_index, word
from campaigns.words import Channel, Purpose, Reason, Scope, Subject


class Suppression(SQLModel, table=True):
    """A do-not-call entry. End-dated when lifted, never deleted: "was he on the list then" stays answerable."""

    __table_args__ = (
        belongs_to("suppression", "campaign_id", "campaign"),
        partial_index("ix_suppression_subject", "tenant_id", "subject_kind", "subject", where="until IS NULL"),
        partial_index(
            "uq_suppression_tenant",
            "tenant_id",
            "subject_kind",
            "subject",
            "purpose",
            where="until IS NULL AND campaign_id IS NULL",
            unique=True,
        ),
        partial_index(
            "uq_suppression_campaign",
            "tenant_id",
            "campaign_id",
            "subject_kind",
            "subject",
            "purpose",
            where="until IS NULL AND campaign_id IS NOT NULL",
            unique=True,
        ),
        Index("ix_suppression_history", "tenant_id", "subject"),
        Index("ix_suppression_since", "tenant_id", "since", "id"),
        partial_index("ix_suppression_lifted", "tenant_id", "id", where="until IS NOT NULL AND lifting_seal IS NULL"),
        one_of("suppression", "scope", Scope),
        one_of("suppression", "subject_kind", Subject),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    scope: Scope = Field(sa_column=word(Scope))
    campaign_id: int | None = Field(default=None, sa_type=Id)
    subject_kind: Subject = Field(sa_column=word(Subject))
    subject: str
    """A number in E.164, or the list's own id of a person."""
    purpose: str = "all"
    """`all`, or one of `words.Purpose`: the national register blocks marketing only."""
    source: str = ""
    reason: str = ""
    actor: str = ""
    since: datetime = Field(sa_column=moment(nullable=False))
    until: datetime | None = Field(default=None, sa_column=moment())
    lifted_by: str | None = None
    lifting_seal: int | None = None
    """The ordinal of the seal over its lifting; null: still to be sealed."""


class Consent(SQLModel, table=True):
    """A consent or a refusal, with its proof, channel and time."""

    __table_args__ = (
        belongs_to("consent", "person_id", "person"),
        Index("ix_consent_person", "tenant_id", "person_id"),
        one_of("consent", "purpose", Purpose),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    person_id: int = Field(sa_type=Id)
    purpose: Purpose = Field(sa_column=word(Purpose))
    granted: bool
    channel: str
    proof: str = ""
    at: datetime = Field(sa_column=moment(nullable=False))
    until: datetime | None = Field(default=None, sa_column=moment())
    actor: str | None = None
    recorded_at: datetime | None = Field(default=None, sa_column=moment())


class Contact(SQLModel, table=True):
    """A reminder or a conversation that was no call of ours: an SMS, a visit, what `dialer contact import` brings."""

    __table_args__ = (
        belongs_to("contact", "person_id", "person"),
        UniqueConstraint("tenant_id", "person_id", "at", "channel", "contract_number", name="uq_contact"),
        Index("ix_contact_phone", "phone", "at"),
        one_of("contact", "channel", Channel),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    person_id: int = Field(sa_type=Id)
    channel: Channel = Field(sa_column=word(Channel))
    phone: str | None = Field(default=None, max_length=20)
    purpose: Purpose | None = Field(default=None, sa_column=word(Purpose, nullable=True))
    """Null: not told, and then it counts for every purpose."""
    advertiser: str | None = None
    contract_number: str = ""
    conversation: bool = False
    """Whether both sides spoke."""
    source: str = ""
    actor: str = ""
    at: datetime = Field(sa_column=moment(nullable=False))
    recorded_at: datetime = Field(sa_column=moment(nullable=False))


class Register(SQLModel, table=True):
    """One loading of a do-not-call register, such as the national one: how fresh our copy is."""

    __table_args__ = (Index("ix_register_newest", "tenant_id", "name", "as_of"),)
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    name: str = Field(max_length=64)
    as_of: datetime = Field(sa_column=moment(nullable=False))
    """The moment at which the register's owner made the copy."""
    entries: int
    file_name: str = ""
    actor: str = ""
    loaded_at: datetime = Field(sa_column=moment(nullable=False))


class RulebookText(SQLModel, table=True):
    """A rulebook as it was read: a tenant's own, and every shipped one that a call was placed under."""

    __tablename__ = "rulebook_text"
    __table_args__ = (UniqueConstraint("tenant_id", "name", "digest", name="uq_rulebook_text"),)
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    name: str = Field(max_length=64)
    version: str = Field(max_length=64)
    digest: str = Field(max_length=64)
    text: str
    own: bool
    """The tenant's own, and not one that comes with the product."""
    actor: str = ""
    added_at: datetime = Field(sa_column=moment(nullable=False))
    removed_at: datetime | None = Field(default=None, sa_column=moment())


class Decision(SQLModel, table=True):
    """A verdict of the gate, written when it or its reason changed, with the facts on which it rests."""

    __table_args__ = (
        belongs_to("decision", "campaign_id", "campaign"),
        belongs_to("decision", "customer_id", "customer"),
        Index("ix_decision_customer", "tenant_id", "customer_id", "id"),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    campaign_id: int = Field(sa_type=Id)
    customer_id: int = Field(sa_type=Id)
    call_id: int | None = Field(default=None, sa_type=Id)
    cleared: bool
    reason: Reason | None = Field(default=None, sa_column=word(Reason, nullable=True))
    until: datetime | None = Field(default=None, sa_column=moment())
    rulebook: str
    rulebook_version: str
    facts: dict[str, Any] = Field(sa_column=document())
    at: datetime = Field(sa_column=moment(nullable=False))


class Act(SQLModel, table=True):
    """What somebody changed over the API or by the command line. Numbers stand masked in it, and secrets not at all."""

    __table_args__ = (
        Index("ix_act_tenant", "tenant_id", "id"),
        Index("ix_act_at", "tenant_id", "at", "id"),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    actor: str
    client: str
    """The client's id, or `command line`."""
    request_id: str = Field(max_length=64)
    method: str = Field(max_length=16)
    """The verb of HTTP, or `command`."""
    route: str
    """The pattern of the path, or the command's words."""
    object: str
    """What it was done to, as the path or the command names it."""
    asked: dict[str, Any] = Field(sa_column=document())
    before: dict[str, Any] = Field(sa_column=document())
    """What the change replaced; empty where nothing stood there, or nothing of it can be shown."""
    after: dict[str, Any] = Field(sa_column=document())
    result: int
    """The status that is answered, or the command's exit code."""
    milliseconds: int
    """From the request's arrival until this row was written."""
    at: datetime = Field(sa_column=moment(nullable=False))


class Seal(SQLModel, table=True):
    """A link of a tenant's hash chain over a batch of evidence. Writers never wait for it."""

    __table_args__ = (UniqueConstraint("tenant_id", "ordinal", name="uq_seal_ordinal"),)
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    ordinal: int
    covers: dict[str, Any] = Field(sa_column=document())
    previous: bytes = Field(sa_type=LargeBinary)
    digest: bytes = Field(sa_type=LargeBinary)
    signature: bytes | None = Field(default=None, sa_type=LargeBinary)
    at: datetime = Field(sa_column=moment(nullable=False))


class Chain(SQLModel, table=True):
    """A tenant's hash chain: where it ends, up to which ids it is sealed, and its keys."""

    __table_args__ = (UniqueConstraint("tenant_id", name="uq_chain_tenant"),)
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    seals: int
    head: bytes = Field(sa_type=LargeBinary)
    """The link of the last seal."""
    positions: dict[str, Any] = Field(sa_column=document())
    """By kind of evidence: no row with an id up to this one is still to be sealed."""
    sealed_keys: bytes = Field(sa_type=LargeBinary)
    """The key of the pseudonyms and the one that signs, sealed by `DIALER_SECRET_KEY`."""
    public_key: bytes = Field(sa_type=LargeBinary)
    made_at: datetime = Field(sa_column=moment(nullable=False))
