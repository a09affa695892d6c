"""Who holds a row, and what several daemons on one database agree upon. Only adds: older daemons keep running."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Rows that are updated again and again leave room for their next version on their own page (PostgreSQL: HOT), and what their older
# versions leave behind is cleaned up long before a fifth of the table is garbage.
HOT = {"jobs": 80, "deliveries": 80}


def upgrade() -> None:
    op.add_column("jobs", sa.Column("owner", sa.Text()))
    op.add_column("deliveries", sa.Column("owner", sa.Text()))
    _daemons()
    _agreements()
    if op.get_bind().dialect.name == "postgresql":
        for table, share in HOT.items():
            op.execute(f"ALTER TABLE {table} SET (fillfactor = {share}, autovacuum_vacuum_scale_factor = 0.05)")
        for table in ("daemons", "chores", "budgets", "credentials"):
            op.execute(f"ALTER TABLE {table} SET (fillfactor = 50)")


def _daemons() -> None:
    op.create_table(
        "daemons",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("beat_at", sa.Double(), nullable=False),
        sa.Column("lease", sa.Double(), nullable=False),
        sa.Column("jobs", sa.Integer(), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="daemons_pkey"),
    )
    op.create_table(
        "floors",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="floors_pkey"),
    )


def _agreements() -> None:
    op.create_table(
        "chores",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("held_until", sa.Double(), nullable=False),
        sa.Column("found", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name", name="chores_pkey"),
    )
    op.create_table(
        "budgets",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("next_at", sa.Double(), nullable=False),
        sa.Column("held_until", sa.Double(), nullable=False),
        sa.Column("too_much", sa.Double()),
        sa.Column("cut_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="budgets_pkey"),
    )
    op.create_table(
        "credentials",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.Double(), nullable=False),
        sa.Column("failed_at", sa.Double(), nullable=False),
        sa.Column("open_until", sa.Double()),
        sa.Column("pause", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("trier", sa.Text()),
        sa.Column("trying_until", sa.Double()),
        sa.PrimaryKeyConstraint("fingerprint", name="credentials_pkey"),
    )


def downgrade() -> None:
    for table in ("credentials", "budgets", "chores", "floors", "daemons"):
        op.drop_table(table)
    for table in ("deliveries", "jobs"):
        op.drop_column(table, "owner")
