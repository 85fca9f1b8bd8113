"""Every duty of the playbook as a dated obligation, computed from the record. Pure: the same record gives the same duties.

A rule applies while its condition holds; a change of severity ends some duties and begins others, but what fell due
before the change stays judged as it was. Repeating duties form a chain: each update starts the clock of the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from tocsin.incidents import gates, milestones
from tocsin.incidents.conditions import holds
from tocsin.incidents.model import Incident, Moment, UpdateRef
from tocsin.playbooks import calendars
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.process import Done, Obligation

State = Literal["open", "warned", "overdue", "kept", "late", "missed", "waived", "void"]
SETTLED: Final = ("kept", "late", "missed", "waived", "void")
_BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)
_MOST_IN_A_CHAIN: Final = 5000


class Duty(msgspec.Struct, frozen=True):
    """One dated obligation."""

    id: str
    rule: str
    name: str
    owner: str
    audience: str
    from_at: datetime
    """When its clock started."""
    due_at: datetime
    state: State
    warn_at: datetime | None = None
    done_at: datetime | None = None
    done_by: str = ""
    fact: int = 0
    """The fact that kept it."""
    on_breach: tuple[str, ...] = ()
    cites: str = ""
    reason: str = ""
    """Why it was waived or is void."""
    kind: Literal["duty", "cadence", "promise", "checklist", "follow_up"] = "duty"


class When(msgspec.Struct, frozen=True):
    """When something was done, by whom, by which fact."""

    at: datetime
    fact: int
    by: str = ""


def plan(incident: Incident, playbook: Playbook, now: datetime) -> list[Duty]:
    """Return every obligation that has begun, oldest due first."""
    if incident.imported or not incident.circumstances or not incident.severity:
        return []
    book = _Book(incident, playbook, now)
    duties: list[Duty] = []
    for rule in playbook.obligations:
        duties.extend(book.of_rule(rule))
    duties.extend(book.promises())
    duties.extend(book.tiers())
    duties.extend(book.follow_ups())
    return sorted(duties, key=lambda d: (d.due_at, d.id))


def marks(playbook: Playbook) -> list[str]:
    """Return what people can mark as done: obligations by their ids."""
    return [rule.id for rule in playbook.obligations] + [f"follow_up_{f.id}" for f in playbook.actions.follow_ups]


def mark_of(incident: Incident, playbook: Playbook, name: str, now: datetime) -> str | None:
    """Return the mark that is set when somebody says that the named obligation was met; None where there is no such obligation."""
    for rule in playbook.obligations:
        if name in (rule.id, rule.done.mark, rule.done.follow_up):
            return _mark_key(rule) or f"obligation:{rule.id}"
    for duty in plan(incident, playbook, now):
        if name in (duty.id, duty.rule):
            return f"obligation:{duty.id}"
    return None


def _mark_key(rule: Obligation) -> str | None:
    if rule.done.mark is not None:
        return f"mark:{rule.id}"
    if rule.done.approval is not None:
        return f"approval:{rule.done.approval}"
    if rule.done.follow_up is not None:
        return f"follow_up:{rule.done.follow_up}"
    return None


class _Book:
    """One planning run over one incident."""

    def __init__(self, incident: Incident, playbook: Playbook, now: datetime) -> None:
        self.incident = incident
        self.playbook = playbook
        self.now = now
        self.moments = milestones.known(incident, playbook)
        self.ended_at = incident.stage_since if incident.ended and incident.stage_since else (now if incident.ended else None)
        self.dismissed = incident.stage_kind == "dismissed" or bool(incident.merged_into)

    def applies(self, condition: str) -> list[tuple[datetime, datetime | None]]:
        """Return the half-open spans during which a condition holds; the first circumstances also stand for the time before."""
        spans: list[tuple[datetime, datetime | None]] = []
        history = self.incident.circumstances
        for index, circumstances in enumerate(history):
            if not holds(condition, circumstances):
                continue
            start = _BEGINNING if index == 0 else circumstances.at
            end = history[index + 1].at if index + 1 < len(history) else None
            if spans and spans[-1][1] == start:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return spans

    def of_rule(self, rule: Obligation) -> Iterator[Duty]:
        anchor = self.moments.get(rule.after)
        if anchor is None:
            return
        for number, (start, end) in enumerate(self.applies(rule.if_)):
            if end is not None and anchor.at >= end:
                continue
            begins = max(anchor.at, start)
            suffix = "" if number == 0 else f"/{number + 1}"
            if rule.every is not None:
                yield from self._chain(rule, suffix, begins, end)
            elif rule.at is not None:
                yield from self._at_milestones(rule, suffix, begins, end)
            elif rule.within is not None:
                due = self._due(rule.calendar, begins, rule.within)
                until = self.moments.get(rule.until) if rule.until else None
                stops = [moment for moment in (end, until.at if until is not None and until.at >= begins else None) if moment is not None]
                yield self._judge(rule, f"{rule.id}{suffix}", begins, due, self.done(rule.done, rule.id, begins), min(stops, default=None))

    def _chain(self, rule: Obligation, suffix: str, begins: datetime, end: datetime | None) -> Iterator[Duty]:
        assert rule.every is not None
        until = self.moments.get(rule.until) if rule.until else None
        stops = [moment for moment in (until.at if until else None, end, self.ended_at) if moment is not None]
        stop = min(stops) if stops else None
        last = begins
        events = [when for when in self._moments_of(rule.done) if when.at > begins]
        for number in range(1, _MOST_IN_A_CHAIN):
            due = self._due(rule.calendar, last, rule.every)
            kept = next((when for when in events if when.at > last), None)
            name = f"{rule.id}{suffix}#{number}"
            if kept is not None and (stop is None or kept.at <= stop):
                yield self._judge(rule, name, last, due, kept, None, kind="cadence")
                last = kept.at
                continue
            if stop is None:
                yield self._judge(rule, name, last, due, None, None, kind="cadence")
            elif due < stop:
                yield self._judge(rule, name, last, due, None, stop, kind="cadence")
            return

    def _at_milestones(self, rule: Obligation, suffix: str, begins: datetime, end: datetime | None) -> Iterator[Duty]:
        for name in rule.at or ():
            moment = self.moments.get(name)
            if moment is None or moment.at < begins or (end is not None and moment.at >= end):
                continue
            due = self._due(rule.calendar, moment.at, rule.grace or timedelta(0))
            kept = next((when for when in self._moments_of(rule.done) if when.at >= moment.at), None)
            yield self._judge(rule, f"{rule.id}{suffix}@{name}", moment.at, due, kept, None, kind="cadence")

    def promises(self) -> Iterator[Duty]:
        """Return the promises that were given: the next update to the same audiences is due at the promised time, to each of them."""
        resolved = self.moments.get("resolved")
        lead = self.playbook.lead
        for index, update in enumerate(self.incident.updates):
            if update.next_at is None:
                continue
            kept = self._told_again(update.audiences, self.incident.updates[index + 1 :])
            if update.when_resolved and resolved is not None and resolved.at >= update.at and (kept is None or resolved.at < kept.at):
                kept = When(resolved.at, resolved.source)
            audience = update.audiences[0] if update.audiences else ""
            owner = next((r.owner for r in self.playbook.obligations if r.audience == audience), lead.id if lead else "")
            name = f"promise:{audience}@{update.source}"
            names = {a.id: a.name for a in self.playbook.audiences}
            named = " and ".join(names.get(one, one) for one in update.audiences)
            said = f"Next update to {named}, promised at {update.at:%H:%M} UTC"
            yield self._duty(name, "promise", said, owner, audience, update.at, update.next_at, kept, None, timedelta(0), (), "", "promise")

    @staticmethod
    def _told_again(audiences: Sequence[str], later: Sequence[UpdateRef]) -> When | None:
        """Return when the last of these audiences was told again; None while one of them was not."""
        told: When | None = None
        for audience in audiences:
            first = next((u for u in later if audience in u.audiences and u.kind != "roles"), None)
            if first is None:
                return None
            if told is None or (first.at, first.source) > (told.at, told.fact):
                told = When(first.at, first.source)
        return told

    def tiers(self) -> Iterator[Duty]:
        """Return the deadlines of whole checklists that no rule of the playbook covers."""
        covered = {rule.done.checklist for rule in self.playbook.obligations}
        for checklist in self.playbook.checklists:
            if checklist.within is None or checklist.id in covered or checklist.after not in self.moments:
                continue
            begins = self.moments[checklist.after].at
            for start, end in self.applies(checklist.if_):
                if end is not None and begins >= end:
                    continue
                since = max(begins, start)
                owner = self.playbook.lead.id if self.playbook.lead else ""
                kept = self._checklist(checklist.id)
                name = f"checklist:{checklist.id}"
                yield self._duty(
                    name, name, checklist.name, owner, "", since, since + checklist.within, kept, end, timedelta(0), (), checklist.from_ or "", "checklist",
                )  # fmt: skip

    def follow_ups(self) -> Iterator[Duty]:
        """Return the reviews of the action items that no rule of the playbook covers."""
        covered = {rule.done.follow_up for rule in self.playbook.obligations}
        resolved = self.moments.get("resolved")
        if resolved is None:
            return
        for follow_up in self.playbook.actions.follow_ups:
            if follow_up.id in covered:
                continue
            done = self.incident.marks_done.get(f"follow_up:{follow_up.id}") or self.incident.marks_done.get(
                f"obligation:follow_up_{follow_up.id}"
            )
            kept = When(done.at, done.source, done.by) if done else None
            owner = self.playbook.lead.id if self.playbook.lead else ""
            name = f"follow_up_{follow_up.id}"
            yield self._duty(
                name, name, follow_up.name, owner, "", resolved.at, resolved.at + follow_up.after, kept, None, timedelta(0), (), follow_up.from_ or "",
                "follow_up",
            )  # fmt: skip

    def _due(self, calendar: str, start: datetime, span: timedelta) -> datetime:
        if calendar == "always":
            return start + span
        found = next((c for c in self.playbook.calendars if c.id == calendar), None)
        return start + span if found is None else calendars.due(found, start, span)

    def _judge(
        self, rule: Obligation, name: str, begins: datetime, due: datetime, kept: When | None, end: datetime | None,
        kind: Literal["duty", "cadence"] = "duty",
    ) -> Duty:  # fmt: skip
        audience = rule.audience or (rule.done.update_to[0] if rule.done.update_to else "")
        return self._duty(
            name, rule.id, rule.name, rule.owner, audience, begins, due, kept, end, rule.warn, rule.on_breach, rule.from_ or "", kind
        )

    def _duty(
        self, name: str, rule: str, says: str, owner: str, audience: str, begins: datetime, due: datetime, kept: When | None,
        end: datetime | None, warn: timedelta | None, on_breach: Sequence[str], cites: str, kind: Any,
    ) -> Duty:  # fmt: skip
        by_hand = self.incident.marks_done.get(f"obligation:{name}") or self.incident.marks_done.get(f"obligation:{rule}")
        if kept is None and by_hand is not None:
            kept = When(by_hand.at, by_hand.source, by_hand.by)
        waiver = self.incident.waived.get(name) or self.incident.waived.get(rule)
        warn_at = max(begins, due - warn) if warn else None
        reason = ""
        state: State
        if waiver is not None:
            state, reason = "waived", f"{waiver.text} ({waiver.by})"
        elif kept is not None and (end is None or kept.at <= end or kept.at <= due):
            state = "kept" if kept.at <= due else "late"
        elif end is not None:
            state, reason, kept = ("missed", "", None) if due <= end else ("void", "the rule no longer applied", None)
        elif self.ended_at is not None and due <= self.ended_at:
            state = "missed"
        elif self.dismissed:
            state, reason = "void", "the incident was dismissed or merged"
        elif self.now >= due:
            state = "overdue"
        else:
            state = "warned" if warn_at is not None and self.now >= warn_at else "open"
        return Duty(
            name, rule, says, owner, audience, begins, due, state, warn_at, kept.at if kept else None, kept.by if kept else "",
            kept.fact if kept else 0, tuple(on_breach), cites, reason, kind,
        )  # fmt: skip

    # -- what was done when -----------------------------------------------------------------------

    def done(self, done: Done, rule: str, begins: datetime) -> When | None:
        """Return when the obligation was met."""
        incident = self.incident
        if done.mark is not None:
            return _when(incident.marks_done.get(f"mark:{rule}"))
        if done.approval is not None:
            return _when(incident.marks_done.get(f"approval:{done.approval}"))
        if done.follow_up is not None:
            return _when(incident.marks_done.get(f"follow_up:{done.follow_up}"))
        if done.role is not None:
            return _when(incident.first_held.get(done.role))
        if done.stage is not None:
            return _when(incident.stages.get(done.stage))
        if done.checklist is not None:
            return self._checklist(done.checklist)
        if done.assessment is not None:
            return self._assessment(done.assessment)
        moments = self._moments_of(done)
        return next((when for when in moments if when.at >= begins), moments[0] if moments and done.update_to is None else None)

    def _moments_of(self, done: Done) -> list[When]:
        incident = self.incident
        if done.update_to is not None:
            return [When(u.at, u.source) for u in incident.updates if _fits(u, done)]
        if done.milestone is not None:
            moment: Moment | None = self.moments.get(done.milestone)
            return [When(moment.at, moment.source, moment.by)] if moment else []
        if done.entry is not None:
            kept = (incident.first, incident.silent, incident.last)
            said = [s for s in (entries.get(done.entry) for entries in kept) if s is not None]
            return sorted((When(s.at, s.source) for s in said), key=lambda w: w.at)
        if done.mitigation is not None:
            found = [m for m in incident.mitigations.values() if m.kind == done.mitigation and m.completed_at]
            return [When(m.completed_at, m.completed, m.by) for m in found if m.completed_at]
        return []

    def _assessment(self, wanted: str) -> When | None:
        """Return when the last of the wanted questions was first answered; a later answer to the same question changes nothing."""
        questions = self.playbook.assessment
        asked = [one for one in questions if one.required or wanted == "all"] or questions
        said = [self.incident.assessment.get(one.id) for one in asked]
        known = [When(one.since or one.at, one.source) for one in said if one is not None]
        return max(known, key=lambda when: when.at) if known and len(known) == len(said) else None

    def _checklist(self, checklist_id: str) -> When | None:
        checklist = self.playbook.checklist(checklist_id)
        if checklist is None:
            return None
        views = gates.checklist_view(self.incident, self.playbook, checklist, self.now)
        if not views or any(view.state in ("open", "unmet") for view in views):
            return None
        ticks = [self.incident.checks[view.id] for view in views if view.id in self.incident.checks]
        if not ticks:
            return None
        newest = max(ticks, key=lambda t: t.at)
        return When(newest.at, newest.source, newest.by)


def _when(done: Any) -> When | None:
    return None if done is None else When(done.at, done.source, done.by)


def _fits(update: UpdateRef, done: Done) -> bool:
    if update.kind == "roles":
        return False
    return bool(set(update.audiences) & set(done.update_to or ())) and (done.update_kind is None or update.kind == done.update_kind)
