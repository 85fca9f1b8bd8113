"""Read tables of people, teams, accounts and tokens; and, beside the facts, what signing in needs and no fact may have."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text

from tocsin.engine.tables import ROWS_VERSION, metadata

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("active", Boolean, nullable=False),
)
teams = Table("teams", metadata, Column("id", Text, primary_key=True), Column("name", Text, nullable=False))
memberships = Table(
    "memberships",
    metadata,
    Column("person", Text, primary_key=True),
    Column("team", Text, primary_key=True),
    Column("said_by", Text, primary_key=True),
    info={ROWS_VERSION: 1},
)
"""Who is in which team. ``said_by``: ``person`` where the person's record names the team, ``team`` where the team's names the person."""

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("has_password", Boolean, nullable=False),
    Column("made_at", BigInteger, nullable=False),
)
tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked", Boolean, nullable=False),
    Index("api_tokens_digest", "digest", unique=True),
    Index("api_tokens_person", "person"),
)
"""``scopes``: words with spaces between them."""

passwords = Table(
    "passwords",
    metadata,
    Column("person", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
)
"""What passwords are checked with (argon2id). Not made from facts: facts are for ever, and this must be able to go."""
token_uses = Table("token_uses", metadata, Column("id", Text, primary_key=True), Column("used_at", BigInteger, nullable=False))
"""When tokens were last used, to the nearest few minutes. Not made from facts either."""
