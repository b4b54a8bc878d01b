"""Lists in order: an index for each order in which a big list is told.

Of what moves with every call only `call` gets one index more; the others only grow at their end.
"""

import sqlalchemy as sa

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

DEAD = "state = 'dead'"
WAITING = "status IN ('new', 'queue')"
NEW: dict[str, tuple[str, list[str], str | None]] = {
    "ix_act_at": ("act", ["tenant_id", "at", "id"], None),
    "ix_call_intended": ("call", ["tenant_id", "intended_at", "id"], None),
    "ix_delivery_dead": ("delivery", ["tenant_id", "id"], DEAD),
    "ix_delivery_newest": ("delivery", ["tenant_id", "id"], None),
    "ix_job_created": ("job", ["tenant_id", "created_at", "id"], None),
    "ix_suppression_since": ("suppression", ["tenant_id", "since", "id"], None),
}


def upgrade() -> None:
    _replace("call", "ix_call_campaign", ["tenant_id", "campaign_id", "intended_at", "id"])
    _replace("customer", "ix_customer_waiting", ["tenant_id", "campaign_id", "due_at", "id"], WAITING)
    for name, (table, columns, where) in NEW.items():
        op.create_index(name, table, columns, **_only(where))


def downgrade() -> None:
    for name, (table, _, _) in NEW.items():
        op.drop_index(name, table)
    _replace("customer", "ix_customer_waiting", ["tenant_id", "campaign_id", "due_at"], WAITING)
    _replace("call", "ix_call_campaign", ["tenant_id", "campaign_id", "outcome"])


def _replace(table: str, name: str, columns: list[str], where: str | None = None) -> None:
    op.drop_index(name, table)
    op.create_index(name, table, columns, **_only(where))


def _only(where: str | None) -> dict[str, sa.TextClause]:
    return {} if where is None else {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
