"""What a company registers beside its campaigns: the vendors' scripts, and from where it may be spoken to."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from campaigns.models.columns import Id, belongs_to, document, key, moment, one_of, partial_index, word
from campaigns.words import Entrance


class Callflow(SQLModel, table=True):
    """A script that a vendor plays, under the vendor's own name for it, and the variables that it may speak."""

    __table_args__ = (
        belongs_to("callflow", "vendor_account_id", "vendor_account"),
        partial_index("uq_callflow_name", "tenant_id", "name", where="removed_at IS NULL", unique=True),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(sa_type=Id)
    vendor_account_id: int = Field(sa_type=Id)
    name: str = Field(max_length=64)
    description: str = ""
    variables: list[str] = Field(sa_column=document(list))
    created_at: datetime = Field(sa_column=moment(nullable=False))
    removed_at: datetime | None = Field(default=None, sa_column=moment())


class AllowedSource(SQLModel, table=True):
    """A network from which an entrance may be used. An entrance without any is open to all."""

    __tablename__ = "allowed_source"
    __table_args__ = (
        partial_index("uq_allowed_source", "tenant_id", "entrance", "network", where="removed_at IS NULL", unique=True),
        one_of("allowed_source", "entrance", Entrance),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    entrance: Entrance = Field(sa_column=word(Entrance))
    network: str = Field(max_length=43)
    """As in `203.0.113.0/24` or `2001:db8::/32`; a single address is a network of one."""
    note: str = ""
    actor: str
    created_at: datetime = Field(sa_column=moment(nullable=False))
    removed_at: datetime | None = Field(default=None, sa_column=moment())
    removed_by: str | None = None
