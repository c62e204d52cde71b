"""Alembic runs this inside `migrate.migrate`, on the connection and transaction given there."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
