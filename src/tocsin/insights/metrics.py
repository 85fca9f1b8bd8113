"""Every number about one incident, from its record and its playbook's definitions. Pure: the same facts give the same numbers.

Nothing is guessed. A number whose milestone is not known says so; one whose milestones lie the wrong way round says that; each names the
facts that it came from, so that a correction can be followed to every figure that it moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from tocsin.engine.model import Fact
from tocsin.incidents import events as e
from tocsin.incidents import gates, milestones
from tocsin.incidents.conditions import holds
from tocsin.incidents.model import Figure, Incident, Moment
from tocsin.insights import durations
from tocsin.insights.durations import CANONICAL, between, whole, words
from tocsin.insights.views import (
    Beat,
    Cadence,
    Count,
    Counted,
    Duration,
    Metric,
    MetricsView,
    Mitigated,
    Mitigations,
    Ratio,
    Recorded,
)
from tocsin.playbooks.durations import format_span
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.record import Metric as Definition

_NOT_TOLD = ("roles", "page")
"""Kinds of messages that no audience is told by: the list of roles, and pages."""


def metrics_of(incident: Incident, playbook: Playbook | None, facts: Sequence[Fact], now: datetime) -> MetricsView:
    """Return every number about an incident: the canonical durations, the playbook's metrics and the recorded figures.

    facts: the incident's facts in recorded order, those that the state was folded from.
    """
    moments = milestones.known(incident, playbook)
    pin = incident.playbook
    figures = {f.id: f for f in playbook.figures} if playbook else {}
    return MetricsView(
        incident=incident.id,
        as_of=now,
        playbook=f"{pin.id} {pin.version}" if pin else "",
        canonical=tuple(between(moments, c.start, c.end, metric=c.id, name=c.name, playbook=playbook) for c in CANONICAL),
        metrics=tuple(_Work(incident, playbook, moments, current(facts), now).one(d) for d in playbook.metrics) if playbook else (),
        figures=tuple(_figure(name, f, figures[name].name if name in figures else name) for name, f in incident.figures.items()),
        figures_missing=tuple(f.id for f in figures.values() if f.required and f.id not in incident.figures),
    )


def duration_of(incident: Incident, playbook: Playbook | None, metric: str, *, own: bool = False) -> Duration | None:
    """Return one duration by its id, from the state alone; None where neither the table nor the playbook has such a duration.

    metric: a canonical id, two milestones (``detected..mitigated``) or the id of one of the playbook's metrics.
    own: the playbook's metric is meant even where a canonical duration has the same id.
    """
    moments = milestones.known(incident, playbook)
    found = None if own else durations.canonical(metric)
    if found is not None:
        return between(moments, found.start, found.end, metric=found.id, name=found.name, playbook=playbook)
    definition = next((d for d in playbook.metrics if d.id == metric), None) if playbook else None
    if definition is None or definition.start is None or definition.end is None:
        return None
    return _duration(definition, moments, playbook)


def current(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts with every corrected entry in the place of what it corrects, in order of when they happened."""
    facts = list(facts)
    newest = {fact.event.entry: fact for fact in facts if isinstance(fact.event, e.EntryCorrected)}
    chosen = [newest.get(fact.version, fact) for fact in facts if not isinstance(fact.event, e.EntryCorrected)]
    return sorted(chosen, key=lambda fact: (fact.occurred_at, fact.version))


def engaged(facts: Iterable[Fact]) -> dict[str, Counted]:
    """Return who has taken part, with the first fact that shows it. facts: current ones, in order of when they happened."""
    found: dict[str, Counted] = {}
    for fact in facts:
        match fact.event:
            case e.Acknowledged(person=person) | e.RoleAssigned(person=person) | e.PersonJoined(person=person):
                who = person
            case e.EntryLogged(by=by) | e.EntryCorrected(by=by) | e.MitigationStarted(by=by):
                who = by
            case _:
                continue
        if who and who not in found:
            found[who] = Counted(who, fact.occurred_at, fact.version)
    return found


def _duration(definition: Definition, moments: dict[str, Moment], playbook: Playbook | None) -> Duration:
    return between(
        moments, definition.start or "", definition.end or "", metric=definition.id, name=definition.name, playbook=playbook,
        target=definition.target, says=definition.says, claims=definition.claims, claims_because=definition.claims_because,
    )  # fmt: skip


def _figure(name: str, figure: Figure, title: str) -> Recorded:
    number = figure.value if isinstance(figure.value, str) else f"{figure.value:,.10g}"
    text = f"{'about ' if figure.estimate else ''}{number} {figure.unit}".strip()
    return Recorded(name, title, figure.value, figure.unit, figure.source, figure.estimate, figure.by, figure.fact, text)


class _Work:
    """One incident's playbook metrics. facts: current ones, in order of when they happened."""

    def __init__(self, incident: Incident, playbook: Playbook, moments: dict[str, Moment], facts: list[Fact], now: datetime) -> None:
        self.incident = incident
        self.playbook = playbook
        self.moments = moments
        self.facts = facts
        self.now = now

    def one(self, definition: Definition) -> Metric:
        if definition.count is not None:
            return self._count(definition)
        if definition.ratio_of is not None:
            return self._ratio(definition)
        if definition.cadence_to is not None:
            return self._cadence(definition)
        if definition.mitigation is not None:
            return self._mitigations(definition)
        if definition.from_entry is not None:
            first = self.incident.first.get(definition.from_entry)
            begun = {f"first {definition.from_entry}": Moment(first.at, first.source)} if first else {}
            from_entry = Definition(
                id=definition.id, name=definition.name, start=f"first {definition.from_entry}", end=definition.end, target=definition.target,
                says=definition.says, claims=definition.claims, claims_because=definition.claims_because,
            )  # fmt: skip
            return _duration(from_entry, {**self.moments, **begun}, self.playbook)
        return _duration(definition, self.moments, self.playbook)

    # -- counts -----------------------------------------------------------------------------------

    def _count(self, d: Definition) -> Count:
        anchor = self.moments.get(d.after) if d.after else None
        what = str(d.count).replace("_", " ")
        window = f" within {format_span(d.within)}" if d.within is not None else ""
        definition = what + (
            f"{window} of {words(d.after, self.playbook)}"
            if d.after and d.within
            else f" since {words(d.after, self.playbook)}"
            if d.after
            else ""
        )
        if d.after and anchor is None:
            reason = f"{words(d.after, self.playbook)} is not known"
            return Count(
                id=d.id, name=d.name, definition=definition, text=f"not available: {reason}", available=False, reason=reason, missing=(d.after,),
                says=d.says, claims=d.claims, claims_because=d.claims_because,
            )  # fmt: skip
        until = anchor.at + d.within if anchor is not None and d.within is not None else None
        counted = tuple(self._counted(d, anchor.at if anchor else None, until))
        return Count(
            id=d.id, name=d.name, definition=definition, text=str(len(counted)), says=d.says, claims=d.claims, claims_because=d.claims_because,
            facts=tuple(dict.fromkeys([*((anchor.source,) if anchor else ()), *(one.fact for one in counted)])), value=len(counted),
            counted=counted, from_at=anchor.at if anchor else None, to_at=until,
        )  # fmt: skip

    def _counted(self, d: Definition, start: datetime | None, until: datetime | None) -> Iterable[Counted]:
        """Return what is counted. People and roles count from whenever they were there; everything else only from the window's start on."""

        def inside(at: datetime) -> bool:
            return (start is None or at >= start) and (until is None or at <= until)

        match d.count:
            case "people_engaged":
                yield from (one for one in engaged(self.facts).values() if until is None or one.at <= until)
            case "roles_held":
                first: dict[str, Counted] = {}
                for fact in self.facts:
                    if (
                        isinstance(fact.event, e.RoleAssigned)
                        and fact.event.role not in first
                        and (until is None or fact.occurred_at <= until)
                    ):
                        first[fact.event.role] = Counted(f"{fact.event.role}: {fact.event.person}", fact.occurred_at, fact.version)
                yield from first.values()
            case "updates":
                yield from (
                    Counted(f"{fact.event.message} to {', '.join(fact.event.audiences)}", fact.occurred_at, fact.version)
                    for fact in self.facts
                    if isinstance(fact.event, e.UpdatePosted) and fact.event.kind not in _NOT_TOLD and inside(fact.occurred_at)
                )
            case "entries":
                yield from (
                    Counted(fact.event.kind, fact.occurred_at, fact.version)
                    for fact in self.facts
                    if isinstance(fact.event, e.EntryLogged | e.EntryCorrected) and inside(fact.occurred_at)
                )
            case "pages":
                for fact in self.facts:
                    if inside(fact.occurred_at):
                        yield from _pages(fact)
            case _:
                return

    # -- the rest ---------------------------------------------------------------------------------

    def _ratio(self, d: Definition) -> Ratio:
        checklist = self.playbook.checklist(d.ratio_of or "")
        reason = ""
        if checklist is None:
            reason = f"the playbook has no checklist {d.ratio_of}"
        elif not holds(checklist.if_, self.incident.now_circumstances):
            reason = f"{checklist.name} does not apply"
        elif self.incident.imported:
            reason = "the record was taken in from elsewhere, without criteria"
        name = checklist.name if checklist else str(d.ratio_of)
        definition = f"criteria of {name} that were verified, of all"
        if checklist is None or reason:
            return Ratio(
                id=d.id, name=d.name, definition=definition, text=f"not available: {reason}", available=False, reason=reason, says=d.says,
                claims=d.claims, claims_because=d.claims_because,
            )  # fmt: skip
        verified, waived, total = gates.verified(gates.checklist_view(self.incident, self.playbook, checklist, self.now))
        ticks = [tick.source for item, tick in self.incident.checks.items() if item.partition(".")[0] == checklist.id]
        read = [self.incident.readings[i.measure].last.source for i in checklist.items if i.measure in self.incident.readings]
        runs = [self.incident.windows[i.window].source for i in checklist.items if i.window in self.incident.windows]
        text = f"{verified} of {total}" + (f", {waived} waived" if waived else "")
        return Ratio(
            id=d.id, name=d.name, definition=definition, text=text, facts=tuple(sorted({*ticks, *read, *runs})), says=d.says, claims=d.claims,
            claims_because=d.claims_because, verified=verified, waived=waived, total=total, share=verified / total if total else None,
        )  # fmt: skip

    def _cadence(self, d: Definition) -> Cadence:
        audience = d.cadence_to or ""
        anchor = self.moments.get(d.after or "declared")
        since = words(d.after or "declared", self.playbook)
        definition = f"updates to {audience}, counted from {since}"
        if anchor is None:
            reason = f"{since} is not known"
            return Cadence(
                id=d.id, name=d.name, definition=definition, text=f"not available: {reason}", available=False, reason=reason,
                missing=(d.after or "declared",), says=d.says, claims=d.claims, claims_because=d.claims_because, audience=audience,
            )  # fmt: skip
        told = [
            u for u in self.incident.updates if audience in u.audiences and u.kind not in _NOT_TOLD and u.at >= anchor.at
        ]  # fmt: skip
        beats = tuple(Beat(whole(u.at - anchor.at), u.at, u.source, u.message, u.number) for u in told)
        points = [anchor.at, *(u.at for u in told)]
        gaps = [(after - before, before, after) for before, after in pairwise(points)]
        widest = max(gaps, key=lambda gap: gap[0]) if gaps else None
        return Cadence(
            id=d.id, name=d.name, definition=definition, text=", ".join(format_span(timedelta(seconds=b.seconds)) for b in beats) or "no update",
            facts=(anchor.source, *(b.fact for b in beats)), says=d.says, claims=d.claims, claims_because=d.claims_because, audience=audience,
            beats=beats, from_at=anchor.at, from_fact=anchor.source, largest_gap=whole(widest[0]) if widest else None,
            gap_from=widest[1] if widest else None, gap_to=widest[2] if widest else None,
        )  # fmt: skip

    def _mitigations(self, d: Definition) -> Mitigations:
        kind = next((m.name for m in self.playbook.mitigations if m.id == d.mitigation), str(d.mitigation))
        each = tuple(
            Mitigated(
                m.id, m.text, m.started_at, m.started, whole(m.completed_at - m.started_at) if m.completed_at else None, m.completed_at, m.completed,
            )
            for m in sorted(self.incident.mitigations.values(), key=lambda m: (m.started_at, m.started))
            if m.kind == d.mitigation
        )  # fmt: skip
        done = [m.seconds for m in each if m.seconds is not None]
        reason = "" if done else f"{kind}: none is in place" if each else f"{kind}: none was begun"
        return Mitigations(
            id=d.id, name=d.name, definition=f"{kind}, each from its start to its completion", available=bool(done), reason=reason,
            text=", ".join(format_span(timedelta(seconds=s)) for s in done) or f"not available: {reason}",
            facts=tuple(f for m in each for f in (m.from_fact, m.to_fact) if f), says=d.says, claims=d.claims, claims_because=d.claims_because,
            kind=d.mitigation or "", each=each,
        )  # fmt: skip


def _pages(fact: Fact) -> list[Counted]:
    """Return whom a fact called: by a rule of the playbook, or by hand."""
    match fact.event:
        case e.Escalated(to=to):
            return [Counted(who, fact.occurred_at, fact.version) for who in to]
        case e.PersonInvited(person=person):
            return [Counted(person, fact.occurred_at, fact.version)]
        case _:
            return []
