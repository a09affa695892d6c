"""When PostgreSQL cleans up the tables that are written all day: after so many rows, not after a share of the table."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Each recorded poll leaves a dead entry at the end of `jobs_due` where the next claim begins to read, so what lies there must not
# grow with the table. A vacuum that leaves the indexes alone, as it may when few pages are concerned, would not take them away.
JOBS = {"autovacuum_vacuum_scale_factor": "0", "autovacuum_vacuum_threshold": "5000", "vacuum_index_cleanup": "on"}
# Deliveries are kept for weeks: a table of millions is not gone through for every few thousand.
DELIVERIES = {"autovacuum_vacuum_scale_factor": "0.01", "autovacuum_vacuum_threshold": "5000"}
BEFORE = {"autovacuum_vacuum_scale_factor": "0.05"}


def upgrade() -> None:
    _set("jobs", JOBS)
    _set("deliveries", DELIVERIES)


def downgrade() -> None:
    for table, settings in (("jobs", JOBS), ("deliveries", DELIVERIES)):
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"ALTER TABLE {table} RESET ({', '.join(settings)})")
        _set(table, BEFORE)


def _set(table: str, settings: dict[str, str]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        values = ", ".join(f"{name} = {value}" for name, value in settings.items())
        op.execute(f"ALTER TABLE {table} SET ({values})")
