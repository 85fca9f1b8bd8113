"""Process health: the anti-patterns that the playbook names, looked for in the typed record. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from tocsin.engine.model import Fact
from tocsin.incidents import events as e
from tocsin.incidents import milestones
from tocsin.incidents.model import Incident, Moment
from tocsin.insights.adherence import adherence_of
from tocsin.insights.durations import whole
from tocsin.insights.history import Roles, mode_at, stage_kinds
from tocsin.insights.metrics import current
from tocsin.insights.views import Finding, HealthView, Reminder
from tocsin.playbooks.durations import format_span
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.process import Detector

ACTION: Final = "ACTION"
"""The entry type in which people write what they do; every shipped playbook has it."""


class _Unjudged(Exception):
    """A detector cannot judge this record; the message says why."""


def health_of(incident: Incident, playbook: Playbook | None, facts: Sequence[Fact], now: datetime) -> HealthView:
    """Return what the playbook's detectors find. Those that are for people only come as reminders.

    facts: the incident's facts in recorded order, those that the state was folded from.
    """
    findings: list[Finding] = []
    reminders: list[Reminder] = []
    not_judged: list[Reminder] = []
    for detector in playbook.detectors if playbook else ():
        look = _LOOKS.get(detector.detect)
        if playbook is None or look is None:
            reminders.append(Reminder(detector.id, detector.name, detector.says, detector.remedy))
            continue
        try:
            findings.extend(look(_Case(incident, playbook, facts, now), detector))
        except _Unjudged as why:
            not_judged.append(Reminder(detector.id, detector.name, detector.says, detector.remedy, str(why)))
    return HealthView(incident.id, now, tuple(sorted(findings, key=lambda f: (f.at, f.detector))), tuple(reminders), tuple(not_judged))


class _Case:
    """One incident as the detectors look at it."""

    def __init__(self, incident: Incident, playbook: Playbook, facts: Sequence[Fact], now: datetime) -> None:
        self.incident = incident
        self.playbook = playbook
        self.facts = facts
        self.now = now
        self.moments: dict[str, Moment] = milestones.known(incident, playbook)
        self.current = current(facts)


def _found(detector: Detector, at: datetime, sentence: str, facts: Sequence[int], span: timedelta | None = None) -> Finding:
    seconds = None if span is None else whole(span)
    return Finding(
        detector.id, detector.name, detector.detect, at, sentence, tuple(dict.fromkeys(facts)), detector.says, detector.remedy, seconds
    )


def _limit(detector: Detector) -> timedelta:
    if detector.after is None:
        raise _Unjudged("the playbook gives no `after` for it")
    return detector.after


def _lived(case: _Case) -> None:
    if case.incident.imported:
        raise _Unjudged("the record was taken in from elsewhere: its stages and roles are not known")


def _late_declaration(case: _Case, detector: Detector) -> Iterator[Finding]:
    limit = _limit(detector)
    start = case.moments.get("alerted") or case.moments.get("detected")
    declared = case.moments.get("declared")
    if start is None or declared is None or declared.at - start.at <= limit:
        return
    span = declared.at - start.at
    what = "the alert" if "alerted" in case.moments else "the detection"
    sentence = f"Declared {format_span(span)} after {what}; the playbook allows {format_span(limit)}."
    yield _found(detector, declared.at, sentence, (start.source, declared.source), span)


def _lead_hands_on(case: _Case, detector: Detector) -> Iterator[Finding]:
    _lived(case)
    lead = case.playbook.lead
    if lead is None or lead.hands_on:
        return
    roles = Roles(case.facts)
    for fact in case.current:
        match fact.event:
            case e.EntryLogged(kind=kind, by=by, text=text) | e.EntryCorrected(kind=kind, by=by, text=text) if kind.upper() == ACTION:
                did = f"logged the action “{text}”"
            case e.MitigationStarted(by=by, text=text):
                did = f"began the mitigation “{text}”"
            case _:
                continue
        held = roles.at(fact.occurred_at)
        holding = held.get(lead.id)
        if not by or holding is None or holding.person != by or mode_at(case.incident, fact.occurred_at) != "full":
            continue
        if _may_work(case.playbook, lead.id, [role for role, h in held.items() if h.person == by]):
            continue
        sentence = f"{by} was {lead.short or lead.name} and {did}."
        yield _found(detector, fact.occurred_at, sentence, (fact.version, holding.fact))


def _may_work(playbook: Playbook, lead_id: str, roles: Sequence[str]) -> bool:
    """Tell whether one of the person's roles works on systems and may be shared with the lead."""
    lead = playbook.role(lead_id)
    for name in roles:
        role = playbook.role(name)
        if role is not None and role.hands_on and lead is not None and (lead.id in role.may_share_with or role.id in lead.may_share_with):
            return True
    return False


def _broken_promise(case: _Case, detector: Detector) -> Iterator[Finding]:
    for promise in adherence_of(case.incident, case.playbook, case.now).promises.each:
        if promise.state not in ("late", "missed", "overdue"):
            continue
        given = int(promise.id.rpartition("@")[2])
        over = timedelta(seconds=promise.late_by or 0)
        ending = {
            "late": f"it came {format_span(over)} late", "missed": "it never came", "overdue": f"it is {format_span(over)} overdue",
        }[promise.state]  # fmt: skip
        sentence = f"An update to {promise.audience or 'an audience'} was promised for {promise.due_at:%H:%M} UTC; {ending}."
        facts = (given, promise.fact) if promise.fact else (given,)
        yield _found(detector, promise.due_at, sentence, facts, over if promise.late_by is not None else None)


def _premature_closure(case: _Case, detector: Detector) -> Iterator[Finding]:
    """Look for a resolution before the window had run, and for what came back after one."""
    _lived(case)
    window = ""
    since: datetime | None = None
    started = 0
    ended: Fact | None = None
    for fact in case.facts:
        event = fact.event
        if isinstance(event, e.WindowRestarted):
            if ended is not None:
                yield _came_back(detector, "It came back", ended, fact)
            since, started = None, fact.version
        if not isinstance(event, e.StageMoved):
            continue
        if event.backward:
            if ended is not None:
                yield _came_back(detector, "Reopened", ended, fact)
            since, ended = None, None
        if event.window:
            window, since, started = event.window, fact.occurred_at, fact.version
        if event.stage_kind in ("resolved", "closed") and ended is None:
            ended = fact
            yield from _too_early(case, detector, fact, window, since, started)


def _came_back(detector: Detector, what: str, ended: Fact, fact: Fact) -> Finding:
    span = max(fact.occurred_at - ended.occurred_at, timedelta(0))
    return _found(
        detector, fact.occurred_at, f"{what} {format_span(span)} after it was {_kind(ended)}.", (ended.version, fact.version), span
    )


def _too_early(case: _Case, detector: Detector, fact: Fact, window_id: str, since: datetime | None, started: int) -> Iterator[Finding]:
    window = case.playbook.window(window_id) if window_id else None
    needed = detector.after or (window.length if window else None)
    if needed is None:
        return  # no window applied to this incident, so there was nothing to wait for
    begun = since
    if begun is None and not window_id and "mitigated" in case.moments:
        begun, started = case.moments["mitigated"].at, case.moments["mitigated"].source
    facts = (started, fact.version) if started else (fact.version,)
    if begun is None:
        yield _found(detector, fact.occurred_at, f"It was {_kind(fact)} without any watch; {format_span(needed)} were to run.", facts)
    elif fact.occurred_at - begun < needed:
        ran = fact.occurred_at - begun
        sentence = f"It was {_kind(fact)} after {format_span(ran)} of watching; {format_span(needed)} were to run."
        yield _found(detector, fact.occurred_at, sentence, facts, ran)


def _kind(fact: Fact) -> str:
    assert isinstance(fact.event, e.StageMoved)
    return fact.event.stage_kind


def _no_progress(case: _Case, detector: Detector) -> Iterator[Finding]:
    _lived(case)
    limit = _limit(detector)
    steps: list[tuple[datetime, int]] = []
    for fact in case.current:
        match fact.event:
            case e.EntryLogged(progress=True) | e.EntryCorrected(progress=True):
                steps.append((fact.occurred_at, fact.version))
            case (
                e.Declared() | e.RoleAssigned() | e.StageMoved() | e.MitigationStarted() | e.MitigationCompleted() | e.MitigationVerified()
            ):
                steps.append((fact.occurred_at, fact.version))
            case _:
                pass
    kinds = stage_kinds(case.facts)
    steps = sorted(step for step in steps if step[0] >= kinds[0][0]) if kinds else []
    ends = [*steps, (case.now, 0)] if case.incident.stage_kind == "open" else steps
    for (begin, one), (end, other) in pairwise(ends):
        span = end - begin
        here = [kind for at, kind, _ in kinds if at <= begin]
        if span > limit and here and here[-1] == "open":
            until = f"{end:%H:%M}" if other else "now"
            sentence = f"No decision and no action from {begin:%H:%M} to {until} UTC, {format_span(span)}; the playbook allows {format_span(limit)}."
            yield _found(detector, begin + limit, sentence, (one, other) if other else (one,), span)


def _overrun(case: _Case, detector: Detector) -> Iterator[Finding]:
    level = case.playbook.severity(case.incident.severity) if case.incident.severity else None
    limit = detector.after or (level.expected_duration if level else None)
    if limit is None:
        raise _Unjudged("neither the detector nor the level says how long it should take")
    declared, resolved = case.moments.get("declared"), case.moments.get("resolved")
    if declared is None:
        raise _Unjudged("the declaration is not known")
    end = resolved.at if resolved else case.incident.stage_since if case.incident.ended and case.incident.stage_since else case.now
    span = end - declared.at
    if span <= limit:
        return
    took = f"took {format_span(span)}" if resolved or case.incident.ended else f"has taken {format_span(span)} so far"
    facts = (declared.source, resolved.source) if resolved else (declared.source,)
    yield _found(detector, declared.at + limit, f"It {took}; {format_span(limit)} were expected.", facts, span)


_LOOKS: Final[dict[str, Callable[[_Case, Detector], Iterator[Finding]]]] = {
    "late_declaration": _late_declaration, "lead_hands_on": _lead_hands_on, "broken_promise": _broken_promise,
    "premature_closure": _premature_closure, "no_progress": _no_progress, "overrun": _overrun,
}  # fmt: skip
