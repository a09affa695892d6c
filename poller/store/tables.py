"""The tables. Times are seconds since 1970 UTC, JSON is text; `migrations/` makes the same schema, which a test proves.

A poll that found nothing new touches one row of `jobs`, which is kept narrow for it; `known` is written on change only.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.sql.schema import SchemaItem

from poller.store.utf8 import FromUtf8, Utf8

metadata: Final = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)

# SQLite: only a column typed INTEGER is the rowid.
KEY: Final = BigInteger().with_variant(Integer(), "sqlite")


def partial(name: str, *columns: str, where: str, sqlite: str | None = None) -> Index:
    """An index of the rows for which `where` holds."""
    return Index(name, *columns, sqlite_where=text(sqlite or where), postgresql_where=text(where))


def needed(name: str, kind: object, *more: SchemaItem) -> Column[object]:
    """A column that is never null."""
    return Column(name, kind, *more, nullable=False)  # type: ignore[arg-type]  # any of SQLAlchemy's types


jobs: Final = Table(
    "jobs",
    metadata,
    Column("id", KEY, primary_key=True),
    needed("source", Text),
    needed("job_id", Text),
    Column("app_user_id", Text),
    needed("labels", Text),
    # Why it is watched: named by the file, by an operator, found by discovery.
    needed("by_file", Boolean),
    needed("by_request", Boolean),
    needed("by_discovery", Boolean),
    needed("paused", Boolean),
    needed("watching", Boolean),  # follows from the four above: only these rows are claimed
    Column("state", Text),
    needed("state_class", Text),
    Column("name", Text),
    Column("batch_name", Text),
    needed("state_since", Double),
    Column("digest", LargeBinary),
    needed("revision", BigInteger),
    needed("sequence", BigInteger),
    Column("due_at", Double),  # null: forgotten
    # Always null on SQLite, whose one daemon remembers what it has claimed (`store.held`).
    Column("claimed_until", Double),
    Column("owner", Text),  # the daemon that claimed it
    needed("failures", Integer),
    needed("absences", Integer),
    Column("last_error", Text),
    needed("missing", Boolean),
    needed("added_at", Double),
    Column("seen_at", Double),
    Column("removed_at", Double),
    needed("removed_by_operator", Boolean),  # true: discovery leaves it alone; false: it has left the file
    Column("first_seen_at", Double),
    Column("created_at", Double),  # when the upstream made it
    Column("stuck_since", Double),  # the `state_since` of the stay that was told as stuck; null when this one was not
    Column("entry_rate", Double),  # log entries a second to expect: one number for all within a factor of two
    needed("quiet_entries", Integer),
    UniqueConstraint("source", "job_id"),
    # Every poll writes an entry of it anyway, so what counts and sums all jobs is in it as well: they need not read the table.
    partial(
        *("jobs_due", "source", "due_at", "state_class", "entry_rate", "created_at"),
        where="watching",
        sqlite="watching = 1",
    ),
    partial(
        *("jobs_staying", "source", "state_class", "state", "state_since", "stuck_since"),
        where="watching",
        sqlite="watching = 1",
    ),
    Index("jobs_by_job_id", "job_id"),
    # All that the watch for batches that are done has to read.
    partial(
        *("jobs_in_batches", "source", "batch_name", "state_class", "missing"),
        where="removed_at IS NULL AND batch_name IS NOT NULL",
    ),
)

known: Final = Table(
    "known",
    metadata,
    Column("job", KEY, ForeignKey("jobs.id"), primary_key=True, autoincrement=False),
    Column("snapshot", Utf8),  # null: reported missing before it was ever seen
    needed("counts", Text),
)

snapshots: Final = Table(
    "snapshots",
    metadata,
    Column("id", KEY, primary_key=True),
    needed("job", KEY, ForeignKey("jobs.id")),
    needed("revision", BigInteger),
    needed("observed_at", Double),
    needed("delta", Text),
    UniqueConstraint("job", "revision"),
)

events: Final = Table(
    "events",
    metadata,
    Column("position", KEY, primary_key=True),  # grows with every commit, never used again
    needed("id", Text),
    needed("type", Text),
    needed("transition", Text),
    needed("source", Text),
    needed("subject", Text),
    Column("job", KEY, ForeignKey("jobs.id")),
    Column("sequence", BigInteger),
    needed("time", Text),
    needed("observed_at", Double),
    needed("data", FromUtf8),
    UniqueConstraint("id"),
    UniqueConstraint("job", "sequence"),
    Index("events_by_time", "observed_at"),
    sqlite_autoincrement=True,
)

deliveries: Final = Table(
    "deliveries",
    metadata,
    Column("id", KEY, primary_key=True),
    needed("event", KEY, ForeignKey("events.position")),
    needed("notifier", Text),
    needed("recipient", Text),  # empty: the notifier has one receiver, or who it goes to is settled when it is claimed
    Column("bundle", Text),  # those of one recipient with the same bundle are told together
    Column("job", KEY),  # with `sequence` a copy of the event's: the order in which a notifier is told
    Column("sequence", BigInteger),
    needed("state", Text),
    needed("attempts", Integer),
    Column("next_attempt_at", Double),  # null unless pending
    Column("claimed_until", Double),
    Column("owner", Text),  # as in `jobs`; null on SQLite
    Column("last_error", Text),
    needed("created_at", Double),
    Column("settled_at", Double),
    Column("not_before", Double),  # the end of quiet hours
    UniqueConstraint("event", "notifier", "recipient"),
    partial("deliveries_due", "notifier", "next_attempt_at", where="state = 'pending'"),
    partial("deliveries_in_order", "notifier", "recipient", "job", "sequence", where="state = 'pending'"),
    partial(
        *("deliveries_bundled", "notifier", "recipient", "bundle"), where="state = 'pending' AND bundle IS NOT NULL"
    ),
    partial(
        *("deliveries_collected", "notifier", "recipient", "created_at"),
        where="state = 'pending' AND bundle IS NULL AND recipient <> ''",
    ),
    partial("deliveries_dead", "notifier", where="state = 'dead'"),
    partial("deliveries_by_end", "settled_at", where="settled_at IS NOT NULL"),
    sqlite_autoincrement=True,
)

sources: Final = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("blind_since", Double),
    Column("reason", Text),
    Column("watched_since", Double),
    Column("ends_at", Double),  # of its credential, when that was told; null when it was told to last, or nothing
    Column("end_reason", Text),
)

# What was learned about log entries that come without a change of state.
pulses: Final = Table(
    "pulses",
    metadata,
    Column("source", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("age", Integer, primary_key=True, autoincrement=False),
    needed("entries", Double),
    needed("seconds", Double),
)

# How long jobs were in a state that they have left; grows with every change of state, and is pruned like events.
stays: Final = Table(
    "stays",
    metadata,
    Column("id", KEY, primary_key=True),
    needed("source", Text),
    needed("state", Text),
    needed("seconds", Double),
    needed("at", Double),
    Index("stays_in_state", "source", "state", "id"),
)

# What several daemons on one PostgreSQL agree upon. On SQLite, where there is one daemon, these stay empty.

# Those that are alive, and those that were lately.
daemons: Final = Table(
    "daemons",
    metadata,
    Column("id", Text, primary_key=True),
    needed("host", Text),
    needed("pid", Integer),
    needed("version", Text),
    needed("started_at", Double),
    needed("beat_at", Double),
    needed("lease", Double),
    needed("jobs", Integer),
    needed("deliveries", Integer),
)

# Who does what only one may do, and until when; `found` is what the others need to know of it.
chores: Final = Table(
    "chores",
    metadata,
    Column("name", Text, primary_key=True),
    needed("owner", Text),
    needed("held_until", Double),
    Column("found", BigInteger),
)

# The request budget of a source: the moments before `next_at` are given away.
budgets: Final = Table(
    "budgets",
    metadata,
    Column("source", Text, primary_key=True),
    needed("next_at", Double),
    needed("held_until", Double),  # nobody asks before, because the upstream asked for it
    Column("too_much", Double),  # requests a second that the upstream last refused, at `cut_at`
    needed("cut_at", Double),
)

# Credentials that were refused, by a hash that tells nothing of them (`core.fingerprint`).
credentials: Final = Table(
    "credentials",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    needed("failures", Integer),  # in a row, of all daemons together
    needed("failing_since", Double),
    needed("failed_at", Double),
    Column("open_until", Double),  # nobody tries before
    needed("pause", Double),
    needed("reason", Text),
    Column("trier", Text),  # the daemon that tries it now, alone, at most until `trying_until`
    Column("trying_until", Double),
)

# The oldest schema whose code still works with this one: no row, any. Daemons that are older stop when it passes them by.
floors: Final = Table("floors", metadata, Column("revision", Text, primary_key=True))


def columns(table: Table, *names: str) -> list[Column[Any]]:
    """Some columns of a table, to select."""
    return [table.c[name] for name in names]
