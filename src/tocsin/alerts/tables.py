"""Read tables of alerts and receipts. They can be rebuilt from the log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from tocsin.engine.tables import metadata

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("word", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("incident", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", Text, nullable=False),
    Index("alerts_by_time", "received_at"),
    Index("alerts_by_state", "state", "received_at"),
)

newest = Table(
    "alert_newest",
    metadata,
    Column("source", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("alert", Text, nullable=False),
)
"""The newest occurrence of each alert that a tool knows."""

receipts = Table(
    "receipts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("resolved", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("rejected", Text, nullable=False),
    Index("receipts_by_time", "at"),
)
