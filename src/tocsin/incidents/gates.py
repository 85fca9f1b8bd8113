"""What a gate still wants. Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from tocsin.incidents import milestones
from tocsin.incidents.conditions import holds
from tocsin.incidents.model import Incident
from tocsin.playbooks.durations import format_span
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.process import Checklist, ChecklistItem, Gate

COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


BY_PERSON: Final = ("manual", "quiet")
"""Kinds of criteria that a person judges; the record judges the others."""
GATE: Final = "gate"
"""Waiving the item ``gate.<gate>`` lets an incident pass what the gate itself wants: its window, milestones and roles."""


class ItemView(msgspec.Struct, frozen=True):
    """A criterion as it stands."""

    id: str
    """``<checklist>.<item>``."""
    says: str
    state: Literal["open", "ticked", "waived", "met", "unmet"]
    """``met`` and ``unmet``: judged by the record itself."""
    evidence: str = ""
    by: str = ""
    at: datetime | None = None
    reason: str = ""
    from_: str = ""
    wants_evidence: bool = False
    """Whether a tick must say what was seen."""


class GateView(msgspec.Struct, frozen=True):
    """A gate as it stands: ``missing`` is what it still wants, in sentences."""

    id: str
    name: str
    items: tuple[ItemView, ...]
    missing: tuple[str, ...]
    confirm: str = ""

    @property
    def met(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def checklist_view(incident: Incident, playbook: Playbook, checklist: Checklist, now: datetime) -> tuple[ItemView, ...]:
    """Return every criterion of a checklist as it stands now."""
    return tuple(_item(incident, playbook, checklist, item, now) for item in checklist.items)


def gate_view(incident: Incident, playbook: Playbook, gate: Gate, now: datetime) -> GateView:
    """Return what the gate still wants now."""
    missing: list[str] = []
    items: list[ItemView] = []
    for checklist_id in gate.checklists:
        checklist = playbook.checklist(checklist_id)
        if checklist is None or not holds(checklist.if_, incident.now_circumstances):
            continue
        views = checklist_view(incident, playbook, checklist, now)
        items.extend(views)
        missing.extend(_wants(view) for view in views if view.state in ("open", "unmet"))
    wants: list[str] = []
    if gate.window and (want := window_wants(incident, playbook, gate.window, now)):
        wants.append(want)
    moments = milestones.known(incident, playbook)
    wants.extend(milestone_wanted(name, playbook) for name in gate.requires if name not in moments)
    now_in_force = incident.now_circumstances
    if now_in_force is None or now_in_force.mode == "full":  # one responder, or a ticket, has no roles to fill
        names = {role.id: role.name for role in playbook.roles}
        wants.extend(f"nobody holds the role {names.get(role, role)}" for role in gate.roles if role not in incident.roles)
    waiver = incident.checks.get(f"{GATE}.{gate.id}")
    if waiver is not None:
        items.append(ItemView(f"{GATE}.{gate.id}", f"What {gate.name} itself wants", "waived", "", waiver.by, waiver.at, waiver.reason))
    else:
        missing.extend(wants)
    return GateView(gate.id, gate.name, tuple(items), tuple(missing), gate.confirm)


def milestone_wanted(milestone: str, playbook: Playbook) -> str:
    """Return what a gate says of a milestone that it requires."""
    return f"{milestones.name_of(milestone, playbook)} is not known"


def window_wants(incident: Incident, playbook: Playbook, window_id: str, now: datetime) -> str:
    """Return what a stability window still wants; nothing where it has elapsed or does not apply."""
    window = playbook.window(window_id)
    if window is None or not holds(window.if_, incident.now_circumstances):
        return ""
    run = incident.windows.get(window_id)
    if run is None or run.started_at is None:
        return f"{window.name}: the {window.length} have not begun"
    stable = now - run.started_at
    if stable < window.length:
        return f"{window.name}: {format_span(stable)} of {window.length} so far (until {run.started_at + window.length:%H:%M} UTC)"
    return ""


def verified(items: tuple[ItemView, ...]) -> tuple[int, int, int]:
    """Return how many criteria were verified, waived, and how many there are."""
    return sum(i.state in ("ticked", "met") for i in items), sum(i.state == "waived" for i in items), len(items)


def _wants(view: ItemView) -> str:
    return f"{view.says} ({view.evidence})" if view.state == "unmet" and view.evidence else view.says


def _item(incident: Incident, playbook: Playbook, checklist: Checklist, item: ChecklistItem, now: datetime) -> ItemView:
    item_id = f"{checklist.id}.{item.id}"
    tick = incident.checks.get(item_id)
    if tick is not None and (tick.state == "waived" or item.kind in BY_PERSON or (item.kind == "no_alerts" and not incident.alerts)):
        return ItemView(item_id, item.says, tick.state, tick.evidence, tick.by, tick.at, tick.reason, item.from_ or "")
    state, evidence = _judge(incident, playbook, item, now)
    if tick is not None and state == "met":
        return ItemView(item_id, item.says, "ticked", tick.evidence or evidence, tick.by, tick.at, "", item.from_ or "")
    wanted = checklist.evidence and item.kind in BY_PERSON
    return ItemView(item_id, item.says, state, evidence, from_=item.from_ or "", wants_evidence=wanted)


def judge(incident: Incident, playbook: Playbook, item: ChecklistItem, now: datetime) -> tuple[Literal["open", "met", "unmet"], str]:
    """Return what the record itself says of a criterion, and why."""
    return _judge(incident, playbook, item, now)


def _judge(incident: Incident, playbook: Playbook, item: ChecklistItem, now: datetime) -> tuple[Literal["open", "met", "unmet"], str]:
    match item.kind:
        case "metric":
            series = incident.readings.get(item.measure)
            if series is None or item.value is None:
                return "unmet", f"no reading of {_measure(playbook, item.measure)} yet"
            ok = COMPARE[item.op](series.last.value, item.value)
            unit = f" {series.last.unit}" if series.last.unit else ""
            said = f"{_measure(playbook, item.measure)} was {series.last.value:g}{unit} at {series.last.at:%H:%M} UTC; wanted {item.op} {item.value:g}{unit}"
            return ("met" if ok else "unmet"), said
        case "timer":
            want = window_wants(incident, playbook, item.window, now)
            if want:
                return "unmet", want
            run = incident.windows.get(item.window)
            return "met", f"stable since {run.started_at:%H:%M} UTC" if run and run.started_at else "no window applies"
        case "no_alerts":
            firing = [alert.title for alert in incident.alerts.values() if alert.state == "firing"]
            if firing:
                return "unmet", f"{firing[0]} still fires" + (f", and {len(firing) - 1} more" if len(firing) > 1 else "")
            # An incident without alerts proves nothing: somebody has to look.
            return ("met", "no linked alert fires") if incident.alerts else ("open", "")
        case _:
            return "open", ""


def _measure(playbook: Playbook, measure: str) -> str:
    return next((m.name for m in playbook.measures if m.id == measure), measure)
