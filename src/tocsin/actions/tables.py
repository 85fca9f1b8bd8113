"""The read table of action items: what lists and the postmortem need. It can be rebuilt from the log."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, Text

from tocsin.engine.tables import ROWS_VERSION, metadata

NO_DATE: Final = "9999-12-31"
"""What ``due_key`` says of an item without a due date, so that it stands last."""

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
    Column("started_at", BigInteger),
    Column("due_key", Text, nullable=False),
    Column("words", Text, nullable=False),
    Index("action_items_by_incident", "incident", "created_at"),
    Index("action_items_by_due", "state", "due_key", "created_at", "id", "started_at", "incident"),
    Index("action_items_by_owner", "owner", "state", "due_key"),
    Index("action_items_by_closing", "state", "closed_at", "id"),
    Index("action_items_counted", "state", "owner", "priority", "started_at", "due_key", "incident"),
    info={ROWS_VERSION: 1},
)
"""``due_key`` is the due date for sorting; ``words`` is all that a search looks at, without letter case; ``action_items_counted`` has all that the numbers above a list are counted from."""
