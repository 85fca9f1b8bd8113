"""The engine's tables. Times are microseconds since 1970 UTC; bodies are canonical JSON kept as text."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

metadata = MetaData()
"""Every table of the product; packages add their read tables to it."""

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

settings = Table("settings", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
"""What the installation keeps for itself: the bootstrap token's hash, keys, the schema's version."""
