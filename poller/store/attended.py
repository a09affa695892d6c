"""The tables of what is done until somebody acts, and of what is told only once. They belong to the schema of `tables`."""

from typing import Final

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text

from poller.store.tables import KEY, metadata, needed, partial

# For a time nobody is told of some events; `matchers` is JSON. Never changed but for an earlier end.
silences: Final = Table(
    "silences",
    metadata,
    Column("id", KEY, primary_key=True),
    needed("matchers", Text),
    needed("author", Text),
    needed("comment", Text),
    needed("starts_at", Double),
    needed("ends_at", Double),
    Index("silences_by_end", "ends_at"),
    sqlite_autoincrement=True,
)

# How far the care of a route for a job has come; `route` is the route's lasting name (`core.tending`).
tendings: Final = Table(
    "tendings",
    metadata,
    Column("job", KEY, ForeignKey("jobs.id"), primary_key=True, autoincrement=False),
    Column("route", Text, primary_key=True),
    needed("opened_at", Double),
    needed("told_at", Double),
    needed("reminders", Integer),
    Column("escalated_at", Double),
    Column("closed_at", Double),
    partial("tendings_open", "route", "told_at", where="closed_at IS NULL"),
    partial("tendings_closed", "closed_at", where="closed_at IS NOT NULL"),
)

# Who takes care of a job; holds while the job stays in the state that it has been in since `state_since`.
acknowledgements: Final = Table(
    "acknowledgements",
    metadata,
    Column("job", KEY, ForeignKey("jobs.id"), primary_key=True, autoincrement=False),
    needed("state_since", Double),
    needed("author", Text),
    Column("comment", Text),
    needed("at", Double),
)

# What was last noticed of a batch (`core.batch`).
batches: Final = Table(
    "batches",
    metadata,
    Column("source", Text, primary_key=True),
    Column("batch_name", Text, primary_key=True),
    needed("done", Boolean),
    needed("completions", Integer),
    Column("told_at", Double),
)

# What is told of a notifier: failing or disabled, null when it is neither.
notifiers: Final = Table(
    "notifiers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("condition", Text),
    Column("since", Double),
    Column("reason", Text),
)
