"""Runs the migrations on the connection that poller hands over, in the transaction that it has begun."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("target_metadata"),
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
