"""Vendors are asked and accounts removed, and evidence is verified and judged again, by jobs."""

import sqlalchemy as sa

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KINDS = "kind IN ('import', 'export', 'recall-sweep', 'reconciliation', 'erasure'"
FAULTS = "fault IN ('unreadable', 'rows-rejected', 'gone', 'not-now', 'too-large', 'lost', 'surprise'"
WIDER = {
    "ck_job_kind": (f"{KINDS})", f"{KINDS}, 'vendor-check', 'vendor-removal', 'verification', 'replay')"),
    "ck_job_fault": (f"{FAULTS})", f"{FAULTS}, 'unreachable')"),
}


def upgrade() -> None:
    for name, (narrow, wide) in WIDER.items():
        _change(name, narrow, wide)


def downgrade() -> None:
    op.execute("DELETE FROM job_part WHERE job_id IN (SELECT id FROM job WHERE kind = 'replay')")
    op.execute("DELETE FROM job WHERE kind IN ('vendor-check', 'vendor-removal', 'verification', 'replay')")
    for name, (narrow, wide) in WIDER.items():
        _change(name, wide, narrow)


def _change(name: str, before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(name, "job", type_="check")
        op.create_check_constraint(name, "job", after)
        return
    # SQLite has no ALTER for a CHECK, and to make the table anew would drop what refers to it. Its manual has this way
    # for changes that leave the rows as they are (lang_altertable, section 7).
    conn = op.get_bind()
    version = conn.exec_driver_sql("PRAGMA schema_version").scalar_one()
    conn.exec_driver_sql("PRAGMA writable_schema=ON")
    written = sa.text(
        "UPDATE sqlite_master SET sql = replace(sql, :before, :after) WHERE type = 'table' AND name = 'job'"
    )
    conn.execute(written, {"before": before, "after": after})
    conn.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    conn.exec_driver_sql("PRAGMA writable_schema=OFF")
