"""What a postmortem's facts mean to its incident: milestones, and the obligations that wait for them."""

from __future__ import annotations

from tocsin.engine.kinds import Follow, Reaction
from tocsin.engine.model import Fact
from tocsin.incidents.notes import NotePostmortem
from tocsin.postmortems import events as e
from tocsin.postmortems.model import Postmortem


def _drafted(fact: Fact, state: Postmortem) -> list[Follow]:
    assert isinstance(fact.event, e.Drafted)
    return [Follow("incident", state.id, NotePostmortem("drafted", ", ".join(fact.event.authors), at=fact.occurred_at))]


def _met(fact: Fact, state: Postmortem) -> list[Follow]:
    assert isinstance(fact.event, e.Met)
    return [Follow("incident", state.id, NotePostmortem("met", str(fact.actor), at=fact.occurred_at))]


def _approved(fact: Fact, state: Postmortem) -> list[Follow]:
    assert isinstance(fact.event, e.Approved)
    return [Follow("incident", state.id, NotePostmortem("approved", fact.event.by, fact.event.approver, fact.occurred_at))]


def _published(fact: Fact, state: Postmortem) -> list[Follow]:
    assert isinstance(fact.event, e.Published)
    return [Follow("incident", state.id, NotePostmortem("published", fact.event.target, at=fact.occurred_at))]


REACTIONS: tuple[Reaction, ...] = (
    Reaction("postmortem drafted: tell the incident", e.Drafted, _drafted),
    Reaction("review meeting held: tell the incident", e.Met, _met),
    Reaction("postmortem approved: tell the incident", e.Approved, _approved),
    Reaction("postmortem published: tell the incident", e.Published, _published),
)
