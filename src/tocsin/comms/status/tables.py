"""Tables of the status page: notices by time (a read table), and subscribers with their addresses (rows of their own, never in the log)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from tocsin.engine.tables import metadata

notices = Table(
    "status_notices",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("public_id", Text, nullable=False, unique=True),
    Column("began_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    Column("hidden", Integer, nullable=False),
    Index("status_notices_by_time", "began_at"),
    Index("status_notices_open", "resolved_at", "began_at"),
)
"""What the public was told of, by when it began; it can be rebuilt from the log. ``public_id``: what the page's addresses call it."""

subscribers = Table(
    "status_subscribers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("way", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("contact", Text, nullable=False),
    Column("components", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("written", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("failed_at", BigInteger),
    Column("why", Text, nullable=False),
    Index("status_subscribers_by_state", "state", "id"),
)
"""Who wants to be told. A row goes when its owner leaves, and the address with it: no fact and no message holds one.

``way``: ``email`` or ``webhook``. ``contact``: a mail address that hears when a webhook is stopped. ``components``: public ids as JSON, none: all.
``state``: ``pending``, ``active`` or ``stopped``. ``written``: messages of ours so far. Times are microseconds since 1970 UTC.
"""
