"""Jobs, what is known of them, snapshots, events, deliveries, sources, and what was learned."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _jobs()
    _history()
    _events()
    _deliveries()
    _learned()
    op.create_table(
        "sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("blind_since", sa.Double()),
        sa.Column("reason", sa.Text()),
        sa.Column("watched_since", sa.Double()),
        sa.PrimaryKeyConstraint("name", name="sources_pkey"),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", KEY, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("app_user_id", sa.Text()),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("by_file", sa.Boolean(), nullable=False),
        sa.Column("by_request", sa.Boolean(), nullable=False),
        sa.Column("by_discovery", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("watching", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text()),
        sa.Column("state_class", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("batch_name", sa.Text()),
        sa.Column("state_since", sa.Double(), nullable=False),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.Double()),
        sa.Column("claimed_until", sa.Double()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("absences", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("missing", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.Double()),
        sa.Column("removed_at", sa.Double()),
        sa.Column("removed_by_operator", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.Double()),
        sa.Column("created_at", sa.Double()),
        sa.Column("stuck_since", sa.Double()),
        sa.Column("entry_rate", sa.Double()),
        sa.Column("quiet_entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="jobs_pkey"),
        sa.UniqueConstraint("source", "job_id", name="jobs_source_job_id_key"),
    )
    due = ["source", "due_at", "state_class", "entry_rate", "created_at"]
    _index("jobs_due", "jobs", due, sqlite="watching = 1", postgresql="watching")
    staying = ["source", "state_class", "state", "state_since", "stuck_since"]
    _index("jobs_staying", "jobs", staying, sqlite="watching = 1", postgresql="watching")
    op.create_index("jobs_by_job_id", "jobs", ["job_id"])


def _history() -> None:
    op.create_table(
        "known",
        sa.Column("job", KEY, nullable=False, autoincrement=False),
        sa.Column("snapshot", sa.Text()),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("job", name="known_pkey"),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="known_job_fkey"),
    )
    op.create_table(
        "snapshots",
        sa.Column("id", KEY, nullable=False),
        sa.Column("job", KEY, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("observed_at", sa.Double(), nullable=False),
        sa.Column("delta", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="snapshots_pkey"),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="snapshots_job_fkey"),
        sa.UniqueConstraint("job", "revision", name="snapshots_job_revision_key"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("position", KEY, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("transition", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("job", KEY),
        sa.Column("sequence", sa.BigInteger()),
        sa.Column("time", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.Double(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="events_pkey"),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="events_job_fkey"),
        sa.UniqueConstraint("id", name="events_id_key"),
        sa.UniqueConstraint("job", "sequence", name="events_job_sequence_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("events_by_time", "events", ["observed_at"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", KEY, nullable=False),
        sa.Column("event", KEY, nullable=False),
        sa.Column("notifier", sa.Text(), nullable=False),
        sa.Column("job", KEY),
        sa.Column("sequence", sa.BigInteger()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.Double()),
        sa.Column("claimed_until", sa.Double()),
        sa.Column("last_error", sa.Text()),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("settled_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="deliveries_pkey"),
        sa.ForeignKeyConstraint(["event"], ["events.position"], name="deliveries_event_fkey"),
        sa.UniqueConstraint("event", "notifier", name="deliveries_event_notifier_key"),
        sqlite_autoincrement=True,
    )
    _index("deliveries_due", "deliveries", ["notifier", "next_attempt_at"], sqlite="state = 'pending'")
    _index("deliveries_in_order", "deliveries", ["notifier", "job", "sequence"], sqlite="state = 'pending'")
    _index("deliveries_dead", "deliveries", ["notifier"], sqlite="state = 'dead'")
    _index("deliveries_by_end", "deliveries", ["settled_at"], sqlite="settled_at IS NOT NULL")


def _learned() -> None:
    op.create_table(
        "pulses",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("age", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("entries", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("source", "state", "age", name="pulses_pkey"),
    )
    op.create_table(
        "stays",
        sa.Column("id", KEY, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="stays_pkey"),
    )
    op.create_index("stays_in_state", "stays", ["source", "state", "id"])


def _index(name: str, table: str, columns: list[str], *, sqlite: str, postgresql: str | None = None) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(sqlite), postgresql_where=sa.text(postgresql or sqlite))


def downgrade() -> None:
    for table in ("sources", "stays", "pulses", "deliveries", "events", "snapshots", "known", "jobs"):
        op.drop_table(table)
