"""Keep in memory what numbers over many are made of, read once, and then only what changed: incidents, calls of pages, groups of alerts.

What is kept names no viewer: whoever asks takes out what one may not read.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Select, exists, select

from tocsin.alerts.groups.tables import groups
from tocsin.engine import log
from tocsin.engine.model import Reader, micros
from tocsin.incidents.tables import incidents
from tocsin.insights import durations
from tocsin.insights.burden import Call
from tocsin.insights.cases import Case
from tocsin.insights.chosen import Chosen
from tocsin.insights.noise import Group
from tocsin.insights.tables import incident_figures
from tocsin.paging import tables as paging
from tocsin.paging.page import REHEARSALS
from tocsin.services.tables import services

T = TypeVar("T")

_CANONICAL: Final = tuple(one.id for one in durations.CANONICAL)
_OWN: Final = (
    "estimated", "kept", "late", "missed", "waived", "open", "overdue", "promises_kept", "promises_due", "ticked", "ticks_waived", "cause",
    "resolved_at", "duties",
)  # fmt: skip
SLACK: Final = 1000
"""Positions of the log that are looked at again: where several nodes write, a lower position may show later than a higher one."""
_AT_ONCE: Final = 500
_SPANS_KEPT: Final = 16

Rows = Callable[[Sequence[str] | None], Select[Any]]
"""What reads the rows of these records, or of all: the record's id first."""


class Kept(Generic[T]):
    """Values of all records of some kinds in order of time, each change seen. One for each process; safe from any thread."""

    def __init__(self, prefixes: tuple[str, ...], rows: Rows, make: Callable[[Any], T], at: Callable[[T], int]) -> None:
        """prefixes: of the streams whose facts change a value. at: when a value was, microseconds."""
        self._prefixes = prefixes
        self._rows = rows
        self._make = make
        self._at = at
        self._lock = threading.Lock()
        self._position = -1
        self._seen: dict[str, int] = {}
        """The newest records that were read, with the position of their newest fact then."""
        self._known: dict[str, list[T]] = {}
        self._ordered: list[T] = []
        self._times: list[int] = []
        self._spans: dict[tuple[int, int], Chosen[T]] = {}
        """Choices that were given out since the last change, by their first and last place."""

    def within(self, reader: Reader, begin: datetime | None, end: datetime | None) -> Chosen[T]:
        """Return the values within [begin, end), oldest first, as the reader sees them; the same choice while nothing changes."""
        with self._lock:
            if log.newest(reader) < self._position:  # what is kept is ahead: it may name what this reader cannot know to be private
                return self._as_seen(reader, begin, end)
            self._catch_up(reader)
            first = 0 if begin is None else bisect_left(self._times, micros(begin))
            last = len(self._ordered) if end is None else bisect_left(self._times, micros(end))
            found = self._spans.get((first, last))
            if found is None:
                if len(self._spans) >= _SPANS_KEPT:
                    self._spans.clear()
                found = self._spans[first, last] = Chosen(self._ordered[first:last])
            return found

    def _as_seen(self, reader: Reader, begin: datetime | None, end: datetime | None) -> Chosen[T]:
        values = sorted((self._make(row) for row in reader.rows(self._rows(None))), key=self._at)
        return Chosen(
            value
            for value in values
            if (begin is None or self._at(value) >= micros(begin)) and (end is None or self._at(value) < micros(end))
        )

    def _catch_up(self, reader: Reader) -> None:
        newest = log.newest(reader)
        if newest <= self._position:
            return
        ids: list[str] | None = None
        if self._position >= 0:
            changed = log.changed_since(reader, max(0, self._position - SLACK))
            wanted = [stream for stream, position in changed.items() if self._seen.get(stream) != position]
            ids = sorted(id_ for kind, _, id_ in (stream.partition(":") for stream in wanted) if kind in self._prefixes)
            self._seen = changed
        moved = False
        for start in range(0, 1 if ids is None else len(ids), _AT_ONCE):
            moved |= self._take(reader, None if ids is None else ids[start : start + _AT_ONCE])
        self._position = newest
        if moved:  # most facts, such as an entry of a timeline, change no figure
            self._ordered = sorted((value for values in self._known.values() for value in values), key=self._at)
            self._times = [self._at(value) for value in self._ordered]
            self._spans.clear()

    def _take(self, reader: Reader, ids: Sequence[str] | None) -> bool:
        """Read these records, or all; return whether any value is another one now."""
        found: dict[str, list[T]] = {}
        for row in reader.rows(self._rows(ids)):
            found.setdefault(row[0], []).append(self._make(row))
        changed = ids is None
        for name in ids or found:
            values = found.get(name, [])
            if values != self._known.get(name, []):
                changed = True
                self._known[name] = values
        return changed


class Words:
    """Keeps one copy of a text that many rows have."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """Return the one copy."""
        return self._known.setdefault(text, text)


def cases() -> Kept[Case]:
    """Return what keeps the figures of every incident that was not merged into another."""
    word = Words()
    count = len(_CANONICAL)

    def make(row: Any) -> Case:
        incident, title, declared, severity, rank, service, playbook, *rest = row
        estimated, kept, late, missed, waived, open_, overdue, promised, due, ticked, unticked, cause, resolved, duties = rest[count:]
        return Case(
            incident, title, declared, word(severity), rank, word(service), word(playbook), tuple(rest[:count]), estimated, kept, late, missed, waived, open_,
            overdue, promised, due, ticked, unticked, word(cause), resolved, word(duties),
        )  # fmt: skip

    def rows(ids: Sequence[str] | None) -> Select[Any]:
        table, own = incidents.c, incident_figures.c
        query: Select[Any] = select(
            table.id, table.title, table.declared_at, table.severity, table.rank, table.service, table.playbook, *(own[name] for name in _CANONICAL),
            *(own[name] for name in _OWN),
        )  # fmt: skip
        query = query.join(incident_figures, own.incident == table.id).where(table.merged_into == "").order_by(table.id)
        return query if ids is None else query.where(table.id.in_(ids))

    return Kept(("incident",), rows, make, lambda case: case.declared)


def calls() -> Kept[Call]:
    """Return what keeps whom every page called. Rehearsals call nobody to work and are left out."""
    word = Words()

    def make(row: Any) -> Call:
        page, person, opened, acknowledged, resolved, last, incident, group, service, urgency = row
        over = min((at for at in (acknowledged, resolved) if at is not None), default=None) or last or opened
        return Call(word(person), page, opened, max(opened, over), incident, group, word(service), urgency == "high")

    def rows(ids: Sequence[str] | None) -> Select[Any]:
        page, called = paging.pages.c, paging.people.c
        query: Select[Any] = (
            select(
                page.id, called.person, page.opened_at, page.acknowledged_at, page.resolved_at, called.last_at, page.incident, page.group, page.service,
                page.urgency,
            )
            .join(paging.people, called.page == page.id)
            .where(called.last_at.is_not(None), page.origin.not_in(REHEARSALS))
            .order_by(page.id, called.person)
        )  # fmt: skip
        return query if ids is None else query.where(page.id.in_(ids))

    return Kept(("page",), rows, make, lambda call: call.opened)


def alert_groups() -> Kept[Group]:
    """Return what keeps every group of alerts, with what it led to."""
    word = Words()

    def make(row: Any) -> Group:
        id_, title, service, opened, paged, incident, acknowledged = row
        return Group(id_, word(title), word(service), opened, bool(paged), incident, acknowledged is not None)

    def rows(ids: Sequence[str] | None) -> Select[Any]:
        table = groups.c
        paged = exists().where(paging.pages.c.group == table.id)
        query: Select[Any] = select(table.id, table.title, table.service, table.opened_at, paged, table.incident, table.acknowledged_at)
        query = query.order_by(table.id)
        return query if ids is None else query.where(table.id.in_(ids))

    return Kept(("group",), rows, make, lambda group: group.opened)


def services_of(reader: Reader, team: str) -> list[str]:
    """Return the services that a team owns."""
    return [str(row[0]) for row in reader.rows(select(services.c.id).where(services.c.owner == team))]
