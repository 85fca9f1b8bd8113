"""What the public reads of an incident: the playbook's own word, and which of the four words that status pages share it comes to. Pure.

The playbook's word stands on our page. Programs that read status pages know four words only, so each word of a playbook is brought to one
of them by what the playbook itself says of it: the stage that bears it, or its place in the list of status words.
"""

from __future__ import annotations

from typing import Final, Literal

from tocsin.incidents.model import Incident
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.process import Stage
from tocsin.playbooks.record import Message

Step = Literal["investigating", "identified", "monitoring", "resolved"]
STEPS: Final[tuple[Step, ...]] = ("investigating", "identified", "monitoring", "resolved")
OVER: Final = ("resolved", "closed", "dismissed")
"""Kinds of stages in which an incident is over for the public."""


def step_of(incident: Incident, playbook: Playbook, message: Message, status: str) -> Step:
    """Return the shared word for a status that the public is told."""
    if message.kind == "resolved":
        return "resolved"
    said = status.casefold()
    stages = [stage for stage in playbook.lifecycle.stages if stage.public and stage.public.casefold() == said]
    here = next((stage for stage in stages if stage.id == incident.stage), stages[0] if stages else None)
    if here is not None:
        return _of_stage(here, playbook)
    if said in STEPS:
        return STEPS[STEPS.index(said)]
    words = [word.casefold() for word in playbook.status_labels]
    if said in words:
        place = words.index(said)
        return "investigating" if place == 0 else "resolved" if place == len(words) - 1 else "identified"
    stage = playbook.stage(incident.stage)
    return _of_stage(stage, playbook) if stage is not None else "investigating"


def over_word(playbook: Playbook | None, stage_id: str) -> str:
    """Return the playbook's word for an incident that is over; an empty text where it has none."""
    stage = playbook.stage(stage_id) if playbook else None
    return stage.public if stage else ""


def _of_stage(stage: Stage, playbook: Playbook) -> Step:
    if stage.kind in OVER:
        return "resolved"
    if stage.kind == "mitigated":
        return "monitoring"
    first = next((one for one in playbook.lifecycle.stages if one.kind == "open" and one.public), None)
    same = first is not None and first.public.casefold() == stage.public.casefold()
    return "investigating" if same or not stage.public else "identified"
