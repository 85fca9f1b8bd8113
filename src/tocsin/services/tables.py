"""Read table of services."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from tocsin.engine.tables import metadata

services = Table(
    "services",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("playbook", Text, nullable=False),
)
