"""Read tables of services: the list, and every name by which one is found."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Table, Text, false

from tocsin.engine.tables import metadata

services = Table(
    "services",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("playbook", Text, nullable=False),
    Column("retired", Boolean, nullable=False, server_default=false()),
)

names = Table(
    "service_names",
    metadata,
    Column("name", Text, primary_key=True),
    Column("service", Text, nullable=False),
)
"""Ids, names and aliases without regard to letter case; no two services share one."""

components = Table(
    "service_components",
    metadata,
    Column("service", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("group_path", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)
"""What the status page shows of services; those that it does not show have no row. Times are microseconds since 1970 UTC."""
