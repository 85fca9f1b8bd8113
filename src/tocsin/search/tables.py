"""What can be found: one row for each text, and the database's own index of words over them (FTS5 on SQLite, tsvector and GIN on PostgreSQL).

The index follows the table by itself: by triggers on SQLite, as a generated column on PostgreSQL. ``INDEX`` is how it is made, for a new database
(by the event below) and for a migration alike; ``NO_INDEX`` takes it away again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, Table, Text, UniqueConstraint, event, text

from tocsin.engine.tables import BY_HAND, ROW_KEY, ROWS_VERSION, metadata

search_entries = Table(
    "search_entries",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("incident", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("label", Text, nullable=False),
    Column("marks", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("kind", "record", "place"),
    Index("search_entries_by_time", "at"),
    info={ROW_KEY: ("kind", "record", "place"), ROWS_VERSION: 1},
)
"""``place``: where in its record it stands, as the address has it (``f12``, ``s-impact``). ``incident``: which one it belongs to; nothing for
services and people. ``at``: when it happened. ``label``: what it is called beside its kind (an entry's type, a section's name). ``title`` and
``text`` are what is searched; ``marks`` repeats kind and incident as words of their own, so that FTS5 itself narrows down by them. ``number`` grows with every new row, and an index of words wants numbers that do."""

metadata.info.setdefault(BY_HAND, set()).update(
    {
        "search_index",
        "search_entries_words",
        "search_entries_title",
        "search_entries_of",
        "search_entries.words",
        "search_entries.title_words",
    }
)

_PUNCTUATION: Final = "!\"#$%&''()*+,-./:;<=>?@[\\\\]^_`{|}~"
"""As it stands in a text of SQL: what separates words on PostgreSQL too, which would take ``payments-api.eu`` for one."""


def _plain(column: str) -> str:
    return f"translate({column}, E'{_PUNCTUATION}', '{' ' * 32}')"


_TITLE: Final = _plain("title")
_BOTH: Final = _plain("title || ' ' || text")

INDEX: Final[Mapping[str, tuple[str, ...]]] = {
    "sqlite": (
        """CREATE VIRTUAL TABLE search_index USING fts5(
            title, text, marks, content='search_entries', content_rowid='number', columnsize=0, tokenize='porter unicode61 remove_diacritics 2')""",
        """CREATE TRIGGER search_entries_in AFTER INSERT ON search_entries BEGIN
            INSERT INTO search_index(rowid, title, text, marks) VALUES (new.number, new.title, new.text, new.marks); END""",
        """CREATE TRIGGER search_entries_out AFTER DELETE ON search_entries BEGIN
            INSERT INTO search_index(search_index, rowid, title, text, marks) VALUES ('delete', old.number, old.title, old.text, old.marks); END""",
        """CREATE TRIGGER search_entries_anew AFTER UPDATE OF title, text, marks ON search_entries
            WHEN old.title IS NOT new.title OR old.text IS NOT new.text OR old.marks IS NOT new.marks BEGIN
            INSERT INTO search_index(search_index, rowid, title, text, marks) VALUES ('delete', old.number, old.title, old.text, old.marks);
            INSERT INTO search_index(rowid, title, text, marks) VALUES (new.number, new.title, new.text, new.marks); END""",
    ),
    "postgresql": (
        f"""ALTER TABLE search_entries
            ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('english', {_BOTH})) STORED,
            ADD COLUMN title_words tsvector GENERATED ALWAYS AS (to_tsvector('english', {_TITLE})) STORED""",
        "CREATE INDEX search_entries_words ON search_entries USING gin (words)",
        "CREATE INDEX search_entries_title_words ON search_entries USING gin (title_words) WHERE title <> ''",
        "CREATE INDEX search_entries_titled ON search_entries (number) WHERE title <> ''",
        "CREATE INDEX search_entries_of_kind ON search_entries (kind, number)",
        "CREATE INDEX search_entries_of_incident ON search_entries (incident, number)",
    ),
}
"""The statements that make the index of words beside the table, by dialect."""
NO_INDEX: Final[Mapping[str, tuple[str, ...]]] = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS search_entries_in",
        "DROP TRIGGER IF EXISTS search_entries_out",
        "DROP TRIGGER IF EXISTS search_entries_anew",
        "DROP TABLE IF EXISTS search_index",
    ),
    "postgresql": (),
}
"""The statements that take it away before the table goes; on PostgreSQL it goes with the table."""

BESIDE: Final = frozenset(
    [
        "words", "title_words", "search_entries_words", "search_entries_title_words", "search_entries_titled", "search_entries_of_kind",
        "search_entries_of_incident",
    ]
)  # fmt: skip
"""Columns and indexes of PostgreSQL that stand beside what the table here says; on SQLite, tables whose names begin with ``search_index`` do."""


def _run(connection: Connection, statements: Mapping[str, tuple[str, ...]]) -> None:
    for statement in statements[connection.dialect.name]:
        connection.exec_driver_sql(statement.replace("%", "%%") if connection.dialect.name == "postgresql" else statement)


@event.listens_for(search_entries, "after_create")
def _made(_table: Table, connection: Connection, **_more: Any) -> None:
    _run(connection, INDEX)


@event.listens_for(search_entries, "before_drop")
def _going(_table: Table, connection: Connection, **_more: Any) -> None:
    _run(connection, NO_INDEX)


def make_index(connection: Connection) -> None:
    """Make the index of words over a table that is there already; for a migration."""
    _run(connection, INDEX)


def remake_index(connection: Connection) -> None:
    """Read all texts into the index anew, should it ever differ from its table."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("INSERT INTO search_index(search_index) VALUES ('rebuild')"))
