"""Read tables of paging: pages, whom they call, and counters that outlive a page."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from tocsin.engine.tables import metadata

pages = Table(
    "pages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("unanswered", Boolean, nullable=False),
    Column("title", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("group", Text, nullable=False),
    Column("incident", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("acknowledged_by", Text, nullable=False),
    Column("acknowledged_at", BigInteger),
    Column("lease_until", BigInteger),
    Column("next_at", BigInteger),
    Column("exhausted_at", BigInteger),
    Column("resolved_at", BigInteger),
    Column("calls", Text, nullable=False),
    Column("notified", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("late", BigInteger, nullable=False),
    Index("pages_number", "number"),
    Index("pages_state", "state", "number"),
    Index("pages_unanswered", "unanswered", "number"),
    Index("pages_incident", "incident"),
    Index("pages_group", "group"),
)
"""``calls``: who was called last, separated by spaces. ``late``: microseconds by which its latest decision came after its time, at most."""

people = Table(
    "page_people",
    metadata,
    Column("person", Text, primary_key=True),
    Column("page", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("last_at", BigInteger),
    Index("page_people_live", "person", "live", "number"),
)
"""Whom a page calls or called. ``last_at``: when it was last decided to notify this person."""

turns = Table(
    "policy_turns",
    metadata,
    Column("policy", Text, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("turn", Integer, nullable=False),
)
"""Whose turn it is in a step that calls one after the other, counted through its people; kept across pages."""

counters = Table("page_numbers", metadata, Column("of", Text, primary_key=True), Column("last", Integer, nullable=False))
"""The number that was given last."""

policies = Table(
    "policies",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("waived", Boolean, nullable=False),
    Column("retired", Boolean, nullable=False),
)
