"""Read incidents for the numbers: one with its facts, or all that a filter lets through, page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Select, and_, or_, select

from tocsin.engine.errors import Refused
from tocsin.engine.model import Reader, Viewer, micros, moment
from tocsin.engine.tables import metadata
from tocsin.incidents.model import Incident
from tocsin.insights import aggregates, durations
from tocsin.insights.adherence import adherence_of
from tocsin.insights.aggregates import Absent, Aggregate, Point
from tocsin.insights.metrics import duration_of
from tocsin.insights.views import AdherenceView, Duration
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf

_PAGE: Final = 500
_KEPT: Final = 20_000


class Filter(msgspec.Struct, frozen=True):
    """Which incidents are counted. Those that were merged into another never are: the other one is."""

    begin: datetime | None = None
    """Incidents that began at this moment or later …"""
    end: datetime | None = None
    """… and before this one."""
    severity: str = ""
    service: str = ""
    playbook: str = ""


class Durations(msgspec.Struct, frozen=True):
    """One duration over many incidents, with every value."""

    aggregate: Aggregate
    points: tuple[Point, ...]
    not_available: tuple[Absent, ...]


class Numbers:
    """Numbers over many incidents. What was computed of a version of a record is kept, since it never changes."""

    def __init__(self, shelf: Bookshelf) -> None:
        self._shelf = shelf
        self._durations: dict[tuple[str, int, str], Duration | None] = {}
        self._settled: dict[tuple[str, int], AdherenceView] = {}

    def durations(self, reader: Reader, viewer: Viewer, metric: str, wanted: Filter) -> Durations:
        """Return one duration over the incidents of the filter.

        metric: a canonical id, two milestones (``detected..mitigated``), the id of a metric of playbooks, or ``<playbook>:<metric>`` where
        a playbook's own metric is meant that has the id of a canonical one.

        Raises:
            Refused: no such duration is known, or playbooks define it differently, so that the values cannot be counted together.

        """
        of_playbook, colon, plain = metric.rpartition(":")
        if colon:
            wanted = msgspec.structs.replace(wanted, playbook=of_playbook)
        points: list[Point] = []
        absent: list[Absent] = []
        name, defined = "", Counter[tuple[str, str, str]]()
        for incident, playbook, began in self._incidents(reader, viewer, wanted):
            found = self._duration(incident, playbook, plain, own=bool(colon))
            if found is None:
                continue
            name = found.name
            defined[found.start, found.end, found.definition] += 1
            if found.seconds is None:
                absent.append(Absent(incident.id, began, found.reason))
                continue
            points.append(
                Point(
                    incident.id, incident.title, began, found.seconds, incident.severity, incident.playbook.id if incident.playbook else "",
                    found.facts, found.precision != "exact",
                ),
            )  # fmt: skip
        if len({(start, end) for start, end, _ in defined}) > 1:
            said = "; ".join(sorted({definition for _, _, definition in defined}))
            raise Refused(
                f"{metric} is defined in more than one way: {said}.", fix=f"Name a playbook, such as PLAYBOOK:{plain}.", field="metric"
            )
        if not defined:
            name, definition = self._known(reader, plain, of_playbook)
        else:
            definition = next(iter(defined))[2]
        return Durations(aggregates.aggregate(metric, name, definition, points, absent), tuple(points), tuple(absent))

    def summary(self, reader: Reader, viewer: Viewer, wanted: Filter) -> dict[str, Any]:
        """Return counts by severity, promises kept, the mean adherence, and the obligations that are open or overdue."""
        counted: set[str] = set()
        severities: Counter[str] = Counter()
        stages: Counter[str] = Counter()
        scores: list[float] = []
        kept = due = open_ = overdue = 0
        late: list[dict[str, Any]] = []
        for incident, playbook, _ in self._incidents(reader, viewer, wanted):
            counted.add(incident.id)
            severities[incident.severity or "unset"] += 1
            stages[incident.stage_kind] += 1
            found = self._adherence(incident, playbook, reader.now)
            kept, due = kept + found.promises.kept, due + found.promises.due
            open_, overdue = open_ + found.total.open, overdue + found.total.overdue
            if found.total.score is not None:
                scores.append(found.total.score)
            late.extend(
                {"incident": incident.id, "id": one.id, "name": one.name, "owner": one.owner, "due_at": one.due_at, "late_by": one.late_by}
                for one in found.obligations
                if one.state == "overdue"
            )
        judged = aggregates.statistics(scores)
        return {
            "incidents": len(counted), "by_severity": dict(sorted(severities.items())), "by_stage_kind": dict(sorted(stages.items())),
            "promises": {"kept": kept, "due": due},
            "adherence": {"mean": judged.mean, "median": judged.median, "least": judged.least, "incidents": judged.count},
            "obligations": {"open": open_, "overdue": overdue, "each_overdue": sorted(late, key=lambda one: one["due_at"])},
            "action_items": _action_items(reader, counted),
        }  # fmt: skip

    # -- reading ----------------------------------------------------------------------------------

    def _incidents(self, reader: Reader, viewer: Viewer, wanted: Filter) -> Iterator[tuple[Incident, Playbook | None, datetime]]:
        """Yield the incidents of the filter with their playbooks and when they began, oldest first, a page at a time."""
        after: tuple[int, str] | None = None
        while True:
            rows = reader.rows(_page(viewer, wanted, after))
            for row in rows:
                incident = reader.state(f"incident:{row.id}")
                if incident is not None:
                    pin = incident.playbook
                    yield incident, self._shelf.by_digest(pin.digest, reader) if pin else None, moment(row.declared_at)
            if len(rows) < _PAGE:
                return
            after = (rows[-1].declared_at, rows[-1].id)

    def _duration(self, incident: Incident, playbook: Playbook | None, metric: str, *, own: bool) -> Duration | None:
        key = (incident.id, incident.version, f"{own}:{metric}")
        if key not in self._durations:
            if len(self._durations) >= _KEPT:
                self._durations.clear()
            self._durations[key] = duration_of(incident, playbook, metric, own=own)
        return self._durations[key]

    def _adherence(self, incident: Incident, playbook: Playbook | None, now: datetime) -> AdherenceView:
        key = (incident.id, incident.version)
        if key in self._settled:
            return self._settled[key]
        found = adherence_of(incident, playbook, now)
        if not found.total.open and not found.total.overdue and incident.ended:  # time alone changes nothing any more
            if len(self._settled) >= _KEPT:
                self._settled.clear()
            self._settled[key] = found
        return found

    def _known(self, reader: Reader, metric: str, of_playbook: str) -> tuple[str, str]:
        """Return name and definition of a duration that no incident of the filter has; refuse one that does not exist."""
        canonical = None if of_playbook else durations.canonical(metric)
        books = [playbook for playbook in self._books(reader) if of_playbook in ("", playbook.playbook)]
        if canonical is not None:
            milestones = {name for playbook in books for name in durations.known_milestones(playbook)}
            unknown = [m for m in (canonical.start, canonical.end) if m not in milestones]
            if not unknown:
                return canonical.name, f"from {durations.words(canonical.start)} to {durations.words(canonical.end)}"
        for playbook in books:
            for own in playbook.metrics:
                if own.id == metric and own.start and own.end:
                    return own.name, f"from {durations.words(own.start, playbook)} to {durations.words(own.end, playbook)}"
        ids = sorted({*(c.id for c in durations.CANONICAL), *(m.id for playbook in books for m in playbook.metrics if m.start and m.end)})
        raise Refused(
            f"{metric!r} is no duration.", fix=f"Write one of {', '.join(ids)}, or two milestones: detected..mitigated.", field="metric"
        )

    def _books(self, reader: Reader) -> list[Playbook]:
        found = []
        for playbook_id in self._shelf.ids(reader):
            current = self._shelf.current(playbook_id, reader)
            playbook = self._shelf.by_digest(current.digest, reader) if current else None
            if playbook is not None:
                found.append(playbook)
        return found


def _action_items(reader: Reader, incidents: set[str]) -> dict[str, int]:
    """Return how many action items of these incidents are open, done, dropped, and how many open ones are past their date."""
    table = metadata.tables.get("action_items")
    if table is None:
        return {}
    today = reader.now.date().isoformat()
    rows = [row for row in reader.rows(select(table.c.incident, table.c.state, table.c.due)) if row.incident in incidents]
    states = Counter(row.state for row in rows)
    overdue = sum(row.state == "open" and row.due is not None and row.due < today for row in rows)
    return {"open": states["open"], "overdue": overdue, "done": states["done"], "dropped": states["dropped"]}


def _page(viewer: Viewer, wanted: Filter, after: tuple[int, str] | None) -> Select[Any]:
    table = metadata.tables["incidents"]
    query = select(table.c.id, table.c.declared_at).where(table.c.merged_into == "").order_by(table.c.declared_at, table.c.id).limit(_PAGE)
    if viewer.kind == "public":
        query = query.where(table.c.private.is_(False))
    if wanted.begin is not None:
        query = query.where(table.c.declared_at >= micros(wanted.begin))
    if wanted.end is not None:
        query = query.where(table.c.declared_at < micros(wanted.end))
    for column, value in (("severity", wanted.severity), ("service", wanted.service), ("playbook", wanted.playbook)):
        if value:
            query = query.where(table.c[column] == value)
    if after is not None:
        begun, last = after
        query = query.where(or_(table.c.declared_at > begun, and_(table.c.declared_at == begun, table.c.id > last)))
    return query
