"""Rows of heartbeats: what is expected, and when each last reported."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, Text

from tocsin.engine.tables import metadata

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("every", BigInteger, nullable=False),
    Column("grace", BigInteger, nullable=False),
    Column("muted", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("secret", Text, nullable=False),
)
"""A read table. ``every`` and ``grace`` are microseconds."""

beats = Table(
    "beats",
    metadata,
    Column("heartbeat", Text, primary_key=True),
    Column("last_at", BigInteger, nullable=False),
    Column("reports", Integer, nullable=False),
)
"""The newest report of each, kept by the journal."""
