"""Sections about how people worked: roles, mitigations, what was told to whom, duties, criteria, process health. Pure."""

from __future__ import annotations

from datetime import datetime

from tocsin.incidents import events as ie
from tocsin.incidents import gates
from tocsin.incidents.conditions import holds
from tocsin.incidents.obligations import Duty
from tocsin.insights.health import health_of
from tocsin.playbooks.record import Section
from tocsin.postmortems.material import Material
from tocsin.postmortems.text import UNKNOWN, cell, listed, table, utc, words


class _Stretch:
    """One person's time in one role."""

    def __init__(self, role: str, person: str, start: datetime, came: str) -> None:
        self.role, self.person, self.start, self.came = role, person, start, came
        self.end: datetime | None = None


def roles(material: Material, section: Section) -> list[str]:
    """Return who held which role, from when to when, and every hand-over."""
    stretches: list[_Stretch] = []
    held: dict[str, _Stretch] = {}
    for fact in sorted(material.facts, key=lambda f: (f.occurred_at, f.version)):
        event = fact.event
        if isinstance(event, ie.RoleAssigned):
            before = held.get(event.role)
            if before is not None and before.person == event.person:
                continue
            if before is not None:
                before.end = fact.occurred_at
            came = f"from {cell(material.name(event.previous))}" if event.hand_over else ""
            came = "; ".join(part for part in (came, cell(event.note)) if part)
            held[event.role] = stretch = _Stretch(event.role, event.person, fact.occurred_at, came)
            stretches.append(stretch)
        elif isinstance(event, ie.RoleVacated) and (gone := held.pop(event.role, None)) is not None:
            gone.end = fact.occurred_at
    rows = [
        (
            cell(_role(material, s.role)), cell(material.name(s.person)), material.clock(s.start), material.clock(s.end) if s.end else "to the end", s.came,
        )
        for s in stretches
    ]  # fmt: skip
    lines = table(("Role", "Person", "From (UTC)", "To (UTC)", "Handed over"), rows) if rows else [f"Roles: {UNKNOWN}."]
    if material.incident.engaged:
        lines += ["", f"Took part: {listed(material.name(person) for person in material.incident.engaged)}."]
    return lines


def _role(material: Material, role: str) -> str:
    found = material.playbook.role(role)
    return found.name if found else role


def mitigations(material: Material, section: Section) -> list[str]:
    """Return what was done to stop the harm: times, before, after, and whether it was verified."""
    kinds = {kind.id: kind.name for kind in material.playbook.mitigations}
    rows = []
    for m in sorted(material.incident.mitigations.values(), key=lambda one: (one.started_at, one.started)):
        took = words(m.completed_at - m.started_at) if m.completed_at else ""
        verified = {True: "helped", False: "did not help", None: "not verified"}[m.effective]
        if m.verified_at:
            verified += f" ({material.clock(m.verified_at)})"
        row = (
            cell(m.id), cell(f"{kinds.get(m.kind, m.kind)}: {m.text}"), cell(material.name(m.by)), material.clock(m.started_at),
            material.clock(m.completed_at) if m.completed_at else "not in place", took, cell(m.before) or UNKNOWN, cell(m.after) or UNKNOWN,
            cell(f"{verified}: {m.verification}" if m.verification else verified),
        )  # fmt: skip
        rows.append((row[0], row[1], *row[3:]) if material.sanitised else row)
    if not rows:
        return [f"Mitigations: {UNKNOWN}."] if material.imported else ["The record has no mitigation."]
    head = ("", "What", "By", "Begun (UTC)", "In place", "Took", "Before", "After", "Verified")
    return table((head[0], head[1], *head[3:]) if material.sanitised else head, rows)


def updates(material: Material, section: Section) -> list[str]:
    """Return what was told to whom, and whether each promised next update came in time."""
    names = {audience.id: audience for audience in material.playbook.audiences}
    messages = {message.id: message.name for message in material.playbook.messages}
    promises = {int(d.id.rpartition("@")[2]): d for d in material.duties if d.kind == "promise" and d.id.rpartition("@")[2].isdigit()}
    rows = []
    for fact in sorted(material.facts, key=lambda f: (f.occurred_at, f.version)):
        event = fact.event
        if not isinstance(event, ie.UpdatePosted) or (material.sanitised and not event.public):
            continue
        told = ", ".join(names[a].name if a in names else a for a in event.audiences)
        message = messages.get(event.message, event.message) + (f" #{event.number}" if event.number else "")
        promised = " or ".join(
            part
            for part in (material.clock(event.next_at) if event.next_at else "", "when resolved" if event.when_resolved else "")
            if part
        )
        promise = promises.get(fact.version)
        kept = f"{promise.state}{_at(material, promise)}" if promise else ""
        rows.append((material.clock(fact.occurred_at), cell(told), cell(message), cell(event.status), promised, kept))
    if not rows and material.sanitised:
        return []
    if not rows:
        return [f"Updates: {UNKNOWN}."] if material.imported else ["The record has no update."]
    return table(("UTC", "To", "Message", "Status", "Next promised", "Promise"), rows)


def _at(material: Material, duty: Duty) -> str:
    return f" ({material.clock(duty.done_at)})" if duty.done_at else ""


def adherence(material: Material, section: Section) -> list[str]:
    """Return every duty of the playbook and what became of it."""
    judged = [d for d in material.duties if d.state != "void"]
    if not judged:
        return [f"Duties: {UNKNOWN}."]
    order = ("kept", "late", "missed", "overdue", "waived", "warned", "open")
    counts = [f"{sum(d.state == state for d in judged)} {state}" for state in order if any(d.state == state for d in judged)]
    rows = [
        (
            cell(d.name), cell(d.owner), f"{d.due_at:%Y-%m-%d %H:%M}", f"{d.done_at:%Y-%m-%d %H:%M}" if d.done_at else "", f"**{d.state}**" if
            d.state in ("late", "missed", "overdue") else d.state, cell(d.reason),
        )
        for d in judged
    ]  # fmt: skip
    return [f"{', '.join(counts)}.", "", *table(("Duty", "Owner", "Due (UTC)", "Done (UTC)", "", "Reason"), rows)]


def checklists(material: Material, section: Section) -> list[str]:
    """Return every criterion as it stood: verified with its evidence, waived with its reason, or open."""
    incident, playbook = material.incident, material.playbook
    if material.imported:
        return [f"Criteria: {UNKNOWN}."]
    lines: list[str] = []
    for checklist in playbook.checklists:
        if not holds(checklist.if_, incident.now_circumstances):
            continue
        items = gates.checklist_view(incident, playbook, checklist, material.as_of)
        done, waived, of = gates.verified(items)
        rows = []
        for item in items:
            state = {"ticked": "verified", "met": "verified", "waived": "**waived**", "open": "open", "unmet": "open"}[item.state]
            why = item.reason if item.state == "waived" else item.evidence
            by = (
                ""
                if material.sanitised or not item.by
                else f"{cell(material.name(item.by))}, {material.clock(item.at)}"
                if item.at
                else cell(item.by)
            )
            rows.append((cell(item.says), state, by, cell(why) if not material.sanitised else ""))
        head = ("Criterion", "", "By", "Evidence or reason")
        said = f"**{cell(checklist.name)}**: {done} of {of} verified" + (f", {waived} waived" if waived else "") + "."
        shown = [row[:2] for row in rows] if material.sanitised else rows
        lines += [said, "", *table(head[:2] if material.sanitised else head, shown), ""]
    return lines[:-1] if lines else ["No criteria applied."]


def process_health(material: Material, section: Section) -> list[str]:
    """Return the anti-patterns that show in the record, and those that only people can see."""
    view = health_of(material.incident, material.playbook, material.facts, material.as_of)
    lines = [f"- **{cell(f.name)}** ({utc(f.at)}): {cell(f.sentence)} {cell(f.remedy)}" for f in view.findings]
    if not lines:
        lines = [
            "None of the habits that the record can show." if not view.not_judged else "None of the habits that the record could judge."
        ]
    if view.reminders:
        lines += ["", "To be looked for by people:", "", *(f"- {cell(r.name)}: {cell(r.says)}" for r in view.reminders)]
    return lines
