"""Jobs and their files; the vendors' scripts; from where a company may be spoken to."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# A migration stands by itself: it names types, never today's models.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
OPEN = sa.text("state IN ('waiting', 'working')")
STANDING = sa.text("removed_at IS NULL")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", ID, sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", ID, nullable=True),
        sa.Column("asked", DOCUMENT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("finished", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("result", DOCUMENT, nullable=False),
        sa.Column("fault", sa.String(length=32), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("file_size", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('import', 'export', 'recall-sweep', 'reconciliation', 'erasure')", name="ck_job_kind"
        ),
        sa.CheckConstraint("state IN ('waiting', 'working', 'done', 'failed')", name="ck_job_state"),
        sa.CheckConstraint(
            "fault IN ('unreadable', 'rows-rejected', 'gone', 'not-now', 'too-large', 'lost', 'surprise')",
            name="ck_job_fault",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id"], ["campaign.tenant_id", "campaign.id"], name="fk_job_campaign_id"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_job_tenant_id"),
        sa.UniqueConstraint("tenant_id", "reference", name="uq_job_reference"),
    )
    op.create_index("ix_job_open", "job", ["id"], unique=False, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_job_ended", "job", ["ended_at"], unique=False)
    op.create_table(
        "job_part",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id", "job_id"], ["job.tenant_id", "job.id"], name="fk_job_part_job_id"),
        sa.PrimaryKeyConstraint("tenant_id", "job_id", "ordinal"),
    )
    op.create_table(
        "callflow",
        sa.Column("id", ID, sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("vendor_account_id", ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("variables", DOCUMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "vendor_account_id"],
            ["vendor_account.tenant_id", "vendor_account.id"],
            name="fk_callflow_vendor_account_id",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "uq_callflow_name",
        "callflow",
        ["tenant_id", "name"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
    op.create_table(
        "allowed_source",
        sa.Column("id", ID, sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("entrance", sa.String(length=32), nullable=False),
        sa.Column("network", sa.String(length=43), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.Column("removed_by", sa.String(), nullable=True),
        sa.CheckConstraint("entrance IN ('api', 'hooks')", name="ck_allowed_source_entrance"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "uq_allowed_source",
        "allowed_source",
        ["tenant_id", "entrance", "network"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )


def downgrade() -> None:
    op.drop_index("uq_allowed_source", "allowed_source")
    op.drop_table("allowed_source")
    op.drop_index("uq_callflow_name", "callflow")
    op.drop_table("callflow")
    op.drop_table("job_part")
    op.drop_index("ix_job_ended", "job")
    op.drop_index("ix_job_open", "job")
    op.drop_table("job")
