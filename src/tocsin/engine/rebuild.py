"""Make the read tables anew from the log: what a test compares, and what an operator runs after a change of their shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from tocsin.engine import log, tables
from tocsin.engine.kinds import Registry
from tocsin.engine.model import RowWrite


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
        keys = [column.name for column in table.primary_key.columns]
        names = [column.name for column in table.columns]
        there = {}
        for row in connection.execute(select(table)):
            values = dict(zip(names, row, strict=True))
            there[tuple(values[key] for key in keys)] = values
        found += [f"{name}: {key} is missing" for key in rows if key not in there]
        found += [f"{name}: {key} should not be there" for key in there if key not in rows]
        found += [
            f"{name}: {key} is {there[key]}, a rebuild gives {row}" for key, row in rows.items() if key in there and there[key] != row
        ]
    return found
