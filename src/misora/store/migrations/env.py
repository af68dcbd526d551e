"""Runs migrations on the connection that ``misora.store.migrate`` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from misora.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
