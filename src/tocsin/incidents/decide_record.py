"""What is written down: entries and their corrections, assessment, milestones, figures, alerts, links. Pure."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from tocsin.engine.errors import Refused
from tocsin.engine.model import Command, Context, Decision, Fact, Happened
from tocsin.incidents import commands as c
from tocsin.incidents import errors, events, figures, milestones
from tocsin.incidents import notes as n
from tocsin.incidents.decide_base import Found, Handler, milestone_ids, milestones_set_by, need, occurred, one, open_only
from tocsin.incidents.decide_lifecycle import linked
from tocsin.incidents.gates import COMPARE
from tocsin.incidents.model import Incident, Left, Reading
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.process import EntryType, SetBy

ASSESSMENT = "ASSESSMENT"
"""The entry type of the written first assessment; every playbook has it beside its own."""


def entry_type(playbook: Playbook, kind: str) -> EntryType:
    """Return the entry type with this name."""
    if kind.upper() == ASSESSMENT:
        return EntryType(id=ASSESSMENT, name="Assessment")
    found = playbook.entry_type(kind)
    if found is None:
        raise errors.UnknownWord("kind", kind, (t.id for t in playbook.entry_types))
    return found


def _checked_reading(playbook: Playbook, reading: Reading | None) -> Reading | None:
    if reading is None:
        return None
    measure = next((m for m in playbook.measures if m.id == reading.measure), None)
    if measure is None:
        raise errors.UnknownWord("reading.measure", reading.measure, (m.id for m in playbook.measures))
    return reading if reading.unit else msgspec.structs.replace(reading, unit=measure.unit)


def _sets(playbook: Playbook, kind: str, reading: Reading | None) -> tuple[str, ...]:
    """Return the playbook's milestones for which such an entry is a candidate."""

    def by_entry(set_by: SetBy) -> bool:
        if set_by.entry == kind:
            return True
        if set_by.reading_of is None or reading is None or set_by.reading_of != reading.measure or set_by.value is None:
            return False
        return COMPARE[set_by.op or "<"](reading.value, set_by.value)

    return milestones_set_by(playbook, by_entry) if playbook.milestones else ()


def _log(incident: Incident, command: c.LogEntry, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    kind = entry_type(playbook, command.kind)
    need(command.text, "text", "an entry says something")
    reading = _checked_reading(playbook, command.reading)
    lead = playbook.lead
    by = command.by or (ctx.actor.id if ctx.actor.kind == "person" else "")
    if kind.by_lead_only and lead is not None and by:
        holder = incident.roles.get(lead.id)
        if holder is not None and holder.person != by:
            raise Refused(
                f"{kind.id} is for the {lead.short or lead.name} ({holder.person}).", fix="Log a RECOMMENDATION, or take the role first.", field="kind",
            )  # fmt: skip
    looked_up: Found = ctx.found
    if looked_up.not_kept:
        raise Refused(
            f"There is no attachment {looked_up.not_kept[0][:80]}.", fix="Send the file with POST /api/v1/blobs first; the answer has its digest.",
            field="attachments",
        )  # fmt: skip
    at = occurred(command.at, ctx)
    sets = _sets(playbook, kind.id, reading)
    begun = incident.moments.get("response_started")
    was_at_work = (
        kind.progress or incident.declared_at is None or at >= incident.declared_at
    )  # what was seen may be far older than whoever saw it
    if by and was_at_work and (not begun or at < begun[0].at):  # the first sign of somebody at work
        sets = ("response_started", *sets)
    logged = events.EntryLogged(kind.id, command.text, by, reading, kind.progress, command.field, command.attachments, sets)
    return one(logged, at, entry=incident.version + 1)


def _correct(incident: Incident, command: c.CorrectEntry, ctx: Context, playbook: Playbook) -> Decision:
    found: Found = ctx.found
    if found.entry is None or not isinstance(found.entry.event, events.EntryLogged | events.EntryCorrected):
        raise Refused(f"{incident.id} has no entry {command.entry}.", fix="Give the number that stands beside the entry.", field="entry")
    if incident.merged_into:
        raise errors.Ended(incident.id, incident.stage, incident.merged_into)
    old = found.entry.event
    # A kind that came with a record from elsewhere stays as it is unless another one is given.
    kind = entry_type(playbook, command.kind) if command.kind else (playbook.entry_type(old.kind) or EntryType(id=old.kind, name=old.kind))
    reading = _checked_reading(playbook, command.reading) if command.reading is not None else old.reading
    at = occurred(command.at, ctx) if command.at is not None else found.entry.occurred_at
    corrected = events.EntryCorrected(
        entry=command.entry, kind=kind.id, text=command.text or old.text, by=old.by if command.by is None else command.by, reading=reading,
        progress=kind.progress, field=old.field, reason=command.reason, replaces=(command.entry, *found.corrections),
        sets=_sets(playbook, kind.id, reading),
    )  # fmt: skip
    return one(corrected, at, entry=command.entry)


def _redact(incident: Incident, command: c.Redact, ctx: Context, playbook: Playbook) -> Decision:
    found: Found = ctx.found
    if ctx.actor.kind != "person":
        raise Refused(
            "A redaction needs a named person.", fix="Send it as a person (--as NAME, or the X-Tocsin-Person header).", field="actor"
        )
    if found.entry is None:
        raise Refused(f"{incident.id} has no fact {command.fact}.", fix="Give the number that stands beside the entry.", field="fact")
    if not isinstance(found.entry.event, events.EntryLogged | events.EntryCorrected | events.UpdatePosted):
        raise Refused("Only entries and messages can be redacted.", fix="Correct it instead.", field="fact")
    # An entry goes with all its corrections, and a correction with its entry: any of them may hold what must go.
    gone = tuple(dict.fromkeys((found.entry.version, *found.corrections)))
    event, newest = found.entry.event, found.newest or found.entry
    redacted = events.Redacted(
        found.entry.version, found.entry.type, need(command.reason, "reason", "a redaction is kept with its reason"),
        entry=event.entry if isinstance(event, events.EntryCorrected) else 0,
        by="" if isinstance(newest.event, events.UpdatePosted) else newest.event.by,  # type: ignore[attr-defined]
        attachments=event.attachments if isinstance(event, events.EntryLogged) else (), left=_left(incident, newest, gone),
    )  # fmt: skip
    return Decision((Happened(redacted),), result={"fact": command.fact}, redact=gone, drop=found.only_here)


def _left(incident: Incident, fact: Fact, gone: Collection[int]) -> Left:
    """Return what stays known of an entry as its newest correction has it, or of a message. gone: versions of all its facts."""
    event = fact.event
    rested = tuple((name, m) for name, candidates in incident.moments.items() for m in candidates if m.source in gone)
    if isinstance(event, events.EntryLogged | events.EntryCorrected):
        said = incident.assessment.get(event.field)
        answered = said if said is not None and said.source in gone else None
        return Left(
            fact.occurred_at, event.kind, event.field if answered else "", (answered.since or answered.at) if answered else None, event.progress, rested,
        )  # fmt: skip
    told = next((update for update in incident.updates if update.source == fact.version), None)
    return Left(fact.occurred_at, moments=rested, update=told)


def _assess(incident: Incident, command: c.Assess, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    known = {f.id for f in playbook.assessment}
    if not command.answers:
        raise Refused("The assessment has no answers.", fix=f"Answer one or more of: {', '.join(sorted(known))}.", field="answers")
    facts = []
    by = command.by or (ctx.actor.id if ctx.actor.kind == "person" else "")
    for field, text in command.answers.items():
        if field not in known:
            raise errors.UnknownWord("answers", field, sorted(known))
        facts.append(Happened(events.EntryLogged(ASSESSMENT, need(text, field, "an answer"), by, field=field), occurred(command.at, ctx)))
    return Decision(tuple(facts), result={"answers": list(command.answers)})


def _set_milestone(incident: Incident, command: c.SetMilestone, ctx: Context, playbook: Playbook) -> Decision:
    if command.milestone not in milestone_ids(playbook):
        raise errors.UnknownWord("milestone", command.milestone, milestone_ids(playbook))
    when = occurred(command.when, ctx, "when")
    if (command.precision == "range") != (command.until is not None):
        raise Refused("A range has an end and only a range has one.", fix="Give `until` with precision `range`.", field="until")
    if command.until is not None and command.until < when:
        raise Refused("The range ends before it begins.", fix="Give an `until` that is not before `when`.", field="until")
    replaced = tuple(moment.source for moment in incident.moments.get(command.milestone, ()))
    stated = events.MilestoneSet(command.milestone, when, command.precision, command.until, command.note, replaced)
    chosen = milestones.known(incident, playbook).get(command.milestone)
    return one(stated, None, milestone=command.milestone, previous=None if chosen is None else chosen.at.isoformat())


def _record_figure(incident: Incident, command: c.RecordFigure, ctx: Context, playbook: Playbook) -> Decision:
    figure = next((f for f in playbook.figures if f.id == command.figure), None)
    if figure is None:
        raise errors.UnknownWord("figure", command.figure, (f.id for f in playbook.figures))
    value, about = figures.read(figure, command.value)
    if isinstance(value, str):
        value = need(value, "value", "a value")
    recorded = events.FigureRecorded(command.figure, value, command.unit or figure.unit, command.source, command.estimate or about)
    return one(recorded, None, figure=command.figure)


def _link_alert(incident: Incident, command: c.LinkAlert, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    found: Found = ctx.found
    if not found.alerts:
        raise Refused(f"There is no alert {command.alert}.", fix="`tocsin alert list` shows them.", field="alert")
    if found.alerts[0]["id"] in incident.alerts:
        return Decision(result={"alert": found.alerts[0]["id"]})
    return Decision(tuple(linked(incident, playbook, found.alerts[0], incident.severity)), result={"alert": found.alerts[0]["id"]})


def _note_alert(incident: Incident, command: n.NoteAlert, ctx: Context, playbook: Playbook) -> Decision:
    known = incident.alerts.get(command.alert)
    if known is None or known.state == command.state:
        return Decision()
    return one(events.AlertChanged(command.alert, command.title, command.state), occurred(command.at, ctx))


def _note_page(incident: Incident, command: n.NotePage, ctx: Context, playbook: Playbook) -> Decision:
    noted = events.PageNoted(command.page, command.what, command.text, command.person, command.called)
    return one(noted, min(command.at, ctx.now) if command.at else None)


def _add_link(incident: Incident, command: c.AddLink, ctx: Context, playbook: Playbook) -> Decision:
    if command.link in incident.links:
        return Decision()
    return one(events.LinkAdded(command.link))


def _note_failure(incident: Incident, command: n.NoteDeliveryFailure, ctx: Context, playbook: Playbook) -> Decision:
    return one(events.DeliveryFailed(command.key, command.channel, command.why))


def _update(incident: Incident, command: c.Update, ctx: Context, playbook: Playbook) -> Decision:
    if incident.merged_into:
        raise errors.Ended(incident.id, incident.stage, incident.merged_into)
    changed = events.DetailsChanged(command.title, command.impact, command.service, command.topic, command.cause, command.detected_by)
    if changed == events.DetailsChanged():
        raise Refused("Nothing to change.", fix="Give a title, impact, service, topic, cause or how it was detected.")
    return one(changed)


HANDLERS: dict[type[Command], Handler] = {
    c.LogEntry: _log, c.CorrectEntry: _correct, c.Redact: _redact, c.Assess: _assess, c.SetMilestone: _set_milestone, c.RecordFigure: _record_figure,
    c.LinkAlert: _link_alert, n.NoteAlert: _note_alert, n.NotePage: _note_page, c.AddLink: _add_link, n.NoteDeliveryFailure: _note_failure, c.Update: _update,
}  # fmt: skip
