"""A scenario: who takes part, and step by step who does what when, and what is expected to come of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Someone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person of the scenario; written down before it begins."""

    id: str
    name: str = ""
    does: str = ""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """What stands above the steps of a scenario file."""

    scenario: str
    """Its id, which is also the name of its folder in a report."""
    title: str
    playbook: str
    starts: str
    """The moment at which the clock stands before the first step (``2025-10-27T14:15:00Z``); its day is the day of bare clock times."""
    from_: str = ""
    """The lines of the procedure that it follows."""
    note: str = ""
    people: tuple[Someone, ...] = ()


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"is_": "is"}):
    """What must come of a step. Without it the step must succeed."""

    status: int = 0
    """The HTTP status of the answer; 0: any success."""
    says: str = ""
    """A part of what a refusal says."""
    missing: int | None = None
    """How many things a gate still wants."""
    is_: dict[str, Any] = {}
    """Dotted path in the answer -> value: ``{stage: resolved, roles.0.person: alice}``."""


class Step(msgspec.Struct, frozen=True):
    """One thing that somebody does. ``line`` is where it stands in the file."""

    line: int
    at: datetime
    actor: str
    do: str
    """A word of the verb table (``verbs.VERBS``)."""
    body: dict[str, Any] = {}
    save: dict[str, str] = {}
    """Name -> dotted path in the answer; later steps write ``{name}``."""
    expect: Expect = Expect()
    tell: str = ""
    """A remark for whoever watches."""


class Scenario(msgspec.Struct, frozen=True):
    """A scenario that can be played. ``steps`` are in order of time."""

    id: str
    title: str
    playbook: str
    starts: datetime
    file: str
    people: tuple[Someone, ...]
    steps: tuple[Step, ...]
    from_: str = ""
    note: str = ""

    @property
    def ends(self) -> datetime:
        """When its last step is taken."""
        return self.steps[-1].at if self.steps else self.starts


def at_path(value: Any, path: str) -> Any:
    """Return what lies at a dotted path in plain data (``alerts.0.id``, ``checklists.id=resolution.items``).

    Raises:
        LookupError: nothing lies there.

    """
    for step in path.split(".") if path else ():
        if isinstance(value, list):
            key, equals, wanted = step.partition("=")
            if equals:
                value = next(item for item in [*value, None] if item is None or str(item.get(key)) == wanted)
                if value is None:
                    raise LookupError(step)
            else:
                value = value[int(step)]
        elif isinstance(value, dict):
            value = value[step]
        else:
            raise LookupError(step)
    return value
