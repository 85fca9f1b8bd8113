"""Read what is counted over many incidents: from their rows, never by folding one, and never of an incident that the viewer may not read."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, select

from tocsin.actions.tables import action_items
from tocsin.engine.errors import Refused
from tocsin.engine.model import Reader, Viewer, micros, moment
from tocsin.incidents.privacy import hidden, readable
from tocsin.incidents.tables import incidents
from tocsin.insights import aggregates, durations, figure_queries, figures
from tocsin.insights.adherence import adherence_of
from tocsin.insights.aggregates import Absent, Aggregate, Point
from tocsin.insights.cases import Case, Measured, measured
from tocsin.insights.chosen import Chosen
from tocsin.insights.figure_queries import services_of
from tocsin.insights.tables import incident_figures
from tocsin.insights.views import AdherenceView, Duration
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.playbooks.tables import playbooks
from tocsin.services.tables import services

_CANONICAL: Final = tuple(one.id for one in durations.CANONICAL)


class Filter(msgspec.Struct, frozen=True):
    """Which incidents are counted. Those that were merged into another never are: the other one is."""

    begin: datetime | None = None
    """Incidents that began at this moment or later …"""
    end: datetime | None = None
    """… and before this one."""
    severity: str = ""
    service: str = ""
    playbook: str = ""
    team: str = ""
    """The team that owns the service."""


class Durations(msgspec.Struct, frozen=True):
    """One duration over many incidents, with every value."""

    aggregate: Aggregate
    points: tuple[Point, ...]
    not_available: tuple[Absent, ...]


class Measure(msgspec.Struct, frozen=True):
    """A duration by its id, what it is called, and what it is from and to."""

    metric: str
    name: str
    definition: str


class Numbers:
    """Numbers over many incidents."""

    def __init__(self, shelf: Bookshelf) -> None:
        self._shelf = shelf
        self._kept = figure_queries.cases()

    # -- the lists behind every number ------------------------------------------------------------

    def cases(self, reader: Reader, viewer: Viewer, wanted: Filter) -> Chosen[Case]:
        """Return the incidents of the filter with their figures, oldest first; the same choice while nothing changes."""
        unread = hidden(reader, viewer)
        found = self._kept.within(reader, wanted.begin, wanted.end)
        owned = frozenset(services_of(reader, wanted.team)) if wanted.team else None
        if not (unread or wanted.severity or wanted.service or wanted.playbook or owned is not None):
            return found

        def choose() -> Chosen[Case]:
            return Chosen(
                case
                for case in found
                if wanted.severity in ("", case.severity)
                and wanted.service in ("", case.service)
                and wanted.playbook in ("", case.playbook)
                and (owned is None or case.service in owned)
                and case.incident not in unread
            )

        return found.once((wanted.severity, wanted.service, wanted.playbook, owned, frozenset(unread)), choose)

    def measured(self, reader: Reader, viewer: Viewer, wanted: Filter, metric: str) -> list[Measured]:
        """Return the incidents of the filter with one duration: a canonical one, two milestones, or a playbook's own; oldest first.

        Incidents whose playbook has no such duration are left out.
        """
        if metric in _CANONICAL:
            return measured(self.cases(reader, viewer, wanted), _CANONICAL.index(metric))
        of_playbook, colon, plain = metric.rpartition(":")
        if colon:
            wanted = msgspec.structs.replace(wanted, playbook=of_playbook)
        cases = {case.incident: case for case in self.cases(reader, viewer, wanted)}
        made = []
        for row in reader.rows(_select(viewer, wanted)):
            value = self._duration(reader, row, plain, own=bool(colon))
            if value is not None and row.id in cases:
                made.append(Measured(cases[row.id], value.seconds, value.precision != "exact", value.reason))
        return made

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
        for row in reader.rows(_select(viewer, wanted)):
            found = self._duration(reader, row, plain, own=bool(colon))
            if found is None:
                continue
            name = found.name
            defined[found.start, found.end, found.definition] += 1
            if found.seconds is None:
                absent.append(Absent(row.id, moment(row.declared_at), found.reason))
                continue
            points.append(
                Point(
                    row.id, row.title, moment(row.declared_at), found.seconds, row.severity, row.playbook, found.facts,
                    found.precision != "exact",
                ),
            )  # fmt: skip
        if len({(start, end) for start, end, _ in defined}) > 1:
            said = "; ".join(sorted({definition for _, _, definition in defined}))
            raise Refused(
                f"{metric} is defined in more than one way: {said}.", fix=f"Name a playbook, such as PLAYBOOK:{plain}.", field="metric"
            )
        if not defined:
            known = self.measure(reader, metric)
            name, definition = known.name, known.definition
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
        kinds = {row.id: row.stage_kind for row in reader.rows(_kinds(viewer, wanted))}
        for case in self.cases(reader, viewer, wanted):
            counted.add(case.incident)
            severities[case.severity or "unset"] += 1
            stages[kinds.get(case.incident, "open")] += 1
            if not case.open and not case.overdue:  # time alone changes nothing any more
                kept, due = kept + case.promises_kept, due + case.promises_due
                decided = case.kept + case.late + case.missed
                scores.extend([case.kept / decided] if decided else [])
                continue
            found = self._adherence(reader, case.incident)
            kept, due = kept + found.promises.kept, due + found.promises.due
            open_, overdue = open_ + found.total.open, overdue + found.total.overdue
            if found.total.score is not None:
                scores.append(found.total.score)
            late.extend(
                {
                    "incident": case.incident,
                    "id": one.id,
                    "name": one.name,
                    "owner": one.owner,
                    "due_at": one.due_at,
                    "late_by": one.late_by,
                }
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

    # -- what durations and duties are called -----------------------------------------------------

    def measure(self, reader: Reader, metric: str) -> Measure:
        """Return what a duration is called.

        Raises:
            Refused: it is none.

        """
        return _measure(self.books(reader), metric)

    def measures(self, reader: Reader, playbook_id: str = "") -> list[Measure]:
        """Return the durations to choose from: the canonical ones, and those of a playbook where one is named."""
        books = self.books(reader)
        found = [_measure(books, one.id) for one in durations.CANONICAL]
        for playbook in books:
            if playbook.playbook == playbook_id:
                found += [
                    Measure(
                        f"{playbook.playbook}:{own.id}", own.name,
                        f"from {durations.words(own.start, playbook)} to {durations.words(own.end, playbook)}",
                    )
                    for own in playbook.metrics
                    if own.start and own.end
                ]  # fmt: skip
        return found

    def rules(self, reader: Reader) -> dict[tuple[str, str], str]:
        """Return the name of every duty of the playbooks in force, by playbook and rule."""
        found: dict[tuple[str, str], str] = {}
        for playbook in self.books(reader):
            own = playbook.playbook
            found |= {(own, rule.id): rule.name for rule in playbook.obligations}
            found |= {(own, f"checklist:{one.id}"): one.name for one in playbook.checklists}
            found |= {(own, f"follow_up_{one.id}"): one.name for one in playbook.actions.follow_ups}
            found[own, "promise"] = "Next update at the promised time"
        return found

    def books(self, reader: Reader) -> list[Playbook]:
        """Return the playbooks in force."""
        rows = reader.rows(select(playbooks.c.digest).order_by(playbooks.c.id))
        found = (self._shelf.by_digest(row.digest, reader) for row in rows)
        return [playbook for playbook in found if playbook is not None]

    # -- one incident -----------------------------------------------------------------------------

    def _duration(self, reader: Reader, row: Any, metric: str, *, own: bool) -> Duration | None:
        """Return a duration of an incident from its row; None where neither the table nor its playbook has such a one."""
        moments = figures.moments_of(row.milestones)
        playbook = self._shelf.by_digest(row.digest, reader) if row.digest else None
        found = None if own else durations.canonical(metric)
        if found is not None:
            return durations.between(moments, found.start, found.end, metric=found.id, name=found.name, playbook=playbook)
        definition = next((d for d in playbook.metrics if d.id == metric), None) if playbook else None
        if definition is None or definition.start is None or definition.end is None:
            return None
        return durations.between(moments, definition.start, definition.end, metric=definition.id, name=definition.name, playbook=playbook)

    def _adherence(self, reader: Reader, incident_id: str) -> AdherenceView:
        incident = reader.state(f"incident:{incident_id}")
        playbook = self._shelf.by_digest(incident.playbook.digest, reader) if incident.playbook else None
        return adherence_of(incident, playbook, reader.now)


def conditions(viewer: Viewer, wanted: Filter) -> list[ColumnElement[bool]]:
    """Return the conditions on rows of ``incidents`` that a filter and its viewer make."""
    table = incidents
    found = [table.c.merged_into == "", readable(viewer)]
    if wanted.begin is not None:
        found.append(table.c.declared_at >= micros(wanted.begin))
    if wanted.end is not None:
        found.append(table.c.declared_at < micros(wanted.end))
    for column, value in (("severity", wanted.severity), ("service", wanted.service), ("playbook", wanted.playbook)):
        if value:
            found.append(table.c[column] == value)
    if wanted.team:
        found.append(table.c.service.in_(select(services.c.id).where(services.c.owner == wanted.team)))
    return found


def _select(viewer: Viewer, wanted: Filter) -> Select[Any]:
    table, own = incidents.c, incident_figures.c
    query: Select[Any] = select(table.id, table.title, table.declared_at, table.severity, table.playbook, own.milestones, own.digest)
    query = query.join(incident_figures, own.incident == table.id)
    return query.where(*conditions(viewer, wanted)).order_by(table.declared_at, table.id)


def _kinds(viewer: Viewer, wanted: Filter) -> Select[Any]:
    return select(incidents.c.id, incidents.c.stage_kind).where(*conditions(viewer, wanted))


def _action_items(reader: Reader, counted: set[str]) -> dict[str, int]:
    """Return how many action items of these incidents are open, done, dropped, and how many open ones are past their date."""
    today = reader.now.date().isoformat()
    table = action_items
    rows = [row for row in reader.rows(select(table.c.incident, table.c.state, table.c.due)) if row.incident in counted]
    states = Counter(row.state for row in rows)
    overdue = sum(row.state == "open" and row.due is not None and row.due < today for row in rows)
    return {"open": states["open"], "overdue": overdue, "done": states["done"], "dropped": states["dropped"]}


def _measure(books: list[Playbook], metric: str) -> Measure:
    of_playbook, _, plain = metric.rpartition(":")
    canonical = None if of_playbook else durations.canonical(plain)
    own = [playbook for playbook in books if of_playbook in ("", playbook.playbook)]
    if canonical is not None:
        milestones = {name for playbook in own for name in durations.known_milestones(playbook)}
        if canonical.start in milestones and canonical.end in milestones:
            definition = f"from {durations.words(canonical.start)} to {durations.words(canonical.end)}"
            return Measure(metric, canonical.name, definition)
    for playbook in own:
        for found in playbook.metrics:
            if found.id == plain and found.start and found.end:
                definition = f"from {durations.words(found.start, playbook)} to {durations.words(found.end, playbook)}"
                return Measure(metric, found.name, definition)
    ids = sorted({*_CANONICAL, *(m.id for playbook in own for m in playbook.metrics if m.start and m.end)})
    raise Refused(
        f"{plain!r} is no duration.", fix=f"Write one of {', '.join(ids)}, or two milestones: detected..mitigated.", field="metric"
    )
