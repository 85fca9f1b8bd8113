"""Make the read tables anew from the log: what a test compares, and what an operator runs after a change of their shape."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, text

from tocsin.engine import log, tables
from tocsin.engine.database import Database, upsert
from tocsin.engine.kinds import Registry
from tocsin.engine.model import RowWrite

_FILLED: Final = "filled_tables"
"""The setting that keeps with which version each read table was filled."""
_ONE_AT_A_TIME: Final = 7_305_001
"""The advisory lock of PostgreSQL that one node holds while it fills."""
_AT_ONCE: Final = 1000


def rows_of_log(connection: Connection, registry: Registry) -> dict[str, dict[tuple[Any, ...], dict[str, Any]]]:
    """Return what every read table should hold: table name -> primary key -> row. Folds the whole log, one stream at a time.

    Where several streams write one row (the newest occurrence of an alert, say), the latest fact of the log wins, as it did in life.
    """
    newest: dict[str, dict[tuple[Any, ...], tuple[int, RowWrite]]] = {}
    for stream in connection.execute(select(tables.streams.c.stream).order_by(tables.streams.c.stream)).scalars():
        for position, write in _writes(connection, registry, stream):
            rows = newest.setdefault(write.table, {})
            if write.key not in rows or rows[write.key][0] <= position:
                rows[write.key] = position, write
    return {
        name: {key: dict(write.values) for key, (_, write) in rows.items() if write.values is not None} for name, rows in newest.items()
    }


def _writes(connection: Connection, registry: Registry, stream: str) -> Iterator[tuple[int, RowWrite]]:
    kind = registry.kind_of(stream)
    state = kind.initial(stream.partition(":")[2])
    for fact in log.read_facts(connection, registry, stream):
        before, state = state, kind.evolve(state, fact)
        for write in kind.rows(before, state, [fact]):
            yield fact.position, write


def rebuild(connection: Connection, registry: Registry) -> dict[str, int]:
    """Empty the read tables and write them anew within the caller's transaction; return how many rows each has."""
    wanted = rows_of_log(connection, registry)
    counts = {}
    for name, rows in wanted.items():
        table = tables.metadata.tables[name]
        connection.execute(delete(table))
        if rows:
            connection.execute(insert(table), list(rows.values()))
        counts[name] = len(rows)
    return counts


def differences(connection: Connection, registry: Registry) -> list[str]:
    """Return where the read tables differ from a rebuild, in words; nothing where they are equal."""
    found = []
    for name, rows in rows_of_log(connection, registry).items():
        table = tables.metadata.tables[name]
        keys = [column.name for column in tables.key_of(table)]
        columns = tables.written_of(table)
        names = [column.name for column in columns]
        there = {}
        for row in connection.execute(select(*columns)):
            values = dict(zip(names, row, strict=True))
            there[tuple(values[key] for key in keys)] = values
        found += [f"{name}: {key} is missing" for key in rows if key not in there]
        found += [f"{name}: {key} should not be there" for key in there if key not in rows]
        found += [
            f"{name}: {key} is {there[key]}, a rebuild gives {row}" for key, row in rows.items() if key in there and there[key] != row
        ]
    return found


def fill(connection: Connection, registry: Registry, names: Collection[str]) -> int:
    """Empty some read tables and write them anew, record by record in the order in which these began; return how many rows were written."""
    for name in names:
        connection.execute(delete(tables.metadata.tables[name]))
    facts = tables.facts
    begun = select(facts.c.stream).group_by(facts.c.stream).order_by(func.min(facts.c.position))
    count = 0
    for stream in connection.execute(begun).scalars().all():
        if stream.partition(":")[0] in registry.kinds:
            newest = {(write.table, write.key): write for _, write in _writes(connection, registry, stream) if write.table in names}
            for name in names:
                rows = [dict(write.values) for (of, _), write in newest.items() if of == name and write.values is not None]
                count += len(rows)
                _put(connection, name, rows)
    return count


def _put(connection: Connection, name: str, rows: list[dict[str, Any]]) -> None:
    table = tables.metadata.tables[name]
    statement = upsert(
        connection.dialect.name,
        table,
        tuple(column.name for column in tables.key_of(table)),
        tuple(c.name for c in tables.written_of(table)),
    )
    for begin in range(0, len(rows), _AT_ONCE):
        connection.execute(statement, rows[begin : begin + _AT_ONCE])


def fill_what_is_new(database: Database, registry: Registry) -> dict[str, int]:
    """Fill the read tables that this version has and the one before had not, or wrote otherwise; return their versions. Mostly nothing is to be done.

    A table takes part that names its version in its ``info`` (``ROWS_VERSION``).
    """
    wanted = {
        name: int(table.info[tables.ROWS_VERSION]) for name, table in tables.metadata.tables.items() if tables.ROWS_VERSION in table.info
    }
    stale = _stale(wanted, database.setting(_FILLED))
    if not stale:
        return {}
    with database.writing() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ONE_AT_A_TIME})
        settings = tables.settings
        stale = _stale(wanted, connection.execute(select(settings.c.value).where(settings.c.name == _FILLED)).scalar())
        if stale:
            fill(connection, registry, sorted(stale))
            connection.execute(
                upsert(database.dialect, settings, ("name",)), [{"name": _FILLED, "value": json.dumps(wanted, sort_keys=True)}]
            )
    return stale


def _stale(wanted: dict[str, int], filled: str | None) -> dict[str, int]:
    known = json.loads(filled) if filled else {}
    return {name: version for name, version in wanted.items() if known.get(name) != version}
