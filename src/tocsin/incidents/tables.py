"""The read table of incidents: what lists and filters need. It can be rebuilt from the log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from tocsin.engine.tables import ROWS_VERSION, metadata

incidents = Table(
    "incidents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    Column("stage_kind", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("playbook", Text, nullable=False),
    Column("lead", Text, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("merged_into", Text, nullable=False),
    Column("declared_at", BigInteger, nullable=False),
    Index("incidents_by_time", "declared_at"),
    Index("incidents_open", "ended", "declared_at"),
    Index("incidents_private", "private", "id"),
    info={ROWS_VERSION: 1},
)

glances = Table(
    "incident_glances",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("next_at", BigInteger),
    Column("since", BigInteger, nullable=False),
    Column("people", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("incident_glances_next", "next_at"),
    info={ROWS_VERSION: 2},
)
"""``next_at``: when the earliest duty that waits is due; nothing where none waits. ``people``: who holds a role or takes part, each between line
ends. ``body``: a ``glance.Glance``."""

incident_readers = Table(
    "incident_readers",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Index("incident_readers_by_person", "person"),
    info={ROWS_VERSION: 1},
)
"""Whom each private incident names; incidents that are not private have no row."""

incident_attachments = Table(
    "incident_attachments",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("incident", Text, primary_key=True),
    info={ROWS_VERSION: 1},
)
"""Which incidents an attachment belongs to, private or not; what belongs to none yet was only just sent. A published postmortem is one as well."""
