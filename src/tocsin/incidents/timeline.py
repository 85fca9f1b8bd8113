"""The timeline as people read it: facts in order of when they happened, corrections applied, each in one sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from tocsin.engine.model import Event, Fact
from tocsin.incidents import events as e
from tocsin.incidents import milestones
from tocsin.playbooks.durations import format_span
from tocsin.playbooks.model import Playbook

Reading = Literal["happened_by", "known_by"]
_PEOPLE = ("person", "previous", "by")
"""Fields of facts that name people."""
_LATE = 60.0
"""Seconds after which an entry counts as written down later (a matter of display)."""


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the timeline."""

    fact: int
    """The number by which it can be named and corrected."""
    at: datetime
    recorded_at: datetime
    kind: str
    """The entry's type (``OBSERVATION``), or the fact's (``incident.declared``) for what the system noted."""
    by: str
    text: str
    entry: bool = False
    """A typed entry that people wrote."""
    corrected: bool = False
    corrects: tuple[str, ...] = ()
    """What the entry said before."""
    late: bool = False
    """Recorded well after it happened."""
    data: dict[str, Any] = {}


def as_of(facts: Iterable[Fact], at: datetime | None, reading: Reading = "happened_by") -> list[Fact]:
    """Return the facts that had happened (or were known) by a moment; all of them without one."""
    if at is None:
        return list(facts)
    if reading == "known_by":
        return [fact for fact in facts if fact.recorded_at <= at]
    return [fact for fact in facts if fact.occurred_at <= at]


def lines(facts: Sequence[Fact], playbook: Playbook | None, names: Mapping[str, str] | None = None) -> list[Line]:
    """Return the timeline, sorted by when things happened. names: what sentences call people, by id; their ids without one."""
    corrected: dict[int, list[Fact]] = {}
    for fact in facts:
        if isinstance(fact.event, e.EntryCorrected):
            corrected.setdefault(fact.event.entry, []).append(fact)
    # What was written down elsewhere has no author here; whoever took the record in only carried it over.
    taken_in = {fact.recorded_at for fact in facts if isinstance(fact.event, e.Imported)}
    shown = []
    for fact in facts:
        event = fact.event
        if isinstance(event, e.EntryCorrected):
            continue
        if isinstance(event, e.EntryLogged):
            shown.append(_entry(fact, corrected.get(fact.version, ()), carried=fact.recorded_at in taken_in))
        elif line := _noted(fact, _named(event, names) if names else event, playbook):
            shown.append(line)
    return sorted(shown, key=lambda line: (line.at, line.fact))


def _entry(fact: Fact, corrections: Sequence[Fact], *, carried: bool) -> Line:
    original = fact.event
    assert isinstance(original, e.EntryLogged)
    source = corrections[-1] if corrections else fact
    event: Any = source.event
    data: dict[str, Any] = {}
    if event.reading is not None:
        data["reading"] = msgspec.to_builtins(event.reading)
    if original.attachments:
        data["attachments"] = list(original.attachments)
    if event.field:
        data["field"] = event.field
    before: tuple[str, ...] = ()
    late = not carried and (fact.recorded_at - source.occurred_at).total_seconds() >= _LATE
    if corrections:
        said: list[tuple[Fact, Any]] = [(one, one.event) for one in (fact, *corrections[:-1])]
        before = tuple(f"{one.occurred_at:%H:%M} {old.kind}: {old.text}" for one, old in said)
        if event.reason:
            data["reason"] = event.reason
    return Line(
        fact.version, source.occurred_at, fact.recorded_at, event.kind, event.by or ("" if carried else str(fact.actor)), event.text, entry=True,
        corrected=bool(corrections), corrects=before, late=late, data=data,
    )  # fmt: skip


def people_of(facts: Iterable[Fact]) -> set[str]:
    """Return whom these facts name: who did it and whom it is about."""
    found: set[str] = set()
    for fact in facts:
        if fact.actor.kind == "person":
            found.add(fact.actor.id)
        for field in _PEOPLE:
            if isinstance(one := getattr(fact.event, field, ""), str):
                found.add(one)
    return found - {""}


def _named(event: Event, names: Mapping[str, str]) -> Event:
    """Return the event with the names of people in the place of their ids, for a sentence."""
    said = {field: names[one] for field in _PEOPLE if isinstance(one := getattr(event, field, ""), str) and one in names}
    if isinstance(event, e.SeverityChanged | e.StageMoved):  # what was before there is no person
        said.pop("previous", None)
    return msgspec.structs.replace(event, **said) if said else event


def _noted(fact: Fact, event: Event, playbook: Playbook | None) -> Line | None:
    text, data = sentence(event, playbook)
    if not text:
        return None
    at = event.at if isinstance(event, e.MilestoneSet) else fact.occurred_at  # where it belongs, whenever it was stated
    if isinstance(event, e.Imported):  # it holds from the record's beginning on, but it was done later
        at = fact.recorded_at
    return Line(fact.version, at, fact.recorded_at, fact.type, str(fact.actor), text, data=data)


def sentence(event: Event, playbook: Playbook | None) -> tuple[str, dict[str, Any]]:
    """Return a fact as one sentence and the values that a page may show beside it; an empty text where nothing is shown."""
    match event:
        case e.Declared(sets=()):
            return "", {}  # the beginning of a record that was taken in; nobody declared anything at that moment
        case e.Declared():
            return f"Declared {event.severity or 'without severity'}: {event.title}", {"because": list(event.because)}
        case e.Imported():
            return f"Taken in from {event.source or 'another record'}", event.given
        case e.MilestoneSet():
            sure = "" if event.precision == "exact" else f" ({event.precision})"
            verb = "corrected to" if event.replaces else "at"
            note = f": {event.note}" if event.note else ""
            return f"{milestones.name_of(event.milestone, playbook)} {verb} {event.at:%Y-%m-%d %H:%M} UTC{sure}{note}", {
                "milestone": event.milestone
            }
        case e.DetailsChanged():
            what = [name for name in ("title", "impact", "service", "topic", "cause", "detected_by") if getattr(event, name) is not None]
            said = ", ".join("how it was detected" if name == "detected_by" else name for name in what)
            return f"Changed {said}", {name: getattr(event, name) for name in what}
        case e.SeverityChanged():
            why = f": {event.reason}" if event.reason else ""
            return f"Severity {event.previous or 'unset'} → {event.severity}{why}", {"because": list(event.because)}
        case e.MarkSet():
            return f"{event.mark.replace('_', ' ')}: {'yes' if event.value else 'no'}", {}
        case e.Acknowledged():
            return f"Acknowledged by {event.person}", {}
        case e.RoleAssigned():
            role = _role(event.role, playbook)
            said = f"{role} handed over from {event.previous} to {event.person}" if event.hand_over else f"{event.person} is {role}"
            return said, {"conflicts": list(event.conflicts), "note": event.note, "role": event.role}
        case e.RoleVacated():
            return f"{event.person} is no longer {_role(event.role, playbook)}", {"note": event.note}
        case e.PersonInvited():
            return f"Invited {event.person}" + (f": {event.why}" if event.why else ""), {}
        case e.PersonUninvited():
            return f"{event.person} no longer reads it" + (f": {event.reason}" if event.reason else ""), {}
        case e.PrivacyChanged():
            said = "Private now: only those whom it names read it" if event.private else "Public now: everybody here reads it"
            return said + (f" ({event.reason})" if event.reason else ""), {}
        case e.PersonJoined():
            return f"{event.person} joined", {}
        case e.MitigationStarted():
            return f"Mitigation {event.id} ({event.kind}) begun: {event.text}", {"before": event.before}
        case e.MitigationCompleted():
            return f"Mitigation {event.id} in place" + (f": {event.text}" if event.text else ""), {"after": event.after}
        case e.MitigationVerified():
            helped = "helped" if event.effective else "did not help"
            return f"Mitigation {event.id} {helped}" + (f": {event.text}" if event.text else ""), {"after": event.after}
        case e.StageMoved():
            stage = playbook.stage(event.stage) if playbook else None
            why = f": {event.reason}" if event.reason else ""
            back = " (back)" if event.backward else ""
            return f"Stage {stage.name if stage else event.stage}{back}{why}", {
                "stage": event.stage,
                "previous": event.previous,
                "gate": event.gate,
            }
        case e.WindowRestarted():
            return f"Relapse, the stability window starts again: {event.text}", {}
        case e.CheckTicked():
            return f"Verified: {_item(event.checklist, event.item, playbook)}", {"evidence": event.evidence}
        case e.CheckUnticked():
            return f"Tick taken back: {_item(event.checklist, event.item, playbook)}", {"reason": event.reason}
        case e.CheckWaived():
            return f"Waived: {_item(event.checklist, event.item, playbook)} ({event.reason})", {"reason": event.reason}
        case e.UpdatePosted():
            number = f" #{event.number}" if event.number else ""
            told = ", ".join(_audience(audience, playbook) for audience in event.audiences)
            return f"Told {told}: {_message(event.message, playbook)}{number}", {
                "next_update": event.values.get("next_update", ""), "status": event.status, "message": event.message, "number": event.number,
            }  # fmt: skip
        case e.DeliveryFailed():
            return f"Could not send by {event.channel}: {event.why}", {"key": event.key}
        case e.Redacted():
            return f"The content of number {event.fact} was taken away: {event.reason}", {"fact": event.fact}
        case e.FigureRecorded():
            about = "about " if event.estimate else ""
            value = event.value if isinstance(event.value, str) else f"{event.value:,.10g}"
            return f"{_figure(event.figure, playbook)}: {about}{value} {event.unit}".strip(), {"source": event.source}
        case e.AlertLinked() | e.AlertChanged():
            return f"Alert {event.state}: {event.title}", {"alert": event.alert}
        case e.PageNoted():
            return event.text, {"page": event.page, "what": event.what, "person": event.person}
        case e.LinkAdded():
            return f"Linked {event.link.system} {event.link.id}", {"url": event.link.url}
        case e.ObligationWarned():
            return f"Due soon: {event.name} ({event.due_at:%H:%M} UTC)", {"obligation": event.obligation, "owner": event.owner}
        case e.ObligationBreached():
            return f"Overdue: {event.name} (was due {event.due_at:%H:%M} UTC)", {"obligation": event.obligation, "owner": event.owner}
        case e.ObligationDone():
            return f"Done: {_mark(event.mark, playbook)}", {"evidence": event.evidence, "mark": event.mark}
        case e.ObligationWaived():
            return f"Obligation waived: {event.obligation} ({event.reason})", {}
        case e.Escalated():
            return f"Escalated to {', '.join(event.to)}: {event.says or event.when.replace('_', ' ')}", {"rule": event.rule}
        case e.Merged():
            return f"Merged into {event.into}" + (f": {event.reason}" if event.reason else ""), {}
        case e.Absorbed():
            return f"Took in {event.source}: {event.title}", {}
        case e.Unmerged():
            return f"Not the same as {event.into} after all" + (f": {event.reason}" if event.reason else ""), {}
        case e.Released():
            return f"{event.source} goes on by itself: {event.title}", {}
        case e.PersonLeft():
            return f"{event.person} left", {"note": event.note}
        case e.HandOverOffered():
            return f"{event.person} was asked to take {_role(event.role, playbook)}" + (
                f" over from {event.previous}" if event.previous else ""
            ), {"note": event.note, "role": event.role}
        case e.HandOverDeclined():
            return f"{event.person} does not take {_role(event.role, playbook)}", {"note": event.note, "role": event.role}
        case e.EntryPinned():
            return f"Pinned number {event.fact}", {"fact": event.fact}
        case e.EntryUnpinned():
            return f"Number {event.fact} is no longer pinned", {"fact": event.fact}
        case e.AlertUnlinked():
            return f"Alert taken out: {event.title}" + (f" ({event.reason})" if event.reason else ""), {"alert": event.alert}
        case e.LinkRemoved():
            return f"Link taken out: {event.link.system} {event.link.id}", {"url": event.link.url}
        case e.ObligationRestored():
            return f"Taken back: {event.obligation or _mark(event.mark, playbook)}" + (f" ({event.reason})" if event.reason else ""), {
                "obligation": event.obligation, "mark": event.mark,
            }  # fmt: skip
        case e.PostmortemMoved():
            moved = {"met": "review held", "published": "published to", "approved": "signed by", "drafted": "drafted by"}.get(
                event.what, event.what
            )
            said = f"Postmortem {moved}" if event.what == "met" else f"Postmortem {moved} {event.by}".strip()
            return said, {"what": event.what, "by": event.by}
        case _:
            return "", {}


def plain(line: Line, playbook: Playbook | None = None, names: Mapping[str, str] | None = None) -> str:
    """Return a line as text: ``[14:37] Alice [OBSERVATION] …``, with the question that it answers and the value that was read."""
    kind = f" [{line.kind}]" if line.entry else ""
    by = f" {(names or {}).get(line.by, line.by)}" if line.by else ""
    asked = next((f"{field.ask} " for field in playbook.assessment if field.id == line.data.get("field")), "") if playbook else ""
    reading = line.data.get("reading")
    value = ""
    if reading:
        measure = (
            next((one.name for one in playbook.measures if one.id == reading["measure"]), reading["measure"])
            if playbook
            else reading["measure"]
        )
        value = f" ({measure}: {reading['value']:g}{' ' + reading['unit'] if reading.get('unit') else ''})"
    return f"[{line.at:%H:%M}]{by}{kind} {asked}{line.text}{value}"


def export(incident: str, shown: Sequence[Line]) -> dict[str, Any]:
    """Return the timeline for a file: times absolute (UTC) and relative to its first line."""
    start = shown[0].at if shown else None
    rows = []
    for line in shown:
        row = msgspec.to_builtins(line)
        row["offset_seconds"] = int((line.at - start).total_seconds()) if start else 0
        row["offset"] = format_span(line.at - start) if start else ""
        rows.append(row)
    return {"incident": incident, "zone": "UTC", "timeline": rows}


def _audience(audience: str, playbook: Playbook | None) -> str:
    return next((a.name for a in playbook.audiences if a.id == audience), audience) if playbook else audience


def _message(message: str, playbook: Playbook | None) -> str:
    found = playbook.message(message) if playbook else None
    return found.name if found else message.replace("_", " ")


def _figure(figure: str, playbook: Playbook | None) -> str:
    named = next((f.name for f in playbook.figures if f.id == figure), "") if playbook else ""
    return named or figure.replace("_", " ").capitalize()


def _mark(mark: str, playbook: Playbook | None) -> str:
    """Return what was done: the name of the obligation or follow-up behind a mark such as ``mark:thanks``."""
    name = mark.partition(":")[2]
    named = {o.id: o.name for o in playbook.obligations} | {f.id: f.name for f in playbook.actions.follow_ups} if playbook else {}
    return named.get(name) or name.replace("_", " ")


def _role(role: str, playbook: Playbook | None) -> str:
    found = playbook.role(role) if playbook else None
    return (found.short or found.name) if found else role


def _item(checklist: str, item: str, playbook: Playbook | None) -> str:
    found = playbook.checklist(checklist) if playbook else None
    return next((i.says for i in found.items if i.id == item), item) if found else item
