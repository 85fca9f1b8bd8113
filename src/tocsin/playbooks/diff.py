"""What differs between two playbooks: parts are compared by id, and each change says whether it asks more of people or less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from tocsin.playbooks.base import Part
from tocsin.playbooks.durations import Duration
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.process import Transition
from tocsin.playbooks.scale import ClassifyRule

Weight = Literal["stricter", "looser", ""]

_IGNORED: Final = frozenset({"from", "note"})
"""The citation and the remark of a part; the engine ignores them, and so does a comparison."""
_NAMES: Final[Mapping[str, str]] = {
    "severities": "severity", "classify.questions": "question", "classify.rules": "rule", "assessment": "assessment field", "marks": "mark",
    "declare": "reason to declare", "roles": "role", "audiences": "audience", "calendars": "calendar", "escalations": "escalation",
    "lifecycle.stages": "stage", "lifecycle.transitions": "move", "gates": "gate", "checklists": "checklist", "windows": "window",
    "measures": "measure", "milestones": "milestone", "entry_types": "entry type", "obligations": "obligation", "detectors": "detector",
    "mitigations": "mitigation", "investigation": "investigation step", "messages": "message", "metrics": "metric", "figures": "figure",
    "review.kinds": "kind of postmortem", "review.approvals": "approver", "review.targets": "place for postmortems",
    "actions.groups": "group of action items", "actions.follow_ups": "follow-up", "on_call.duties": "duty on call", "on_call.pay": "pay",
    "contacts": "contact", "documents": "document", "runbooks": "runbook", "commands": "command", "accepted": "acceptance",
}  # fmt: skip
"""What the parts of each list are called."""
_KEYS: Final = ("id", "finding", "do", "when", "says", "title")
_SHORTER_IS_STRICTER: Final = frozenset({
    "within", "every", "grace", "acknowledge_within", "respond_within", "after", "time_box", "target", "next_update_default",
})  # fmt: skip
_LONGER_IS_STRICTER: Final = frozenset({"length", "for", "warn"})
_MORE_IS_STRICTER: Final = frozenset({
    "obligations", "gates", "checklists", "items", "windows", "requires", "approvals", "mandatory_roles", "escalations", "on_breach",
    "follow_ups",
})  # fmt: skip
_REVIEW: Final = ("none", "recommended", "required")


class Difference(msgspec.Struct, frozen=True):
    """One difference. ``steps`` lead to it, parts named by their ids; None stands for not there."""

    steps: tuple[str, ...]
    before: str | None
    after: str | None
    weight: Weight = ""
    """Whether the change asks more of people; empty where that cannot be told."""

    @property
    def path(self) -> str:
        """The steps in one text: ``obligations.acknowledge.within``."""
        return ".".join(self.steps)

    def __str__(self) -> str:
        owner, rest = _owner(self.steps)
        if self.before is not None and self.after is not None:
            said = f"{rest} {self.before} -> {self.after}"
        else:
            value = self.after if self.before is None else self.before
            done = "added" if self.before is None else "removed"
            named = value == self.steps[-1]
            about = rest.removesuffix(str(value)) if named else rest
            said = f"{about} {done}" if named and not rest else f"{about} {done}: {value}"
        weight = f" ({self.weight})" if self.weight else ""
        return f"{owner + ': ' if owner else ''}{' '.join(said.split())}{weight}"


def diff(before: Playbook, after: Playbook) -> list[Difference]:
    """Return what differs, in the order of the playbook's parts. Citations and remarks are left out."""
    return list(_compare(before, after, ()))


def lines(differences: Sequence[Difference]) -> list[str]:
    """Return differences as people read them: ``obligation acknowledge: within 5m -> 10m (looser)``."""
    return [str(difference) for difference in differences]


def _owner(steps: tuple[str, ...]) -> tuple[str, str]:
    """Return the part that a change is about, in words, and what of it: (``obligation acknowledge``, ``within``)."""
    for length in (2, 1):
        name = _NAMES.get(".".join(steps[:length]))
        if name and len(steps) > length:
            return f"{name} {steps[length]}", " ".join(steps[length + 1 :])
    return "", " ".join(steps)


def _compare(before: object, after: object, steps: tuple[str, ...]) -> Iterator[Difference]:
    if isinstance(before, Part) and isinstance(after, Part) and type(before) is type(after):
        for field in msgspec.structs.fields(type(before)):
            if field.encode_name not in _IGNORED:
                yield from _compare(getattr(before, field.name), getattr(after, field.name), (*steps, field.encode_name))
    elif isinstance(before, tuple) and isinstance(after, tuple) and all(isinstance(item, Part) for item in (*before, *after)):
        yield from _compare_maps(_by_key(before), _by_key(after), steps)
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from _compare_maps(before, after, steps)
    elif isinstance(before, tuple) and isinstance(after, tuple) and set(before) != set(after):
        yield from _compare_maps({str(item): item for item in before}, {str(item): item for item in after}, steps)
    elif before != after:
        yield Difference(steps, _shown(before), _shown(after), _weigh(steps[-1], before, after))


def _compare_maps(before: Mapping[str, object], after: Mapping[str, object], steps: tuple[str, ...]) -> Iterator[Difference]:
    counts = steps[-1] in _MORE_IS_STRICTER
    for key in dict.fromkeys((*before, *after)):
        here = (*steps, key)
        if key not in before:
            yield Difference(here, None, _shown(after[key]), "stricter" if counts else "")
        elif key not in after:
            yield Difference(here, _shown(before[key]), None, "looser" if counts else "")
        else:
            yield from _compare(before[key], after[key], here)


def _by_key(parts: tuple[object, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for part in parts:
        key = name = _key(part)
        number = 1
        while key in found:
            number += 1
            key = f"{name} ({number})"
        found[key] = part
    return found


def _key(part: object) -> str:
    match part:
        case Transition():
            return f"{part.move_from} to {part.move_to}"
        case ClassifyRule():
            return f"{part.severity} when {part.when}"
    return next((str(value) for key in _KEYS if (value := getattr(part, key, ""))), "")


def _shown(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "yes" if value else "no"
        case Part():
            return str(getattr(value, "name", "") or _key(value) or "something else")
        case tuple():
            return ", ".join(_shown(item) or "" for item in value) or "nothing"
        case str():
            return value or "nothing"
    return str(value)


def _weigh(key: str, before: object, after: object) -> Weight:
    """Say whether a changed value asks more of people."""
    if key == "review" and isinstance(before, str) and isinstance(after, str) and {before, after} <= set(_REVIEW):
        return "stricter" if _REVIEW.index(after) > _REVIEW.index(before) else "looser"
    if key in _SHORTER_IS_STRICTER | _LONGER_IS_STRICTER:
        if isinstance(before, Duration) and isinstance(after, Duration):
            return "stricter" if (after < before) is (key in _SHORTER_IS_STRICTER) else "looser"
        if isinstance(before, Duration) or isinstance(after, Duration):
            return "looser" if after is None else "stricter"
    return ""
