"""When would the duties of a playbook fall due: an incident made of nothing but milestones, for the playbook's own tests. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from tocsin.engine.model import SYSTEM, Event, Fact
from tocsin.incidents import events as e
from tocsin.incidents.evolve import evolve, initial
from tocsin.incidents.model import Pin
from tocsin.incidents.obligations import plan
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.selftest import ObligationCase

MOMENT: Final = datetime(2025, 1, 6, 10, tzinfo=UTC)
"""What the times of a test count from: a Monday at 10:00 UTC, inside the working hours of most places."""


def dues(playbook: Playbook, case: ObligationCase) -> Mapping[str, timedelta]:
    """Return when each obligation falls due first, counted from the moment of the test; what has not begun is left out.

    Raises:
        LookupError: the playbook does not have the severity.

    """
    level = playbook.severity(case.severity)
    if level is None:
        raise LookupError(f"The playbook {playbook.playbook} has no severity {case.severity!r}.")
    stage = playbook.stage(playbook.lifecycle.initial)
    marks = {**{mark.id: mark.default for mark in playbook.marks}, **case.marks}
    begun = e.Declared(
        title=case.name, playbook=Pin(playbook.playbook, playbook.version, ""), severity=level.id, rank=level.rank, mode=level.mode,
        stage=playbook.lifecycle.initial, stage_kind=stage.kind if stage else "open", service=case.service, detected_by=case.detected_by,
        cause=case.cause, marks=marks, sets=(),
    )  # fmt: skip
    first = MOMENT + min(case.milestones.values(), default=timedelta(0))
    happened: list[tuple[datetime, Event]] = [(first, begun)]
    happened += [(MOMENT + after, e.MilestoneSet(name, MOMENT + after)) for name, after in case.milestones.items()]
    incident = initial("rehearsal")
    for version, (at, event) in enumerate(happened, start=1):
        incident = evolve(incident, Fact("incident:rehearsal", version, event, at, at, SYSTEM))
    last = max(at for at, _ in happened)
    found: dict[str, timedelta] = {}
    for duty in plan(incident, playbook, last):
        due = duty.due_at - MOMENT
        found[duty.rule] = min(found.get(duty.rule, due), due)
    return found
