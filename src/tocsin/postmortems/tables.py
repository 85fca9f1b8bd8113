"""Read tables of postmortems: what the playbook asks for by way of a review, and how far each review is. They can be rebuilt from the log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from tocsin.engine.tables import BY_HAND, ROWS_VERSION, metadata

review_duties = Table(
    "review_duties",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("wanted", Text, nullable=False),
    Column("duty", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("follow_up", Text, nullable=False),
    Column("follow_up_id", Text, nullable=False),
    Column("follow_up_at", BigInteger),
    Column("signatures", Integer, nullable=False),
    Column("over", Integer, nullable=False),
    Index("review_duties_by_due", "due_at", text("incident DESC")),
    Index("review_duties_by_follow_up", "follow_up_at", "incident"),
    info={ROWS_VERSION: 1},
)
"""One row for each incident that wants a review, has one, or whose action items are looked at again. ``due_at`` is ``reviews.NEVER`` where nothing is owed; ``wanted``: ``required``, ``recommended`` or
``none``; ``duty`` and ``due_at``: what is owed next for it; ``over``: 1 once the incident is resolved; ``signatures``: how many are wanted."""

postmortems = Table(
    "postmortems",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("stage", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("authors", Text, nullable=False),
    Column("signed", Integer, nullable=False),
    Column("remarks", Integer, nullable=False),
    Column("drafted_at", BigInteger),
    Column("edited_at", BigInteger, nullable=False),
    Column("edited_by", Text, nullable=False),
    Index("postmortems_by_stage", "stage", "edited_at", "incident"),
    info={ROWS_VERSION: 1},
)
"""One row for each postmortem that was begun. ``authors``: ids with a line feed after each."""

metadata.info.setdefault(BY_HAND, set()).add("review_duties_by_due")  # an expression, which Alembic cannot compare on SQLite
