"""Sections that the record itself fills: what it was, what it cost, when what happened, how long it took. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tocsin.incidents import events as ie
from tocsin.incidents.timeline import Line
from tocsin.insights.durations import words as milestone_words
from tocsin.insights.metrics import metrics_of
from tocsin.insights.views import Cadence, Duration, Metric, Mitigations
from tocsin.playbooks.model import CANONICAL_MILESTONES
from tocsin.playbooks.record import Section
from tocsin.postmortems.material import Material
from tocsin.postmortems.text import UNKNOWN, cell, listed, number, relative, table, utc, words

LATER: Final = ("postmortem_drafted", "postmortem_met", "postmortem_published", "postmortem_approved")
"""Milestones of the postmortem itself; the table of the incident's milestones leaves them out."""
_PUBLIC_LINES: Final = (
    "incident.declared", "incident.milestone_set", "incident.severity_changed", "incident.stage_moved", "incident.mitigation_started",
    "incident.mitigation_completed", "incident.mitigation_verified", "incident.window_restarted"
)  # fmt: skip
"""What the system noted and an outsider may read; the rest is the house's own business."""
_DAY: Final = timedelta(days=1)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def span(material: Material) -> timedelta | None:
    """Return how long it lasted: from the start of the impact (or its detection) to the resolution."""
    start = material.moments.get("impact_started") or material.moments.get("detected")
    end = material.moments.get("resolved")
    return end.at - start.at if start and end and end.at >= start.at else None


def sentences(material: Material) -> list[str]:
    """Return the executive summary as the record gives it; what is not known is left out."""
    incident, moments = material.incident, material.moments
    now = incident.now_circumstances
    what = f"**{cell(incident.title)}**" + (f" ({cell(incident.severity)})" if incident.severity else "")
    if now and now.service:
        what += f", {cell(now.service)}"
    said = [what + "."]
    if incident.impact:
        said.append(f"Impact: {cell(incident.impact).rstrip('.')}.")
    started = moments.get("impact_started")
    steps = []
    for name, verb in (
        ("impact_started", "it began"), ("detected", "it was detected"), ("declared", "it was declared"), ("mitigated", "it was mitigated"),
        ("resolved", "it was resolved"),
    ):  # fmt: skip
        moment = moments.get(name)
        if moment is None:
            continue
        about = "" if moment.precision == "exact" else "about "
        after = (
            f" ({words(moment.at - started.at)} after the start)"
            if started and name != "impact_started" and moment.at >= started.at
            else ""
        )
        steps.append(f"{verb} at {about}{utc(moment.at)}{after}")
    if steps:
        said.append(f"By the record {', '.join(steps)}.")
    helped = [m for m in incident.mitigations.values() if m.effective]
    if helped:
        said.append(f"What helped: {'; '.join(cell(m.text).rstrip('.') for m in helped)}.")
    if now and now.cause:
        said.append(f"Kind of cause: {cell(now.cause)}.")
    return [" ".join(said)]


def header(material: Material, section: Section) -> list[str]:
    """Return the head of the document."""
    incident, state, moments = material.incident, material.state, material.moments
    now = incident.now_circumstances
    start, end = moments.get("impact_started") or moments.get("detected"), moments.get("resolved")
    first = start.at if start else material.lines[0].at if material.lines else None
    lasted = span(material)
    rows: list[tuple[str, str]] = [("Date", f"{first:%Y-%m-%d}" if first else UNKNOWN)]
    rows.append(
        (
            "Duration",
            f"{words(lasted)}, {utc(start.at if start else None)} to {utc(end.at if end else None)}" if lasted is not None else UNKNOWN,
        )
    )
    rows.append(("Severity", _severity(material)))
    if now and now.service:
        rows.append(("Service", cell(now.service)))
    if not material.sanitised:
        attended = [*state.attendees]
        pin = incident.playbook
        rows = [
            ("Incident", cell(incident.id)), *rows, ("Lead", cell(material.name(incident.lead)) if incident.lead else UNKNOWN),
            ("Authors", listed(material.name(p) for p in state.authors)),
            ("Attendees of the review", listed(material.name(p) for p in attended) if attended else "the meeting has not been recorded"),
            ("Playbook", f"{pin.id}, version {pin.version}" if pin else UNKNOWN), ("Record as of", utc(material.as_of)),
        ]  # fmt: skip
    if material.imported and not material.sanitised:
        rows.append(("Taken in from", cell(material.imported.source) or UNKNOWN))
    return table(("", ""), [(f"**{name}**", value) for name, value in rows])


def _severity(material: Material) -> str:
    incident, playbook = material.incident, material.playbook
    if not incident.severity:
        return UNKNOWN
    levels = [c.severity for c in incident.circumstances]
    steps = [level for index, level in enumerate(levels) if index == 0 or level != levels[index - 1]]
    level = playbook.severity(incident.severity)
    said = cell(" → ".join(steps))
    return f"{said} ({cell(level.name)})" if level and level.name and level.name != incident.severity else said


def impact(material: Material, section: Section) -> list[str]:
    """Return the impact in words, with the figures where the document has no other place for them."""
    lines = [cell(material.incident.impact)] if material.incident.impact else []
    asked = {field.id: field.ask for field in material.playbook.assessment}
    answers = [f"- {cell(asked.get(name, name))}: {cell(said.text)}" for name, said in material.incident.assessment.items() if said.text]
    if answers and not material.sanitised:
        lines += ["", "First assessment:", "", *answers] if lines else ["First assessment:", "", *answers]
    if not material.has("figures") and (material.incident.figures or material.playbook.figures):
        lines += ([""] if lines else []) + figures(material, section)
    return lines


def figures(material: Material, section: Section) -> list[str]:
    """Return the figures with their source; an estimate says so, and one that nobody recorded says that."""
    rows = []
    for figure in material.playbook.figures:
        found = material.incident.figures.get(figure.id)
        if figure.kind == "money" and material.sanitised:
            continue
        if found is None:
            if figure.required:
                rows.append((cell(figure.name), UNKNOWN, "", ""))
            continue
        value = f"{number(found.value)} {found.unit}".strip()
        source = "" if material.sanitised else cell(found.source)
        rows.append(
            (
                cell(figure.name),
                cell(f"about {value}" if found.estimate else value),
                "estimate" if found.estimate else "measured",
                source or UNKNOWN,
            )
        )
    head = ["Figure", "Value", "", "Source"]
    if material.sanitised:
        return table(head[:3], [row[:3] for row in rows]) if rows else []
    return table(head, rows) if rows else []


def milestones(material: Material, section: Section) -> list[str]:
    """Return every milestone in the order in which they were reached, canonical and the playbook's own; those that are not known come last and say so."""
    origin = material.origin
    own = [m.id for m in material.playbook.milestones]
    rows = []
    reached = {name: moment.at for name, moment in material.moments.items()}
    for name in sorted([*CANONICAL_MILESTONES, *own], key=lambda name: reached.get(name, _NEVER)):
        if name in LATER:
            continue
        moment = material.moments.get(name)
        label = cell(milestone_words(name, material.playbook))
        label = label[:1].upper() + label[1:]
        if moment is None:
            rows.append((label, UNKNOWN, "", ""))
            continue
        at = utc(moment.at) + (f" to {utc(moment.until)}" if moment.until else "")
        sure = "" if moment.precision == "exact" else moment.precision
        note = "; ".join(part for part in (sure, "" if material.sanitised else cell(moment.note)) if part)
        rows.append((label, at, relative(moment.at - origin[1]) if origin else "", note))
    return table(("Milestone", "Time", "From " + (origin[0] if origin else "the start"), "Remark"), rows)


def durations(material: Material, section: Section) -> list[str]:
    """Return the playbook's metrics, each with its definition; the product's own durations where the playbook has none."""
    view = metrics_of(material.incident, material.playbook, material.facts, material.as_of)
    shown: list[Metric] = list(view.metrics) or list(view.canonical)
    rows = []
    for metric in shown:
        if material.sanitised and not (isinstance(metric, Duration) and metric.available):
            continue
        if not metric.available:
            value = f"{UNKNOWN} ({cell(metric.reason)})" if metric.reason else UNKNOWN
        elif isinstance(metric, Duration) and metric.seconds is not None and metric.precision != "range":
            value = ("" if metric.precision == "exact" else "about ") + words(metric.seconds)
        elif isinstance(metric, Mitigations):
            value = ", ".join(words(one.seconds) for one in metric.each if one.seconds is not None)
        elif isinstance(metric, Cadence):
            value = ", ".join(words(beat.seconds) for beat in metric.beats) or "none sent"
        else:
            value = cell(metric.text)
        target = ""
        if isinstance(metric, Duration) and metric.target is not None and metric.available:
            target = words(metric.target) + {True: ", kept", False: ", not kept", None: ""}[metric.target_kept]
        rows.append((cell(metric.name), value, target, cell(metric.definition)))
    return (
        [*table(("Metric", "Value", "Target", "Measured"), rows), "", "These are durations of this one incident, not means."]
        if rows
        else []
    )


def shown_lines(material: Material) -> Iterator[Line]:
    """Yield the lines of the timeline that the document shows."""
    for line in material.lines:
        if not material.sanitised or line.entry or line.kind in _PUBLIC_LINES:
            yield line


def timeline(material: Material, section: Section) -> list[str]:
    """Return the whole timeline: absolute times in UTC and the distance from the start; corrections say what stood there before."""
    origin = material.origin
    if origin is None:
        return [f"The timeline is {UNKNOWN}."]
    shown = list(shown_lines(material))
    clock = "%Y-%m-%d %H:%M" if material.days else "%H:%M"
    day = "" if material.days or not shown else f" on {shown[0].at:%Y-%m-%d}"
    start = origin[1]
    rows = []
    for line in shown:
        kind = cell(line.kind) if line.entry else "·"
        text = cell(line.text)
        if line.corrected:
            reason = f" ({cell(line.data['reason'])})" if line.data.get("reason") else ""
            text += f" *(corrected{reason}; before: {'; '.join(cell(old) for old in line.corrects)})*"
        if line.late and not material.sanitised:
            text += (
                f" *(written down {line.recorded_at:{clock}})*"
                if line.recorded_at - line.at < _DAY
                else f" *(written down {line.recorded_at:%Y-%m-%d})*"
            )
        reading: dict[str, Any] | None = line.data.get("reading")
        if reading:
            text += f" [{cell(reading['measure'])} {reading['value']:g}{(' ' + cell(reading['unit'])) if reading.get('unit') else ''}]"
        by = cell(material.name(line.by)) if line.entry or line.by != "tocsin" else ""
        row = (f"{line.at:{clock}}", relative(line.at - start), kind, by, text)
        rows.append((*row[:3], row[4]) if material.sanitised else row)
    head = ("UTC", "Relative", "Type", "By", "What")
    note = f"All times are UTC{day}; the second column counts from {cell(origin[0])}, {utc(start)}."
    return [note, "", *table((*head[:3], head[4]) if material.sanitised else head, rows)]


def decisions(material: Material, section: Section) -> list[str]:
    """Return the decisions: entries of that type, and stage moves that were put as a question."""
    names = {kind.id for kind in material.playbook.entry_types if "decision" in f"{kind.id} {kind.name}".casefold()}
    asked = {(t.move_from, t.move_to): t.ask for t in material.playbook.lifecycle.transitions if t.ask}
    rows = []
    facts = {fact.version: fact for fact in material.facts if isinstance(fact.event, ie.StageMoved)}
    for line in material.lines:
        if line.entry and line.kind in names:
            rows.append((material.clock(line.at), cell(material.name(line.by)), cell(line.text)))
        elif line.fact in facts and line.kind == "incident.stage_moved":
            event = facts[line.fact].event
            assert isinstance(event, ie.StageMoved)
            ask = asked.get((event.previous, event.stage), "")
            if ask or event.backward:
                rows.append((material.clock(line.at), cell(material.name(line.by)), cell(f"{ask} {line.text}".strip())))
    if not rows:
        return ["The record has no decision." if not material.imported else f"Decisions: {UNKNOWN}."]
    if material.sanitised:
        return table(("UTC", "Decision"), [(row[0], row[2]) for row in rows])
    return table(("UTC", "By", "Decision"), rows)
