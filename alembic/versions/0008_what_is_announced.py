"""What is announced: how far each sink has told, webhooks, and their deliveries."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# A migration stands by itself: it names types and words, never today's models.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
MISSES = "'answered-otherwise', 'slow', 'not-reached', 'address-refused', 'unsigned', 'gone', 'too-old'"
UNREMOVED = sa.text("removed_at IS NULL")
PENDING = sa.text("state = 'pending'")
ENDED = sa.text("ended_at IS NOT NULL")
INDEXES = (
    ("ix_delivery_due", ["tenant_id", "webhook_id", "due_at", "id"], PENDING),
    ("ix_delivery_order", ["tenant_id", "webhook_id", "subject", "id"], PENDING),
    ("ix_delivery_old", ["created_at"], PENDING),
    ("ix_delivery_ended", ["ended_at"], ENDED),
)


def upgrade() -> None:
    op.create_table(
        "sink",
        sa.Column("id", ID, sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("positions", DOCUMENT, nullable=False),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "name", name="uq_sink_name"),
    )
    op.create_table(
        "webhook",
        sa.Column("id", ID, sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("per_call", sa.Boolean(), nullable=False),
        sa.Column("events", DOCUMENT, nullable=False),
        sa.Column("sealed_secrets", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("held_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.Column("disabled_because", sa.String(length=32), nullable=True),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.CheckConstraint(f"disabled_because IN ({MISSES})", name="ck_webhook_disabled_because"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_webhook_tenant_id"),
    )
    op.create_index(
        "uq_webhook_name",
        "webhook",
        ["tenant_id", "name"],
        unique=True,
        sqlite_where=UNREMOVED,
        postgresql_where=UNREMOVED,
    )
    op.create_table(
        "delivery",
        sa.Column("id", ID, sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("webhook_id", ID, nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("row_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("miss", sa.String(length=32), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'dead')", name="ck_delivery_state"),
        sa.CheckConstraint(f"miss IN ({MISSES})", name="ck_delivery_miss"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "webhook_id"], ["webhook.tenant_id", "webhook.id"], name="fk_delivery_webhook_id"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "webhook_id", "source", "row_id", name="uq_delivery_event"),
    )
    for name, columns, which in INDEXES:
        op.create_index(name, "delivery", columns, sqlite_where=which, postgresql_where=which)


def downgrade() -> None:
    for name, _, _ in INDEXES:
        op.drop_index(name, "delivery")
    op.drop_table("delivery")
    op.drop_index("uq_webhook_name", "webhook")
    op.drop_table("webhook")
    op.drop_table("sink")
