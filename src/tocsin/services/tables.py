"""Read tables of services: the list, and every name by which one is found."""

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

names = Table(
    "service_names",
    metadata,
    Column("name", Text, primary_key=True),
    Column("service", Text, nullable=False),
)
"""Ids, names and aliases without regard to letter case; no two services share one."""
