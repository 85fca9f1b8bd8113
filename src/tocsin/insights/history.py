"""Who held which role when, and in which stage an incident was when, from its facts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from tocsin.engine.model import Fact
from tocsin.incidents import events as e
from tocsin.incidents.model import Incident


class Held(msgspec.Struct, frozen=True):
    """Somebody holds a role from a fact on (nobody, where it is empty)."""

    role: str
    person: str
    at: datetime
    fact: int


class Roles:
    """Role holders at any moment. facts: in any order."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        changes: list[Held] = []
        for fact in facts:
            match fact.event:
                case e.RoleAssigned(role=role, person=person):
                    changes.append(Held(role, person, fact.occurred_at, fact.version))
                case e.RoleVacated(role=role):
                    changes.append(Held(role, "", fact.occurred_at, fact.version))
                case _:
                    pass
        self._changes = sorted(changes, key=lambda change: (change.at, change.fact))

    def at(self, moment: datetime) -> dict[str, Held]:
        """Return who held each role at a moment, what changed at that moment included."""
        held: dict[str, Held] = {}
        for change in self._changes:
            if change.at > moment:
                break
            held[change.role] = change
        return {role: change for role, change in held.items() if change.person}


def mode_at(incident: Incident, moment: datetime) -> str:
    """Return the mode of the severity that was in force at a moment; the first one for the time before."""
    if not incident.circumstances:
        return ""
    before = [c for c in incident.circumstances if c.at <= moment]
    return (before[-1] if before else incident.circumstances[0]).mode


def stage_kinds(facts: Sequence[Fact]) -> list[tuple[datetime, str, int]]:
    """Return (when, kind of stage, fact) of every stage, in recorded order, the first one included."""
    return [(f.occurred_at, f.event.stage_kind, f.version) for f in facts if isinstance(f.event, e.Declared | e.StageMoved)]
