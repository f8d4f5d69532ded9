"""Runs revisions on the connection that ``store.schema.upgrade`` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from workbench.store.schema import VERSION_TABLE
from workbench.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
