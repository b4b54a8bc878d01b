"""Orders whose time is over are found by when it ends, without a look at every promise."""

import sqlalchemy as sa

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OPEN_ORDERS = sa.text("promise = 'open' AND not_after IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_callback_ends", "callback", ["not_after"], sqlite_where=OPEN_ORDERS, postgresql_where=OPEN_ORDERS
    )


def downgrade() -> None:
    op.drop_index("ix_callback_ends", "callback")
