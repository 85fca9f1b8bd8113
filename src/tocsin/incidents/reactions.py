"""What an incident's facts mean to other incidents. Pure."""

from __future__ import annotations

from typing import Any, Final

from tocsin.engine.kinds import Follow, Reaction
from tocsin.engine.model import Fact
from tocsin.incidents import events
from tocsin.incidents.commands import Absorb, Release


def _take_in(fact: Fact, incident: Any) -> list[Follow]:
    assert isinstance(fact.event, events.Merged)
    return [Follow("incident", fact.event.into, Absorb(incident.id, incident.title))]


def _let_go(fact: Fact, incident: Any) -> list[Follow]:
    assert isinstance(fact.event, events.Unmerged)
    return [Follow("incident", fact.event.into, Release(incident.id, incident.title))]


REACTIONS: Final = (
    Reaction("a merged incident is taken in by the other", events.Merged, _take_in),
    Reaction("a merge that was taken back is let go by the other", events.Unmerged, _let_go),
)
