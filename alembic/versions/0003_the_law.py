"""What the law asks for: contacts, registers, callbacks, rulebooks as they were read, and what a call was about."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# A migration stands by itself: it names types, never today's models.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "register",
        sa.Column("id", ID, sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenant.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_register_newest", "register", ["tenant_id", "name", "as_of"], unique=False)
    op.create_table(
        "rulebook_text",
        sa.Column("id", ID, sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenant.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "name", "digest", name="uq_rulebook_text"),
    )
    op.create_table(
        "contact",
        sa.Column("id", ID, sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("purpose", sa.String(length=32), nullable=True),
        sa.Column("advertiser", sa.String(), nullable=True),
        sa.Column("contract_number", sa.String(), nullable=False),
        sa.Column("conversation", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('sms', 'zalo', 'email', 'letter', 'visit', 'call')", name="ck_contact_channel"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name="fk_contact_person_id"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "person_id", "at", "channel", "contract_number", name="uq_contact"),
    )
    op.create_index("ix_contact_phone", "contact", ["phone", "at"], unique=False)
    op.create_table(
        "callback",
        sa.Column("id", ID, sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("agent_id", ID, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("promise", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("call_id", ID, nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("promise IN ('open', 'kept', 'withdrawn')", name="ck_callback_promise"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agent_id"], ["agent.tenant_id", "agent.id"], name="fk_callback_agent_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id", "call_id"], ["call.tenant_id", "call.id"], name="fk_callback_call_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id"], ["campaign.tenant_id", "campaign.id"], name="fk_callback_campaign_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name="fk_callback_customer_id"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_callback_tenant_id"),
    )
    op.create_index("ix_callback_campaign", "callback", ["tenant_id", "campaign_id", "at"], unique=False)
    op.create_index(
        "uq_callback_open",
        "callback",
        ["tenant_id", "customer_id"],
        unique=True,
        sqlite_where=sa.text("promise = 'open'"),
        postgresql_where=sa.text("promise = 'open'"),
    )
    op.add_column("call", sa.Column("purpose", sa.String(length=32), nullable=True))
    op.add_column("call", sa.Column("advertiser", sa.String(), nullable=True))
    op.add_column("call", sa.Column("contracts", DOCUMENT, server_default=sa.text("'[]'"), nullable=False))
    op.add_column("campaign", sa.Column("advertiser", sa.String(), nullable=True))
    op.add_column("campaign", sa.Column("brandname", sa.String(), nullable=True))
    op.add_column("campaign", sa.Column("brandname_until", sa.Date(), nullable=True))
    op.add_column("campaign", sa.Column("recalls", DOCUMENT, server_default=sa.text("'{}'"), nullable=False))
    op.add_column("campaign", sa.Column("quiet_time", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("consent", sa.Column("actor", sa.String(), nullable=True))
    op.add_column("consent", sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("customer", sa.Column("callback_id", ID, nullable=True))
    op.add_column("number", sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person", sa.Column("agreed_hours", DOCUMENT, server_default=sa.text("'[]'"), nullable=False))


def downgrade() -> None:
    op.drop_column("person", "agreed_hours")
    op.drop_column("number", "reviewed_at")
    op.drop_column("customer", "callback_id")
    op.drop_column("consent", "recorded_at")
    op.drop_column("consent", "actor")
    op.drop_column("campaign", "quiet_time")
    op.drop_column("campaign", "recalls")
    op.drop_column("campaign", "brandname_until")
    op.drop_column("campaign", "brandname")
    op.drop_column("campaign", "advertiser")
    op.drop_column("call", "contracts")
    op.drop_column("call", "advertiser")
    op.drop_column("call", "purpose")
    op.drop_table("callback")
    op.drop_table("contact")
    op.drop_table("rulebook_text")
    op.drop_table("register")
