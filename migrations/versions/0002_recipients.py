"""A delivery is owed to one recipient of a notifier, and may be told together with others."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEPT = (
    *("id", "event", "notifier", "job", "sequence", "state", "attempts", "next_attempt_at", "claimed_until"),
    *("last_error", "created_at", "settled_at"),
)
PENDING = "state = 'pending'"


def upgrade() -> None:
    op.drop_index("deliveries_in_order", "deliveries")
    if op.get_bind().dialect.name == "sqlite":
        _made_again(("event", "notifier", "recipient"), recipient=True)
    else:
        op.add_column("deliveries", sa.Column("recipient", sa.Text(), nullable=False, server_default=""))
        op.alter_column("deliveries", "recipient", server_default=None)
        op.add_column("deliveries", sa.Column("bundle", sa.Text()))
        op.drop_constraint("deliveries_event_notifier_key", "deliveries")
        name = "deliveries_event_notifier_recipient_key"
        op.create_unique_constraint(name, "deliveries", ["event", "notifier", "recipient"])
    _index("deliveries_in_order", ["notifier", "recipient", "job", "sequence"], PENDING)
    _index("deliveries_bundled", ["notifier", "recipient", "bundle"], f"{PENDING} AND bundle IS NOT NULL")
    collected = f"{PENDING} AND bundle IS NULL AND recipient <> ''"
    _index("deliveries_collected", ["notifier", "recipient", "created_at"], collected)


def downgrade() -> None:
    for name in ("deliveries_in_order", "deliveries_bundled", "deliveries_collected"):
        op.drop_index(name, "deliveries")
    # Of those that one event owes to several recipients, one is left.
    op.execute("DELETE FROM deliveries WHERE id NOT IN (SELECT min(id) FROM deliveries GROUP BY event, notifier)")
    if op.get_bind().dialect.name == "sqlite":
        _made_again(("event", "notifier"), recipient=False)
    else:
        op.drop_constraint("deliveries_event_notifier_recipient_key", "deliveries")
        op.drop_column("deliveries", "bundle")
        op.drop_column("deliveries", "recipient")
        op.create_unique_constraint("deliveries_event_notifier_key", "deliveries", ["event", "notifier"])
    _index("deliveries_in_order", ["notifier", "job", "sequence"], PENDING)


def _made_again(unique: tuple[str, ...], *, recipient: bool) -> None:
    """SQLite cannot change a table's constraints: a new table takes the place of the old one, and its numbers go on."""
    new = [sa.Column("recipient", sa.Text(), nullable=False), sa.Column("bundle", sa.Text())] if recipient else []
    op.create_table(
        "deliveries_new",
        sa.Column("id", KEY, nullable=False),
        sa.Column("event", KEY, nullable=False),
        sa.Column("notifier", sa.Text(), nullable=False),
        *new,
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
        sa.UniqueConstraint(*unique, name=f"deliveries_{'_'.join(unique)}_key"),
        sqlite_autoincrement=True,
    )
    names = ", ".join(KEPT)
    added, values = (", recipient", ", ''") if recipient else ("", "")
    op.execute(f"INSERT INTO deliveries_new ({names}{added}) SELECT {names}{values} FROM deliveries")  # noqa: S608 our own names
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'deliveries_new'")
    op.execute(
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'deliveries_new', seq FROM sqlite_sequence WHERE name = 'deliveries'"
    )
    op.drop_table("deliveries")
    op.rename_table("deliveries_new", "deliveries")
    _index("deliveries_due", ["notifier", "next_attempt_at"], PENDING)
    _index("deliveries_dead", ["notifier"], "state = 'dead'")
    _index("deliveries_by_end", ["settled_at"], "settled_at IS NOT NULL")


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "deliveries", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
