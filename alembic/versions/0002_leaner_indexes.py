"""Leaner indexes: one over live calls instead of three, and the waiting in the order in which they are due."""

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LIVE = "state IN ('intended', 'placed', 'unsure', 'ringing', 'answered')"
WAITING = "status IN ('new', 'queue')"


def upgrade() -> None:
    _replace("customer", "ix_customer_waiting", ["tenant_id", "campaign_id", "due_at"], WAITING)
    for name in ("ix_call_live_account", "ix_call_live_campaign", "ix_call_live_phone"):
        op.drop_index(name, "call")
    op.create_index("ix_call_live", "call", ["tenant_id", "vendor_account_id", "campaign_id"], **_only(LIVE))
    _replace("call", "ix_call_person", ["person_id", "intended_at"])
    _replace("call", "ix_call_phone", ["phone", "intended_at"])


def downgrade() -> None:
    _replace("customer", "ix_customer_waiting", ["tenant_id", "campaign_id"], WAITING)
    op.drop_index("ix_call_live", "call")
    op.create_index("ix_call_live_account", "call", ["tenant_id", "vendor_account_id"], **_only(LIVE))
    op.create_index("ix_call_live_campaign", "call", ["tenant_id", "campaign_id"], **_only(LIVE))
    op.create_index("ix_call_live_phone", "call", ["tenant_id", "phone"], **_only(LIVE))
    _replace("call", "ix_call_person", ["tenant_id", "person_id", "intended_at"])
    _replace("call", "ix_call_phone", ["tenant_id", "phone", "intended_at"])


def _replace(table: str, name: str, columns: list[str], where: str | None = None) -> None:
    op.drop_index(name, table)
    op.create_index(name, table, columns, **_only(where))


def _only(where: str | None) -> dict[str, sa.TextClause]:
    return {} if where is None else {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
