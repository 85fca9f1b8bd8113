"""The read table of groups. It can be rebuilt from the log; how many alerts fire in each, the alerts' journal counts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from tocsin.engine.tables import metadata

groups = Table(
    "alert_groups",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("shows", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("word", Text, nullable=False),
    Column("incident", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("acknowledged_by", Text, nullable=False),
    Column("acknowledged_at", BigInteger),
    Column("opened_at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    Column("pages", Integer, nullable=False),
    Index("alert_groups_by_time", "opened_at", "id"),
    Index("alert_groups_by_phase", "phase", "opened_at"),
    Index("alert_groups_by_incident", "incident"),
)
