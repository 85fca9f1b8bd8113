"""Incidents without a database: commands are decided and folded in memory, as the committer does it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tocsin.engine.kinds import Tick
from tocsin.engine.model import Actor, Command, Context, Fact
from tocsin.incidents import commands as c
from tocsin.incidents import decide_timer, events
from tocsin.incidents.decide import decide
from tocsin.incidents.decide_base import Found
from tocsin.incidents.evolve import evolve, initial
from tocsin.incidents.model import Incident
from tocsin.playbooks.load import Loaded

START = datetime(2026, 2, 3, 9, 0, tzinfo=UTC)
ALICE = Actor("person", "alice")


class Bench:
    """One incident, its facts and a clock."""

    def __init__(self, loaded: Loaded, incident: str = "INC-20260203-AAAAAA") -> None:
        self.loaded = loaded
        self.playbook = loaded.playbook
        self.now = START
        self.state: Incident = initial(incident)
        self.facts: list[Fact] = []

    def send(self, command: Command, actor: Actor = ALICE, **found: Any) -> dict[str, Any]:
        """Decide and fold a command; return its result."""
        pin = (self.playbook.playbook, self.playbook.version, self.loaded.digest)
        looked_up = Found(self.playbook, pin, **found)
        if isinstance(command, c.CorrectEntry):
            entry = next((f for f in self.facts if f.version == command.entry), None)
            earlier = tuple(f.version for f in self.facts if isinstance(f.event, events.EntryCorrected) and f.event.entry == command.entry)
            looked_up = msgspec.structs.replace(looked_up, entry=entry, corrections=earlier)
        decision = decide(self.state, command, Context(self.now, actor, ("AAAAAA",) * 4, looked_up))
        for happened in decision.facts:
            fact = Fact(f"incident:{self.state.id}", self.state.version + 1, happened.event, happened.at or self.now, self.now, actor)
            self.facts.append(fact)
            self.state = evolve(self.state, fact)
        return dict(decision.result)

    def wait(self, minutes: float) -> None:
        """Let time pass, with a tick at every due time on the way."""
        until = self.now + timedelta(minutes=minutes)
        for _ in range(1000):
            due = decide_timer.wake(self.state, self.playbook, self.now)
            if due is None or due > until:
                break
            self.now = max(self.now, due)
            before = len(self.facts)
            self.send(Tick(), Actor("system", "tocsin"))
            assert len(self.facts) > before, f"a tick at {due} did nothing, and would come again and again"
        else:
            raise AssertionError("ticks never end")
        self.now = until


def refold(facts: list[Fact], incident: str) -> Incident:
    """Return the state that follows from these facts, numbered anew in the given order."""
    state = initial(incident)
    for number, fact in enumerate(facts, start=1):
        state = evolve(state, msgspec.structs.replace(fact, version=number))
    return state
