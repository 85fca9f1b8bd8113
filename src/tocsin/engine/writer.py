"""Write what a batch gathered: one statement per table, each compiled once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, case, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.engine import tables
from tocsin.engine.batch import Batch
from tocsin.engine.database import upsert
from tocsin.engine.model import micros
from tocsin.engine.submissions import Committed
from tocsin.engine.waiting import Waiting, waiting_row

Row = dict[str, Any]

_FACT_COLUMNS: Final = ("stream", "version", "type", "occurred_at", "recorded_at", "actor", "body", "salt", "digest", "hash")
_AT_ONCE: Final = 500


class Prepared:
    """A statement that is run for many rows at once, compiled once. Rows are given to the driver as they are."""

    def __init__(self, dialect: str, statement: Any) -> None:
        # Both drivers take rows as dictionaries, if the statement names its parameters.
        made = sqlite.dialect(paramstyle="named") if dialect == "sqlite" else postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]
        self._text = str(statement.compile(dialect=made))

    def run(self, connection: Connection, rows: list[Row]) -> None:
        """Run the statement for each row."""
        if rows:
            connection.exec_driver_sql(self._text, rows)


class Writer:
    """The statements of one database. Used on the committer's thread only."""

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect
        self._facts = Prepared(dialect, insert(tables.facts).values({name: bindparam(name) for name in _FACT_COLUMNS}))
        # A head moves without touching the snapshot that stands beside it.
        self._heads = Prepared(dialect, upsert(dialect, tables.streams, ("stream",), only=("version", "head")))
        self._timers = Prepared(dialect, upsert(dialect, tables.timers, ("stream",)))
        self._no_timers = Prepared(dialect, delete(tables.timers).where(tables.timers.c.stream == bindparam("gone")))
        streams = tables.streams
        self._snapshots = Prepared(
            dialect,
            update(streams)
            .where(streams.c.stream == bindparam("of"))
            .values(snapshot=bindparam("snapshot"), snapshot_version=bindparam("snapshot_version"), fold_version=bindparam("fold_version")),
        )
        new = sqlite.insert(tables.deliveries) if dialect == "sqlite" else postgresql.insert(tables.deliveries)
        # The same key is the same message: it is there already, and is not sent a second time.
        self._deliveries = new.on_conflict_do_nothing(index_elements=["key"]).returning(tables.deliveries.c.id, tables.deliveries.c.key)
        self._row_statements: dict[str, Any] = {}

    def write(self, connection: Connection, batch: Batch, new_keys: list[Row]) -> Committed:
        """Write everything that the batch gathered; return what will have changed once it is committed."""
        self._facts.run(connection, batch.fact_rows)
        self._heads.run(connection, batch.head_rows())
        withdrawn = _cancel(connection, batch.cancelled)
        waiting = self._insert_deliveries(connection, batch.deliveries)
        if batch.refused:
            connection.execute(insert(tables.refusals), batch.refused)
        if new_keys:
            connection.execute(insert(tables.idempotency), new_keys)
        self._write_rows(connection, batch)
        for stream, version in batch.redacted:
            withdrawn += _redact(connection, stream, version)
        if batch.dropped:
            connection.execute(delete(tables.blobs).where(tables.blobs.c.digest.in_(batch.dropped)))
        self._snapshots.run(connection, batch.snapshot_rows())  # a redaction takes older ones away
        woken = [(name, record.due) for name, record in batch.streams.items() if record.woken]
        for name, draft in batch.drafts.items():
            due = draft.wake()
            woken.append((f"{name}:", None if due is None else micros(due)))
        self._timers.run(connection, [{"stream": name, "due_at": due} for name, due in woken if due is not None])
        self._no_timers.run(connection, [{"gone": name} for name, due in woken if due is None])
        news = [name for name, draft in batch.drafts.items() if draft.news()]
        return Committed(batch.new_facts, woken, waiting, withdrawn, news)

    def _insert_deliveries(self, connection: Connection, rows: Sequence[Row]) -> list[Waiting]:
        if not rows:
            return []
        by_key = {row["key"]: row for row in reversed(rows)}
        ids = {key: int(id_) for id_, key in connection.execute(self._deliveries, list(rows))}
        waiting = [waiting_row(ids[key], row) for key, row in by_key.items() if key in ids and row["state"] == "waiting"]
        waiting.sort(key=_by_id)
        return waiting

    def _write_rows(self, connection: Connection, batch: Batch) -> None:
        written: dict[str, list[Row]] = {}
        gone: dict[str, list[tuple[Any, ...]]] = {}
        for write in batch.rows.values():
            if write.values is None:
                gone.setdefault(write.table, []).append(write.key)
            else:
                written.setdefault(write.table, []).append(dict(write.values))
        for name, keys in gone.items():
            table = tables.metadata.tables[name]
            columns = list(tables.key_of(table))
            statement = delete(table).where(*(column == bindparam(f"k{number}") for number, column in enumerate(columns)))
            connection.execute(statement, [{f"k{number}": value for number, value in enumerate(key)} for key in keys])
        for name, rows in written.items():
            made = self._row_statements.get(name)
            if made is None:
                made = self._row_statements[name] = self._row_statement(tables.metadata.tables[name])
            if isinstance(made, Prepared):
                made.run(connection, rows)
            else:
                connection.execute(made, rows)

    def _row_statement(self, table: Table) -> Any:
        """Return the upsert of a read table; compiled where the driver takes the table's values as they are."""
        columns = tables.written_of(table)
        key = tuple(column.name for column in tables.key_of(table))
        statement = upsert(self._dialect, table, key, tuple(column.name for column in columns if column.name not in key))
        statement = statement.values({column.name: bindparam(column.name) for column in columns})
        dialect = sqlite.dialect() if self._dialect == "sqlite" else postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]
        plain = all(column.type.dialect_impl(dialect).bind_processor(dialect) is None for column in columns)
        return Prepared(self._dialect, statement) if plain else statement


def _by_id(row: Waiting) -> int:
    return row.id


def _cancel(connection: Connection, cancelled: Sequence[tuple[str, str]]) -> list[int]:
    """Take back messages that wait in the table; return their ids."""
    if not cancelled:
        return []
    table = tables.deliveries
    by_stream: dict[str, list[str]] = {}
    for stream, key in cancelled:
        by_stream.setdefault(stream, []).append(key)
    ids: list[int] = []
    for stream, keys in by_stream.items():
        begins = [key[:-1] for key in keys if key.endswith("*")]
        whole = [key for key in keys if not key.endswith("*")]
        meant = [func.substr(table.c.key, 1, len(begin)) == begin for begin in begins]
        if whole:
            meant.append(table.c.key.in_(whole))
        found = select(table.c.id).where(table.c.stream == stream, table.c.state == "waiting", or_(*meant))
        ids += connection.execute(found).scalars()
    _settle(connection, ids, {"state": "cancelled"})
    return ids


def _settle(connection: Connection, ids: Sequence[int], values: Row) -> None:
    table = tables.deliveries
    for begin in range(0, len(ids), _AT_ONCE):
        connection.execute(update(table).where(table.c.id.in_(ids[begin : begin + _AT_ONCE])).values(values))


def _redact(connection: Connection, stream: str, version: int) -> list[int]:
    """Take a fact's content and salt away, and every copy that the engine made of it: snapshots and messages. Answers that are kept name it by its number alone.

    Return the ids of messages that waited.
    """
    facts, deliveries = tables.facts, tables.deliveries
    record = stream.partition(":")[2]
    connection.execute(update(facts).where(facts.c.stream == stream, facts.c.version == version).values(body=None, salt=None))
    connection.execute(update(tables.streams).where(tables.streams.c.stream == stream).values(snapshot=None, snapshot_version=0))
    meant = (deliveries.c.stream == stream, deliveries.c.key.like(f"{record}:{version}:%"))
    waited = list(connection.execute(select(deliveries.c.id).where(*meant, deliveries.c.state == "waiting")).scalars())
    connection.execute(
        update(deliveries)
        .where(*meant)
        .values(body="{}", sent=None, state=case((deliveries.c.state == "waiting", "redacted"), else_=deliveries.c.state)),
    )
    return waited
