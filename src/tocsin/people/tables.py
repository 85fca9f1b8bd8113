"""Read tables of people and teams."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Table, Text

from tocsin.engine.tables import metadata

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("active", Boolean, nullable=False),
)
teams = Table("teams", metadata, Column("id", Text, primary_key=True), Column("name", Text, nullable=False))
