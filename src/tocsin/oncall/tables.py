"""Read tables of on-call duty: schedules, who stands in which, addresses of published calendars, hand-offs."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from tocsin.engine.tables import metadata

schedules = Table(
    "schedules",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("version", Integer, nullable=False),
)

people = Table(
    "schedule_people",
    metadata,
    Column("person", Text, primary_key=True),
    Column("schedule", Text, primary_key=True),
)
"""Who may come to be on call in which schedule, by its newest version and calendars."""

feeds = Table(
    "calendar_feeds",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("record", Text, nullable=False),
)
"""The digest of each secret address (SHA-256 of the secret), and the record whose shifts it shows."""

handoffs = Table(
    "handoffs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("schedule", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("outgoing", Text, nullable=False),
    Column("incoming", Text, nullable=False),
    Index("handoffs_by_schedule", "schedule", "at"),
)
"""``at`` is in microseconds since 1970; people are separated by spaces."""

availability = Table(
    "availability",
    metadata,
    Column("person", Text, primary_key=True),
    Column("until", BigInteger, nullable=False),
)
"""Who has absences, and when the last of them ends (microseconds since 1970)."""
