"""How migrations meet the database: over the connection that the caller opened."""

from sqlmodel import SQLModel

import campaigns.models  # noqa: F401  (the tables must be known before they are compared)
from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=False)
with context.begin_transaction():
    context.run_migrations()
