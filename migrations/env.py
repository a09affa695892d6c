"""Runs the migrations on the connection that it is given, in the transaction that has begun there."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("target_metadata"),
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
