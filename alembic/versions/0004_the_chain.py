"""The hash chain's end and keys, and which liftings are sealed."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# A migration stands by itself: it names types, never today's models.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
UNSEALED = sa.text("until IS NOT NULL AND lifting_seal IS NULL")


def upgrade() -> None:
    op.create_table(
        "chain",
        sa.Column("id", ID, sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("seals", sa.Integer(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("positions", DOCUMENT, nullable=False),
        sa.Column("sealed_keys", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenant.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", name="uq_chain_tenant"),
    )
    op.add_column("suppression", sa.Column("lifting_seal", sa.Integer(), nullable=True))
    op.create_index(
        "ix_suppression_lifted",
        "suppression",
        ["tenant_id", "id"],
        unique=False,
        sqlite_where=UNSEALED,
        postgresql_where=UNSEALED,
    )


def downgrade() -> None:
    op.drop_index("ix_suppression_lifted", "suppression")
    op.drop_column("suppression", "lifting_seal")
    op.drop_table("chain")
