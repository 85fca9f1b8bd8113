"""The read table of action items: what lists and the postmortem need. It can be rebuilt from the log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from tocsin.engine.tables import metadata

action_items = Table(
    "action_items",
    metadata,
    Column("id", Text, primary_key=True),
    Column("incident", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("group_id", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("due", Text),
    Column("priority", Text, nullable=False),
    Column("ticket", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("closed_by", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("action_items_by_incident", "incident", "created_at"),
    Index("action_items_by_state", "state", "due"),
    Index("action_items_by_owner", "owner", "state"),
)
