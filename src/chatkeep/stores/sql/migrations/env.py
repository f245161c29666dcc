"""Alembic's entry: `chatkeep.stores.sql.schema` calls it with a connection in a transaction."""

from alembic import context

from chatkeep.stores.sql.schema import VERSION_TABLE
from chatkeep.stores.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
