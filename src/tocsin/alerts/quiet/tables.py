"""Read tables of silences and of maintenance. They can be rebuilt from the log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from tocsin.engine.tables import metadata

silences = Table(
    "silences",
    metadata,
    Column("id", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("silences_by_end", "until"),
)

maintenance = Table(
    "maintenance",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("last_end", BigInteger),
    Column("cancelled", Integer, nullable=False),
    Index("maintenance_by_end", "last_end"),
)
"""``last_end``: when the last window is over; nothing where it comes again without end."""
