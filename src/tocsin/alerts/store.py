"""Write the rows of alerts in bulk: several rows a statement, so that the interpreter is held up once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Table, case, delete, func, insert, select

from tocsin.alerts import tables
from tocsin.alerts.matchers import Subject
from tocsin.engine import tables as engine_tables

Row = Sequence[Any]

ALERT: Final = tuple(column.name for column in tables.alerts.columns)
"""The columns of an alert's row, in order."""
AT: Final = {name: at for at, name in enumerate(ALERT)}
"""Where a column stands in a row."""
EVENT: Final = ("alert", "what", "at", "recorded_at", "by", "receipt", "details")
SEEN: Final = ("alert", "last_seen_at", "expires_at", "repeats")
COUNTS: Final = tuple(column.name for column in tables.group_counts.columns)
BLOCK: Final = ("first", "count", "at", "body")
MARK: Final = ("receipt", "verified", "note")

_labels: Final = msgspec.json.Decoder(dict[str, str])
_SIZES: Final = (256, 128, 64, 32, 16, 8, 4, 2, 1)
"""Rows of one statement, the largest first: few different statements, so that the driver keeps them compiled."""


class Bulk:
    """An INSERT of many rows into one table. ``then``: what follows VALUES, such as ON CONFLICT."""

    def __init__(self, dialect: str, table: Table, columns: Sequence[str], then: str = "") -> None:
        mark = "?" if dialect == "sqlite" else "%s"
        row = "(" + ", ".join([mark] * len(columns)) + ")"
        names = ", ".join(f'"{name}"' for name in columns)
        self._texts = {size: f"INSERT INTO {table.name} ({names}) VALUES {', '.join([row] * size)} {then}" for size in _SIZES}  # noqa: S608 (names of ours)

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Write rows, each with the values of the columns in order."""
        at, count = 0, len(rows)
        for size in _SIZES:
            text = self._texts[size]
            while count - at >= size:
                connection.exec_driver_sql(text, tuple([value for row in rows[at : at + size] for value in row]))
                at += size


def _replacing(key: str, columns: Sequence[str]) -> str:
    return f'ON CONFLICT ("{key}") DO UPDATE SET ' + ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name != key)


class Store:
    """All statements of the journal, for one kind of database. Used on the committer's thread only."""

    def __init__(self, dialect: str) -> None:
        self._mark = "?" if dialect == "sqlite" else "%s"
        self.alerts = Bulk(dialect, tables.alerts, ALERT)
        self.events = Bulk(dialect, tables.alert_events, EVENT)
        again = (
            'ON CONFLICT ("alert") DO UPDATE SET "last_seen_at" = excluded."last_seen_at", "expires_at" = excluded."expires_at", '
            '"repeats" = alert_seen."repeats" + excluded."repeats"'
        )
        self.seen = Bulk(dialect, tables.alert_seen, SEEN, again)
        self.counts = Bulk(dialect, tables.group_counts, COUNTS, _replacing("id", COUNTS))
        self.blocks = Bulk(dialect, tables.receipt_blocks, BLOCK)
        self.marks = Bulk(dialect, tables.receipt_marks, MARK, _replacing("receipt", MARK))
        self._updates: dict[tuple[str, ...], str] = {}

    def update(self, connection: Connection, changed: dict[int, dict[str, Any]]) -> None:
        """Change rows of alerts; those that change the same columns go together."""
        together: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        for number, values in changed.items():
            names = tuple(sorted(values))
            together.setdefault(names, []).append((*[values[name] for name in names], number))
        for names, rows in together.items():
            text = self._updates.get(names)
            if text is None:
                sets = ", ".join(f'"{name}" = {self._mark}' for name in names)
                text = self._updates[names] = f'UPDATE alerts SET {sets} WHERE "id" = {self._mark}'  # noqa: S608 (names of our columns)
            connection.exec_driver_sql(text, rows)


def prune_receipts(connection: Connection, before: int) -> int:
    """Forget requests that came at or before a moment (microseconds); return when the oldest that is left came, 0 where none is."""
    blocks, marks = tables.receipt_blocks, tables.receipt_marks
    # The newest stays for its number, by which the next ones are numbered on.
    newest = select(func.max(blocks.c.first)).scalar_subquery()
    connection.execute(delete(blocks).where(blocks.c.at <= before, blocks.c.first < newest))
    first, at = connection.execute(select(func.min(blocks.c.first), func.min(blocks.c.at))).one()
    connection.execute(delete(marks).where(marks.c.receipt < (first or 0)))
    return at if at is not None and at > before else 0


def oldest_receipt(connection: Connection) -> int:
    """Return when the oldest request that is kept came; 0 where there is none."""
    return int(connection.execute(select(func.min(tables.receipt_blocks.c.at))).scalar() or 0)


def live_rows(connection: Connection, since: int) -> Any:
    """Return the rows of alerts that fire, or ended since a moment, in the order of their ids, without their texts."""
    table, seen = tables.alerts, tables.alert_seen
    columns = (
        table.c.id, table.c.source, table.c.key, table.c.fingerprint, table.c.state, table.c.content, table.c.told_start, table.c.started_at,
        table.c.ended_at, table.c.grp, table.c.muted, table.c.incidents, table.c.fired, table.c.acknowledged_at, table.c.expires_at,
        seen.c.expires_at, seen.c.repeats,
    )  # fmt: skip
    joined = table.outerjoin(seen, seen.c.alert == table.c.id)
    query = select(*columns).select_from(joined).where((table.c.state != "resolved") | (table.c.ended_at >= since)).order_by(table.c.id)
    return connection.execute(query)


def rows_of(connection: Connection, numbers: Sequence[int]) -> dict[int, list[Any]]:
    """Return the whole rows of some alerts."""
    found: dict[int, list[Any]] = {}
    for at in range(0, len(numbers), 500):
        query = select(tables.alerts).where(tables.alerts.c.id.in_(numbers[at : at + 500]))
        found |= {row[0]: list(row) for row in connection.execute(query)}
    return found


def lead_row(connection: Connection, group: str, *, muted: bool) -> list[Any] | None:
    """Return the row of the alert that speaks for a group: the worst of those that fire, the oldest of equals."""
    table = tables.alerts
    worst = [(table.c.level == level, rank) for rank, level in enumerate(("critical", "high", "warning", "low", "info"))]
    query = (
        select(table)
        .where((table.c.grp == group) | table.c.grp.like(f"{group} %") | table.c.grp.like(f"% {group}"), table.c.state != "resolved")
        .where(table.c.muted != "" if muted else table.c.muted == "")
        .order_by(case(*worst, else_=9), table.c.id)
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else list(row)


def numbers(connection: Connection) -> tuple[int, int, int]:
    """Return the highest number of an alert, of a receipt and of a group; 0 where there are none."""
    blocks = tables.receipt_blocks
    last = connection.execute(select(blocks.c.first, blocks.c.count).order_by(blocks.c.first.desc()).limit(1)).first()
    return (
        int(connection.execute(select(func.max(tables.alerts.c.id))).scalar() or 0),
        last[0] + last[1] - 1 if last else 0,
        int(connection.execute(select(func.max(tables.group_counts.c.number))).scalar() or 0),
    )


def group_rows(connection: Connection) -> Any:
    """Return the counts of groups that alerts may still join, or that alerts of still fire."""
    table = tables.group_counts
    return connection.execute(select(table).where((table.c.closed == 0) | table.c.ended_at.is_(None)))


def untold(connection: Connection, group: str, why: str, at: int) -> None:
    """Write down that a group could not be told of its alerts, where the pager's watch looks: people may have to be called for them."""
    row = {"reaction": "alerts changed: tell their group", "stream": f"group:{group}", "version": 0, "why": why, "at": at}
    connection.execute(insert(engine_tables.refusals), [row])


def subject_of(row: Sequence[Any]) -> Subject:
    """Return an alert's row as matchers see it."""
    return Subject(
        _labels.decode(row[AT["labels"]]), row[AT["source"]], row[AT["service"]], row[AT["level"]], row[AT["severity"]], row[AT["title"]],
        row[AT["how"]], "", f"{row[AT['source']]}\x1f{row[AT['fingerprint']]}",
    )  # fmt: skip
