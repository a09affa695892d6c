"""Quiet hours, silences, reminders, acknowledgements, batches, and what is told of notifiers."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NEW = ("notifiers", "batches", "acknowledgements", "tendings", "silences")


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("not_before", sa.Double()))
    in_batches = ["source", "batch_name", "state_class", "missing"]
    _index("jobs_in_batches", "jobs", in_batches, "removed_at IS NULL AND batch_name IS NOT NULL")
    _silences()
    _tendings()
    _batches()
    op.create_table(
        "notifiers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text()),
        sa.Column("since", sa.Double()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("name", name="notifiers_pkey"),
    )


def _silences() -> None:
    op.create_table(
        "silences",
        sa.Column("id", KEY, nullable=False),
        sa.Column("matchers", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.Double(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="silences_pkey"),
        sqlite_autoincrement=True,
    )
    op.create_index("silences_by_end", "silences", ["ends_at"])


def _tendings() -> None:
    op.create_table(
        "tendings",
        sa.Column("job", KEY, nullable=False, autoincrement=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.Double(), nullable=False),
        sa.Column("told_at", sa.Double(), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("escalated_at", sa.Double()),
        sa.Column("closed_at", sa.Double()),
        sa.PrimaryKeyConstraint("job", "route", name="tendings_pkey"),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="tendings_job_fkey"),
    )
    _index("tendings_open", "tendings", ["route", "told_at"], "closed_at IS NULL")
    _index("tendings_closed", "tendings", ["closed_at"], "closed_at IS NOT NULL")
    op.create_table(
        "acknowledgements",
        sa.Column("job", KEY, nullable=False, autoincrement=False),
        sa.Column("state_since", sa.Double(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text()),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("job", name="acknowledgements_pkey"),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="acknowledgements_job_fkey"),
    )


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("batch_name", sa.Text(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("completions", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.Double()),
        sa.PrimaryKeyConstraint("source", "batch_name", name="batches_pkey"),
    )


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
    op.drop_index("jobs_in_batches", "jobs")
    op.drop_column("deliveries", "not_before")
