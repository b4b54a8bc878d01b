"""Who may ask over the API: clients, the keys that sign their tokens, and what they asked in this minute."""

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from campaigns.models.columns import Id, belongs_to, document, key, moment, partial_index, referable


class Client(SQLModel, table=True):
    """A program that speaks for a tenant over the API."""

    __table_args__ = (
        referable("client"),
        partial_index("uq_client_name", "tenant_id", "name", where="revoked_at IS NULL", unique=True),
    )
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    name: str = Field(max_length=64)
    client_id: str = Field(unique=True, max_length=40)
    """The name under which it asks for tokens; means nothing to anybody."""
    secret_hash: str
    """Argon2id; the secret itself is shown once and kept nowhere."""
    scopes: list[str] = Field(sa_column=document(list))
    created_at: datetime = Field(sa_column=moment(nullable=False))
    revoked_at: datetime | None = Field(default=None, sa_column=moment())


class SigningKey(SQLModel, table=True):
    """A key pair of a tenant that signs tokens (Ed25519). A retired one signs no more, and still verifies a while."""

    __tablename__ = "signing_key"
    __table_args__ = (partial_index("uq_signing_key_current", "tenant_id", where="retired_at IS NULL", unique=True),)
    id: int | None = Field(default=None, sa_column=key())
    tenant_id: int = Field(foreign_key="tenant.id", sa_type=Id)
    kid: str = Field(unique=True, max_length=64)
    sealed_key: bytes = Field(sa_type=LargeBinary)
    """The private part, sealed by `DIALER_SECRET_KEY`."""
    public_jwk: dict[str, Any] = Field(sa_column=document())
    created_at: datetime = Field(sa_column=moment(nullable=False))
    retired_at: datetime | None = Field(default=None, sa_column=moment())


class Allowance(SQLModel, table=True):
    """What a client asked in the newest minute in which it asked anything; web workers take shares of it."""

    __table_args__ = (belongs_to("allowance", "client_id", "client"),)
    tenant_id: int = Field(sa_type=Id, primary_key=True)
    client_id: int = Field(sa_type=Id, primary_key=True)
    minute: datetime = Field(sa_column=moment(nullable=False))
    spent: int
