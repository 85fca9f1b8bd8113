"""The read table of changes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from tocsin.engine.tables import metadata

changes = Table(
    "changes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("service", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Index("changes_by_time", "at"),
    Index("changes_by_service", "service", "at"),
)
