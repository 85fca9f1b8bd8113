"""The engine's tables. Times are microseconds since 1970 UTC; bodies are canonical JSON kept as text."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

metadata = MetaData()
"""Every table of the product; packages add their read tables to it."""

ROW_KEY = "row_key"
"""In a table's ``info``: the names of the columns by which rows are written, where the database numbers them by a primary key of its own."""


BY_HAND = "by_hand"
"""In the metadata's ``info``: what statements of their own make (indexes of words and of expressions, their tables and ``table.column``s), or how these names begin."""
ROWS_VERSION = "rows_version"
"""In a table's ``info``: raise it when rows come to be written otherwise. A start fills a read table anew whose version is not the one it was filled with."""


def key_of(table: Table) -> tuple[Column[Any], ...]:
    """Return the columns by which a row of a read table is found and replaced."""
    return tuple(table.c[name] for name in table.info[ROW_KEY]) if ROW_KEY in table.info else tuple(table.primary_key.columns)


def written_of(table: Table) -> tuple[Column[Any], ...]:
    """Return the columns of a read table that are written; what the database makes itself is not among them."""
    return tuple(column for column in table.columns if not (ROW_KEY in table.info and (column.primary_key or column.computed is not None)))


_Id = BigInteger().with_variant(Integer, "sqlite")

facts = Table(
    "facts",
    metadata,
    Column("position", _Id, primary_key=True, autoincrement=True),
    Column("stream", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("body", Text),
    Column("salt", LargeBinary),
    Column("digest", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("stream", "version"),
)

streams = Table(
    "streams",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("snapshot", Text),
    Column("snapshot_version", Integer, nullable=False),
    Column("fold_version", Integer, nullable=False),
)

timers = Table(
    "timers",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("due_at", BigInteger, nullable=False),
    Index("timers_due", "due_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("stream", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("sent", Text),
    Column("error", Text),
    Index("deliveries_waiting", "state", "due_at"),
    Index("deliveries_stream", "stream"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("idempotency_at", "at"),
)

refusals = Table(
    "refused_reactions",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("reaction", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

blobs = Table(
    "blobs",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("under", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("agent", Text, nullable=False),
    Column("address", Text, nullable=False),
    Index("sessions_person", "person"),
)
"""Browsers that are signed in, each by the digest of what its cookie holds. All times of this table and the next are the machine's own,
whatever clock the installation runs on. ``under``: ``local:`` and the digest of the installation's token where that opened it; empty: an account did."""

links = Table(
    "one_time_links",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Index("one_time_links_person", "person"),
)
"""Links that sign in or let a password be set, once. Used ones are deleted."""

settings = Table("settings", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
"""What the installation keeps for itself: the bootstrap token's hash, keys, the schema's version."""
