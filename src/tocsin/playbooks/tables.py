"""Every text of a playbook that was ever in force, by its digest: an incident pins one."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from tocsin.engine.tables import metadata

playbook_texts = Table(
    "playbook_texts",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

playbooks = Table(
    "playbooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("title", Text, nullable=False),
)
