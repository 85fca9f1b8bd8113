"""Run migrations on the connection that the caller hands over (``engine.schema``); there is no configuration file."""

from __future__ import annotations

from alembic import context

from tocsin.engine.schema import declared
from tocsin.engine.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True, compare_type=True, include_object=declared
)  # fmt: skip
with context.begin_transaction():
    context.run_migrations()
