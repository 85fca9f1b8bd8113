"""Alerts, what happened to them, and the requests that brought them: plain rows with integer ids, written by the journal of alerts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from tocsin.engine.tables import metadata

_Id = BigInteger().with_variant(Integer, "sqlite")

alerts = Table(
    "alerts",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("grp", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("muted", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("content", BigInteger, nullable=False),
    Column("fired", Integer, nullable=False),
    Column("told_start", BigInteger),
    Column("started_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("expires_at", BigInteger),
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", Text, nullable=False),
    Column("incidents", Text, nullable=False),
    Column("receipt", BigInteger, nullable=False),
    Index("alerts_by_state", "state", "id"),
    Index("alerts_by_group", "grp", "id"),
)
"""One row per occurrence. ``labels`` and ``body`` (annotations, links, value, threshold, summary, word) are JSON with sorted names; ``incidents``
are ids in the order in which it was linked, each between spaces; ``content`` is a digest of all that a repeat could change."""

alert_seen = Table(
    "alert_seen",
    metadata,
    Column("alert", _Id, primary_key=True, autoincrement=False),
    Column("last_seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("repeats", Integer, nullable=False),
)
"""When a sender last repeated an alert: narrow rows, since nothing is written more often. An alert that was never repeated has none."""

alert_events = Table(
    "alert_events",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("alert", _Id, nullable=False),
    Column("what", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("receipt", BigInteger, nullable=False),
    Column("details", Text, nullable=False),
    Index("alert_events_by_alert", "alert", "id"),
)
"""What happened to an alert after its first row."""

group_counts = Table(
    "group_counts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("firing", Integer, nullable=False),
    Column("muted", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", Text, nullable=False),
    Column("closed", Integer, nullable=False),
    Index("group_counts_open", "closed", "ended_at"),
    Index("group_counts_by_number", "number"),
)
"""How many alerts a group has: one row, written once per commit. ``firing`` may call people, ``muted`` fire and may not; ``changed_at``: when
they last all ended, or began again; ``ended_at``: since when none of them fires; ``closed``: no alert joins it any more."""

receipt_blocks = Table(
    "receipt_blocks",
    metadata,
    Column("first", _Id, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("receipt_blocks_by_time", "at"),
)
"""All requests of one commit: ``first`` is the id of the first of them, ``body`` is MessagePack compressed with zstandard."""

receipt_marks = Table(
    "receipt_marks",
    metadata,
    Column("receipt", _Id, primary_key=True, autoincrement=False),
    Column("verified", Integer, nullable=False),
    Column("note", Text, nullable=False),
)
"""What was learnt of a request after it was answered: whether its signature is good."""
