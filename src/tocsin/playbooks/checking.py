"""What every check needs: the names that exist, and a way to say where something is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tocsin.playbooks.errors import MOST_PROBLEMS, Problem, did_you_mean
from tocsin.playbooks.load import Loaded
from tocsin.playbooks.model import CANONICAL_MILESTONES, Playbook
from tocsin.playbooks.places import Path, dotted

ON_CALL = "on_call"
"""Whoever is on call; every playbook may name it without defining it."""
ALWAYS = "always"
"""The calendar in which all time counts."""


class Names:
    """The ids that exist in a playbook, by what they name."""

    def __init__(self, playbook: Playbook) -> None:
        self.severities = tuple(level.id for level in playbook.severities)
        self.roles = tuple(role.id for role in playbook.roles)
        self.parties = tuple(dict.fromkeys((*self.roles, *(contact.id for contact in playbook.contacts), ON_CALL)))
        self.audiences = tuple(audience.id for audience in playbook.audiences)
        self.calendars = (*(calendar.id for calendar in playbook.calendars), ALWAYS)
        self.stages = tuple(stage.id for stage in playbook.lifecycle.stages)
        self.gates = tuple(gate.id for gate in playbook.gates)
        self.checklists = tuple(checklist.id for checklist in playbook.checklists)
        self.windows = tuple(window.id for window in playbook.windows)
        self.measures = tuple(measure.id for measure in playbook.measures)
        self.milestones = (*CANONICAL_MILESTONES, *(milestone.id for milestone in playbook.milestones))
        self.entry_types = tuple(kind.id for kind in playbook.entry_types)
        self.mitigations = tuple(mitigation.id for mitigation in playbook.mitigations)
        self.approvals = tuple(approver.id for approver in playbook.review.approvals)
        self.follow_ups = tuple(follow_up.id for follow_up in playbook.actions.follow_ups)
        self.message_kinds = tuple(dict.fromkeys(message.kind for message in playbook.messages))
        self.marks = tuple(mark.id for mark in playbook.marks)


@dataclass(slots=True)
class _Found:
    problems: list[Problem] = field(default_factory=list)


class Checker:
    """A loaded playbook under examination; problems gather in the order they are found."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.playbook = loaded.playbook
        self._found = _Found()

    @cached_property
    def names(self) -> Names:
        """The ids that exist."""
        return Names(self.playbook)

    def problems(self) -> list[Problem]:
        """Return what was found, in the order of the file."""
        return sorted(dict.fromkeys(self._found.problems), key=lambda problem: (problem.line, problem.column))

    def say(self, path: Path, what: str, remedy: str, *, down: int = 0) -> None:
        """Note a problem. down: lines below the place of the path, for text that runs over several lines."""
        if len(self._found.problems) >= MOST_PROBLEMS:
            return
        line, column = self.loaded.position(path)
        self._found.problems.append(Problem(self.loaded.file, line + down, 1 if down else column, dotted(path), what, remedy))

    def known(self, path: Path, name: str, names: Collection[str], of: str, *, down: int = 0) -> None:
        """Note a problem where the name is none of the names. of: what it should name, such as ``role``; down: as in ``say``."""
        if name in names:
            return
        listed = ", ".join(names)
        remedy = f"Write one of: {listed}." if listed else f"Define the {of} first, or take this out."
        self.say(path, f"there is no {of} `{name}`", did_you_mean(name, names, remedy), down=down)

    def all_known(self, path: Path, wanted: Sequence[str], names: Collection[str], of: str) -> None:
        """Note a problem for each name that is none of the names."""
        for index, name in enumerate(wanted):
            self.known((*path, index), name, names, of)

    def unique(self, path: Path, ids: Iterable[str], of: str, key: str = "id") -> None:
        """Note a problem for each id that stands twice in a list, and for each that is empty."""
        seen: dict[str, int] = {}
        for index, name in enumerate(ids):
            at = (*path, index, key)
            if not name:
                self.say(at, f"the {key} of this {of} is empty", f"Write a short name after `{key}:`.")
            elif name in seen:
                line, _ = self.loaded.position((*path, seen[name], key))
                self.say(at, f"the {of} `{name}` is defined twice, first in line {line}", "Give one of them another id.")
            seen.setdefault(name, index)
