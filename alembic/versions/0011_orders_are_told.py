"""What became of a triggered call is told: the change that ended it without a call names it, and the
vendor hears of the request that ordered it."""

import sqlalchemy as sa

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# A migration stands by itself: it names types, never today's models.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("change", sa.Column("callback_id", ID, nullable=True))
    op.add_column("triggered_call", sa.Column("request_id", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("triggered_call", "request_id")
    op.drop_column("change", "callback_id")
