"""What a page's facts mean to the incident that it is for. Pure."""

from __future__ import annotations

from typing import Any, Final

from tocsin.engine.kinds import Follow, Reaction
from tocsin.engine.model import Event, Fact, Reader
from tocsin.incidents.commands import Acknowledge
from tocsin.incidents.model import Incident
from tocsin.incidents.notes import NotePage
from tocsin.paging import events as p
from tocsin.paging.page import Page


def _incident(fact: Fact, page: Page, reader: Reader) -> Incident | None:
    """Return the incident of a page while it can still be written to."""
    found: Incident | None = reader.state(f"incident:{page.incident}") if page.incident else None
    return found if found is not None and not found.ended else None


def _noted(fact: Fact, page: Page, incident: Incident | None) -> list[Follow]:
    said = _sentence(fact.event, page) if incident is not None else None
    if incident is None or said is None:
        return []
    text, person = said
    noted = NotePage(page.id, fact.type.partition(".")[2], text, person, fact.occurred_at, _called(fact.event))
    return [Follow("incident", incident.id, noted)]


def _called(event: Event) -> tuple[str, ...]:
    """Return whom a page's fact calls; a name that is nobody's calls nobody."""
    return tuple(one.person for one in event.called if not one.named_only) if isinstance(event, p.StepBegan) else ()


def _acknowledged(fact: Fact, page: Page, incident: Incident | None) -> list[Follow]:
    event = fact.event
    assert isinstance(event, p.PageAcknowledged | p.PageJoined)
    if incident is None:
        return []
    return [Follow("incident", incident.id, Acknowledge(event.person, fact.occurred_at))]


def _joined(fact: Fact, page: Page, incident: Incident | None) -> list[Follow]:
    """A page that was acknowledged before it belonged to the incident: the acknowledgement counts from when it was."""
    event = fact.event
    assert isinstance(event, p.PageRaised)
    first = page.first_acknowledged
    if incident is None or not event.incident:
        return []
    called = list(dict.fromkeys(one.name for run in page.runs for one in run.called))
    text = f"Page {page.id} belongs to it: {page.title}" + (f". Called {', '.join(called)}." if called else "")
    everybody = tuple(dict.fromkeys(one.person for run in page.runs for one in run.called if not one.named_only))
    noted = NotePage(page.id, "linked", text, at=fact.occurred_at, called=everybody)
    known = "acknowledged" in incident.moments  # the alert that it was declared from brought it along
    taken = [Follow("incident", incident.id, Acknowledge(first.person, first.at))] if first is not None and not known else []
    return [Follow("incident", incident.id, noted), *taken]


def _sentence(event: Event, page: Page) -> tuple[str, str] | None:
    """Return a page's fact in one sentence, and the person that it is about; None where the incident need not hear of it."""
    match event:
        case p.PageOpened():
            by = event.policy.name or event.policy.id
            return f"Page {page.id} ({event.urgency} urgency): {event.title}" + (f", by {by}" if by and event.policy.version else ""), ""
        case p.StepBegan(called=called, missing=missing):
            names = ", ".join(one.name for one in called)
            gone = "; ".join(f"{one.target}: {one.why}" for one in missing)
            said = " ".join(part for part in (f"Called {names}." if names else "Nobody was called.", gone) if part)
            return said, called[0].person if len(called) == 1 else ""
        case p.NoticeFailed(final=final):
            person = next((one.person for _, one, planned in page.everyone() if planned.key == event.key), "")
            if not final:  # once for each message: people are called by the next way meanwhile
                return f"{person or 'Somebody'} was not reached by {event.channel} at once, which is tried again: {event.why}", person
            return f"{person or 'Somebody'} could not be reached by {event.channel}: {event.why}", person
        case p.PageEscalated():
            return f"Page {page.id} was escalated by hand" + (f": {event.why}" if event.why else ""), ""
        case p.PageHanded():
            return f"Page {page.id} was handed to {', '.join(event.to)}" + (f": {event.why}" if event.why else ""), ""
        case p.LeaseRanOut():
            return f"{event.person} acknowledged, and it is not over: people are called again", event.person
        case p.PageExhausted():
            last = f"; the last resort is called: {', '.join(event.last_resort)}" if event.last_resort else ""
            return f"Page {page.id} is unanswered: {event.why or 'every step was tried and nobody acknowledged'}{last}", ""
        case p.PageResolved():
            return f"Page {page.id} has ended" + (f", by {event.person}" if event.person else ""), event.person
        case _:
            return None


_TOLD: Final[tuple[type[Event], ...]] = (
    p.PageOpened, p.StepBegan, p.NoticeFailed, p.PageEscalated, p.PageHanded, p.LeaseRanOut, p.PageExhausted, p.PageResolved,
)  # fmt: skip


def _reaction(on: type[Event], then: Any) -> Reaction:
    return Reaction(f"{on.__struct_config__.tag}: note it on the incident", on, then, find=_incident)


REACTIONS: Final = (
    *(_reaction(event, _noted) for event in _TOLD),
    _reaction(p.PageAcknowledged, _acknowledged),
    _reaction(p.PageJoined, _acknowledged),
    _reaction(p.PageRaised, _joined),
)
