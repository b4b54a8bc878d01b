"""Who changed what over the API and by the command line."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# A migration stands by itself: it names types, never today's models.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "act",
        sa.Column("id", ID, sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("asked", DOCUMENT, nullable=False),
        sa.Column("before", DOCUMENT, nullable=False),
        sa.Column("after", DOCUMENT, nullable=False),
        sa.Column("result", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_act_tenant", "act", ["tenant_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_act_tenant", "act")
    op.drop_table("act")
