"""Calls that another system triggers: promises with an end, what they are known by, and answers that are kept a day."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# A migration stands by itself: it names types, never today's models.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
OPEN = sa.text("promise = 'open'")


def upgrade() -> None:
    op.add_column("callback", sa.Column("not_after", sa.DateTime(timezone=True), nullable=True))
    op.add_column("callback", sa.Column("waits", sa.Boolean(), nullable=True))
    op.add_column("callback", sa.Column("phones", DOCUMENT, server_default=sa.text("'[]'"), nullable=False))
    op.add_column("callback", sa.Column("reason", sa.String(length=32), nullable=True))
    op.add_column("call", sa.Column("callback_id", ID, nullable=True))
    op.drop_index("ix_callback_campaign", "callback")
    op.create_index(
        "ix_callback_campaign",
        "callback",
        ["tenant_id", "campaign_id", "at"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_callback_customer", "callback", ["tenant_id", "customer_id"])
    op.create_table(
        "triggered_call",
        sa.Column("id", ID, sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("callback_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=True),
        sa.Column("callback_url", sa.String(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "callback_id"], ["callback.tenant_id", "callback.id"], name="fk_triggered_call_callback_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["client.tenant_id", "client.id"], name="fk_triggered_call_client_id"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_triggered_call_tenant_id"),
        sa.UniqueConstraint("tenant_id", "reference", name="uq_triggered_call_reference"),
        sa.UniqueConstraint("tenant_id", "callback_id", name="uq_triggered_call_callback"),
    )
    op.create_table(
        "kept_answer",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("answer", DOCUMENT, nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["client.tenant_id", "client.id"], name="fk_kept_answer_client_id"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "client_id", "name"),
    )
    op.create_index("ix_kept_answer_kept", "kept_answer", ["kept_at"])


def downgrade() -> None:
    op.drop_index("ix_kept_answer_kept", "kept_answer")
    op.drop_table("kept_answer")
    op.drop_table("triggered_call")
    op.drop_index("ix_callback_customer", "callback")
    op.drop_index("ix_callback_campaign", "callback")
    op.create_index("ix_callback_campaign", "callback", ["tenant_id", "campaign_id", "at"])
    op.drop_column("call", "callback_id")
    for column in ("reason", "phones", "waits", "not_after"):
        op.drop_column("callback", column)
