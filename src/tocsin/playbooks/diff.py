"""What differs between two playbooks: parts are compared by id, and each change says whether it asks more of people or less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from tocsin.playbooks.base import Part
from tocsin.playbooks.durations import Duration
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.process import Transition
from tocsin.playbooks.record import Accepted
from tocsin.playbooks.scale import ClassifyRule

Weight = Literal["stricter", "looser", ""]


class Difference(msgspec.Struct, frozen=True):
    """One difference. ``path`` names parts by their ids (``obligations.acknowledge.within``); None stands for not there."""

    path: str
    before: str | None
    after: str | None
    weight: Weight = ""
    """Whether the change asks more of people; empty where that cannot be told."""

    def __str__(self) -> str:
        return line(self)


_ABSENT: Final = object()
_IGNORED: Final = frozenset({"from_", "note"})
"""The citation and the remark of a part; the engine ignores them, and so does a comparison."""
_NAMES: Final[Mapping[str, str]] = {
    "severities": "severity",
    "classify.questions": "question",
    "classify.rules": "classification rule",
    "assessment": "assessment field",
    "marks": "mark",
    "roles": "role",
    "audiences": "audience",
    "calendars": "calendar",
    "escalations": "escalation",
    "lifecycle.stages": "stage",
    "lifecycle.transitions": "transition",
    "gates": "gate",
    "checklists": "checklist",
    "windows": "window",
    "measures": "measure",
    "milestones": "milestone",
    "entry_types": "entry type",
    "obligations": "obligation",
    "detectors": "detector",
    "mitigations": "mitigation",
    "investigation": "investigation step",
    "messages": "message",
    "metrics": "metric",
    "figures": "figure",
    "contacts": "contact",
    "documents": "document",
    "runbooks": "runbook",
    "accepted": "acceptance",
}
_SHORTER_IS_STRICTER: Final = frozenset({
    "within", "every", "grace", "acknowledge_within", "respond_within", "after", "time_box", "expected_duration", "target", "next_update_default",
})  # fmt: skip
_LONGER_IS_STRICTER: Final = frozenset({"length", "for_", "warn"})
_MORE_IS_STRICTER: Final = frozenset({
    "obligations", "gates", "checklists", "items", "windows", "requires", "approvals", "mandatory_roles", "escalations", "on_breach", "follow_ups",
    "page", "rules",
})  # fmt: skip
_REVIEW: Final = ("none", "recommended", "required")


def diff(before: Playbook, after: Playbook) -> list[Difference]:
    """Return what differs, in the order of the playbook's parts. Citations and remarks are left out."""
    return list(_compare(before, after, ()))


def lines(differences: Sequence[Difference]) -> list[str]:
    """Return differences as people read them: ``obligation acknowledge: within 5m -> 10m (looser)``."""
    return [line(difference) for difference in differences]


def line(difference: Difference) -> str:
    """Return one difference as people read it."""
    owner, rest = _owner(difference.path)
    weight = f" ({difference.weight})" if difference.weight else ""
    if difference.before is None:
        said = f"{rest} added: {difference.after}" if rest else "added"
    elif difference.after is None:
        said = f"{rest} removed: {difference.before}" if rest else "removed"
    else:
        said = f"{rest} {difference.before} -> {difference.after}".lstrip()
    return f"{owner}: {said}{weight}" if owner else f"{said}{weight}"


def _owner(path: str) -> tuple[str, str]:
    """Split a path into the part it is about, in words, and what of it: (``obligation acknowledge``, ``within``)."""
    steps = _steps(path)
    for length in (2, 1):
        name = _NAMES.get(".".join(steps[:length]))
        if name and len(steps) > length:
            return f"{name} {steps[length]}", " ".join(steps[length + 1 :])
    return "", " ".join(steps)


def _steps(path: str) -> list[str]:
    """Split a path at its dots; ids with a dot or a blank in them stand in square brackets."""
    steps: list[str] = []
    rest = path
    while rest:
        if rest.startswith("["):
            step, _, rest = rest[1:].partition("]")
        else:
            step, dot, rest = rest.partition(".")
            if "[" in step:
                step, _, more = step.partition("[")
                rest = f"[{more}{dot}{rest}"
        if step:
            steps.append(step)
        rest = rest.lstrip(".")
    return steps


def _compare(before: object, after: object, path: tuple[str, ...]) -> Iterator[Difference]:
    if isinstance(before, Part) and isinstance(after, Part) and type(before) is type(after):
        for field in msgspec.structs.fields(type(before)):
            if field.name not in _IGNORED:
                yield from _compare(getattr(before, field.name), getattr(after, field.name), (*path, field.encode_name))
    elif _keyed(before) and _keyed(after) and (before or after):
        yield from _compare_maps(_by_key(before), _by_key(after), path)
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from _compare_maps(before, after, path)
    elif before != after:
        was, now = (None if value in (None, _ABSENT) else value for value in (before, after))
        yield Difference(_dotted(path), _shown(was), _shown(now), _weigh(path[-1], was, now))


def _compare_maps(before: Mapping[str, object], after: Mapping[str, object], path: tuple[str, ...]) -> Iterator[Difference]:
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key, _ABSENT), after.get(key, _ABSENT)
        if was is _ABSENT or now is _ABSENT:
            added: Weight = "stricter" if path[-1] in _MORE_IS_STRICTER else ""
            removed: Weight = "looser" if path[-1] in _MORE_IS_STRICTER else ""
            whole = now if was is _ABSENT else was
            shown = _shown(whole)
            yield Difference(
                _dotted((*path, key)),
                None if was is _ABSENT else shown,
                None if now is _ABSENT else shown,
                added if was is _ABSENT else removed,
            )
        else:
            yield from _compare(was, now, (*path, key))


def _keyed(value: object) -> bool:
    """Say whether a list is one of parts that a key tells apart."""
    return isinstance(value, tuple) and all(_key(item) for item in value)


def _by_key(value: object) -> dict[str, object]:
    found: dict[str, object] = {}
    for item in value if isinstance(value, tuple) else ():
        key = _key(item)
        while key in found:
            key += "'"
        found[key] = item
    return found


def _key(item: object) -> str:
    match item:
        case Transition():
            return f"{item.move_from} to {item.move_to}"
        case ClassifyRule():
            return f"{item.severity} when {item.when}"
        case Accepted():
            return item.finding
        case Part():
            return str(getattr(item, "id", ""))
    return ""


def _dotted(path: tuple[str, ...]) -> str:
    found = ""
    for step in path:
        if "." in step or " " in step or ":" in step:
            found += f"[{step}]"
        else:
            found += f".{step}" if found else step
    return found


def _shown(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "yes" if value else "no"
        case Duration():
            return str(value)
        case Part():
            return str(getattr(value, "name", "") or getattr(value, "says", "") or _key(value) or "set")
        case tuple():
            return ", ".join(_shown(item) or "" for item in value) or "nothing"
        case str():
            return value or "nothing"
    return str(value)


def _weigh(key: str, before: object, after: object) -> Weight:
    """Say whether a changed value asks more of people."""
    if key == "review" and isinstance(before, str) and isinstance(after, str) and {before, after} <= set(_REVIEW):
        return "stricter" if _REVIEW.index(after) > _REVIEW.index(before) else "looser"
    if key in _SHORTER_IS_STRICTER | _LONGER_IS_STRICTER and {type(before), type(after)} <= {Duration, type(None)}:
        if before is None or after is None:
            return "stricter" if before is None else "looser"
        shorter = isinstance(before, Duration) and isinstance(after, Duration) and after < before
        return "stricter" if shorter is (key in _SHORTER_IS_STRICTER) else "looser"
    if key in _MORE_IS_STRICTER and isinstance(before, tuple) and isinstance(after, tuple):
        was, now = set(before), set(after)
        if was < now or now < was:
            return "stricter" if was < now else "looser"
    return ""
