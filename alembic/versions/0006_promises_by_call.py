"""A promise is found by the call that kept it. A decision does not name its seal: seals name what they cover."""

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CALLED = sa.text("call_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_callback_call", "callback", ["tenant_id", "call_id"], sqlite_where=CALLED, postgresql_where=CALLED
    )
    op.drop_column("decision", "seal_id")


def downgrade() -> None:
    id_ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("decision", sa.Column("seal_id", id_, nullable=True))
    op.drop_index("ix_callback_call", "callback")
