"""What availability means to schedules, and schedules to hand-offs. Pure; wired in ``app.py``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tocsin.engine.kinds import Follow, Reaction
from tocsin.engine.model import Event, Fact, Reader
from tocsin.oncall import events as e
from tocsin.oncall.availability import Availability, spans_of
from tocsin.oncall.commands import AskSummary, NoteAway
from tocsin.oncall.handoff import handoff_id

_CHANGES: tuple[type[Event], ...] = (e.AbsenceAdded, e.AbsenceEnded, e.AbsencesTaken)


def reactions(schedules_of: Callable[[Reader, str], Sequence[str]]) -> tuple[Reaction, ...]:
    """Return the reactions. schedules_of: the look-up of the schedules in which a person stands."""

    def find(_fact: Fact, known: Availability, reader: Reader) -> Sequence[str]:
        return schedules_of(reader, known.id)

    return (
        *(Reaction("absence changed: tell the person's schedules", change, _note, find) for change in _CHANGES),
        Reaction("hand-off comes: ask for its summary", e.SummaryAsked, _ask),
    )


def _note(_fact: Fact, known: Availability, schedules: Sequence[str]) -> list[Follow]:
    return [Follow("schedule", name, NoteAway(known.id, spans_of(known))) for name in schedules]


def _ask(fact: Fact, _schedule: object) -> list[Follow]:
    event = fact.event
    assert isinstance(event, e.SummaryAsked)
    name = fact.stream.partition(":")[2]
    asked = AskSummary(name, event.at, event.outgoing, event.incoming, event.warn_at, event.shift_began)
    return [Follow("handoff", handoff_id(name, event.at), asked)]
