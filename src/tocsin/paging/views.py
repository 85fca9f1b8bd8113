"""A page for people and programs: how it stands, and its story in sentences. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from tocsin.engine.model import Fact
from tocsin.paging import events as e
from tocsin.paging import steps
from tocsin.paging.model import Named
from tocsin.paging.page import HANDED, LAST_RESORT, Called, Page, Planned, Run
from tocsin.paging.policies import spelled
from tocsin.paging.reach import Answer, Stretch
from tocsin.paging.watch_model import Pager

CAUSES = {
    "opened": "it was opened",
    "waited": "nobody had acknowledged",
    "escalated": "somebody asked for it",
    "fell_through": "the step before reached nobody",
    "age": "the page has lasted that long",
    "lease": "the acknowledgement ran out",
    "snooze": "the silence was over",
    "handed": "it was handed on",
    "raised": "it became more urgent",
    "on_call": "others came on call, and nobody had acknowledged",
    "last_resort": "everything else was tried",
}


def step_name(step: int) -> str:
    """Return what people call a step."""
    return {LAST_RESORT: "the last resort", HANDED: "handed on"}.get(step, f"step {step + 1}")


def page_view(page: Page, facts: Sequence[Fact]) -> dict[str, Any]:
    """Return a page for the API, with its story."""
    following = steps.due_next(page)
    after = steps.next_step(page) if following is not None else None
    return {
        "id": page.id, "number": page.number, "version": page.version, "title": page.title, "urgency": page.urgency, "state": page.state,
        "unanswered": page.unanswered, "origin": page.origin, "service": page.service, "group": page.group, "incident": page.incident,
        "why": page.why, "carries": page.carries, "opened_at": page.opened_at,
        "policy": {"id": page.policy.id, "name": page.policy.name, "version": page.policy.version, "steps": page.policy.steps},
        "acknowledged": [_named(one) for one in page.acknowledged], "first_acknowledged": _named(page.first_acknowledged),
        "lease_until": page.lease_until, "snoozed_until": page.snoozed_until, "exhausted_at": page.exhausted_at, "resolved": _named(page.resolved),
        "next": {"at": following, "step": after.step + 1 if after else None, "to": page.policy.steps[after.step].to if after else ()}
        if following is not None
        else None,
        "runs": [_run(run) for run in page.runs],
        "story": list(story(facts)),
    }  # fmt: skip


def _named(one: Named | None) -> dict[str, Any] | None:
    return None if one is None else {"person": one.person, "at": one.at, "via": one.via}


def _run(run: Run) -> dict[str, Any]:
    return {
        "run": run.number, "step": run.step + 1 if run.step >= 0 else None, "name": step_name(run.step), "cause": run.cause, "because": CAUSES[run.cause],
        "began_at": run.began_at, "urgency": run.urgency, "by_age": run.by_age,
        "people": [
            {
                "person": who.person, "name": who.name, "because": who.because, "reached": who.hopeful and any(p.state == "sent" for p in who.planned),
                "named_only": who.named_only, "problems": who.problems, "notifications": [_planned(one) for one in who.planned],
                "spare": [way.contact for way in who.spare],
            }
            for who in run.called
        ],
        "missing": [{"target": one.target, "why": one.why} for one in run.missing],
    }  # fmt: skip


def _planned(one: Planned) -> dict[str, Any]:
    return {
        "contact": one.way.contact, "channel": one.way.kind, "verified": one.way.verified, "due_at": one.due_at, "held_from": one.held_from,
        "state": one.state, "why": one.why, "key": one.key,
    }  # fmt: skip


# -- the story ------------------------------------------------------------------------------------


def story(facts: Sequence[Fact], names: Mapping[str, str] = MappingProxyType({})) -> Iterator[dict[str, Any]]:
    """Yield every entry of a page's record as a sentence, oldest first. names: of people by id; who is not in it is called by the id."""

    def who(person: str) -> str:
        return names.get(person, person)

    keys: dict[str, tuple[str, str]] = {}
    for fact in facts:
        if isinstance(fact.event, e.Notified):
            keys |= {notice.key: (notice.person, notice.channel) for notice in fact.event.notices}
        for text in _sentences(fact, keys, who):
            yield {"at": fact.occurred_at, "recorded_at": fact.recorded_at, "type": fact.type, "by": str(fact.actor), "text": text}


def _sentences(fact: Fact, keys: dict[str, tuple[str, str]], who: Callable[[str], str]) -> Iterator[str]:
    match fact.event:
        case e.PageOpened() as event:
            policy = (
                f"the policy {event.policy.id} (version {event.policy.version})" if event.policy.version else "the people who were named"
            )
            yield f"Opened with {event.urgency} urgency for {policy}" + (f": {event.why}" if event.why else "")
        case e.StepBegan() as event:
            yield from _began(event, who)
        case e.StepPassed() as event:
            yield f"{step_name(event.step).capitalize()} was left out: {event.why}"
        case e.StepHeld() as event:
            yield f"{step_name(event.step).capitalize()} waits until {_clock(event.until)}"
        case e.Notified(notices=notices):
            for one in notices:
                again = f", the {_nth(one.attempt)} time" if one.attempt > 1 else ""
                yield f"{who(one.person)} is notified by {one.channel}{again}"
        case e.NoticeSent(key=key):
            person, channel = keys.get(key, ("", ""))
            yield f"The {channel} message to {who(person)} has left" if person else "A message has left"
        case e.NoticeFailed() as event:
            person, _ = keys.get(event.key, ("somebody", ""))
            yield f"The {event.channel} message to {who(person)} could not be sent{'' if event.final else ', and is tried again'}: {event.why}"
        case e.PageAcknowledged() as event:
            more = (
                f"; {event.awaited} more have to" if event.awaited else f", until {_clock(event.lease_until)}" if event.lease_until else ""
            )
            yield f"Acknowledged by {who(event.person)}{f' ({event.via})' if event.via else ''}{more}"
        case e.PageJoined(person=person):
            yield f"{who(person)} is on it too"
        case e.LeaseRenewed() as event:
            yield f"{who(event.person)} has it still, until {_clock(event.lease_until)}"
        case e.LeaseRanOut(person=person):
            yield f"{who(person) or 'Whoever had it'} has not ended it: people are called again"
        case e.PageEscalated(why=why):
            yield f"{who(str(fact.actor))} asked for the next step" + (f": {why}" if why else "")
        case e.PageHanded() as event:
            yield f"{who(str(fact.actor))} handed it to {', '.join(map(who, event.to))}" + (f": {event.why}" if event.why else "")
        case e.PageSnoozed() as event:
            yield f"{who(str(fact.actor))} silenced it until {_clock(event.until)}" + (f": {event.why}" if event.why else "")
        case e.SnoozeEnded():
            yield "The silence is over: people are called again"
        case e.PageRaised() as event:
            yield from _raised(event)
        case e.Replanned(people=people):
            yield f"The rules of {', '.join(map(who, people)) or 'somebody'} have changed, and the plan with them"
        case e.PageExhausted() as event:
            resort = (
                f"; the last resort is called: {', '.join(map(who, event.last_resort))}"
                if event.last_resort
                else "; there is no last resort"
            )
            yield f"Unanswered: {event.why or 'every step was tried'}{resort}"
        case e.PageResolved() as event:
            yield f"Ended{f' by {who(event.person)}' if event.person else ''}{f': {event.why}' if event.why else ''}"
        case e.Told(people=people):
            yield f"Told that it is over: {', '.join(map(who, people))}"


def _began(event: e.StepBegan, who: Callable[[str], str]) -> Iterator[str]:
    called_ = [f"{who(one.person)} ({one.because})" for one in event.called]
    name = step_name(event.step).capitalize()
    again = f", round {event.round + 1}" if event.round else ""
    calls = f" calls {', '.join(called_)}" if called_ else " calls nobody"
    following = f"; the next follows at {_clock(event.next_at)}" if event.next_at else ""
    yield f"{name}{again} began because {CAUSES[event.cause]}:{calls}{following}"
    for one in event.missing:
        yield f"{one.target} cannot be reached: {one.why}"
    for called in event.called:
        if held := held_of(called):
            yield f"{who(called.person)} has quiet hours: {held}"


def held_of(called: Called) -> str:
    """Return which notifications quiet hours hold, and until when; an empty text where none."""
    return ", ".join(f"{one.way.contact} waits until {_clock(one.due_at)}" for one in called.planned if one.held_from is not None)


def _raised(event: e.PageRaised) -> Iterator[str]:
    why = f": {event.why}" if event.why else ""
    if event.urgency is not None:
        yield f"The urgency is {event.urgency} now{why}"
    if event.incident is not None:
        yield f"It belongs to {event.incident}" if event.incident else "It belongs to no incident any more"
    if event.carries is not None and event.urgency is None:
        yield f"Its alerts say something new{why}"


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at.second else f"{at:%Y-%m-%d %H:%M} UTC"


def _nth(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


# -- the coming weeks -----------------------------------------------------------------------------


def reach_view(answers: Sequence[Answer], start: datetime, end: datetime) -> dict[str, Any]:
    """Return who is reached for the API: every stretch, and every hole as a sentence."""
    holes = [
        {
            "service": one.service, "severity": one.severity, "urgency": one.urgency, "policy": one.policy, "since": hole.since, "until": hole.until,
            "always": (hole.since, hole.until) == (start, end), "why": hole.why, "says": hole_sentence(one, hole, start, end),
        }
        for one in answers
        for hole in one.holes
    ]  # fmt: skip
    return {
        "start": start, "end": end, "holes": holes, "whole": not holes,
        "reach": [
            {
                "service": one.service, "severity": one.severity, "urgency": one.urgency, "policy": one.policy,
                "slowest": max((first.after for stretch in one.stretches if stretch.good for first in stretch.reached[:1]), default=None),
                "stretches": one.stretches,
            }
            for one in answers
        ],
    }  # fmt: skip


def hole_sentence(one: Answer, hole: Stretch, start: datetime, end: datetime) -> str:
    """Return a hole as people say it: ``Tue 2026-01-06 03:00–04:00 UTC: a SEV-1 on payments reaches nobody``."""
    when = "At any time" if (hole.since, hole.until) == (start, end) else spelled(hole.since, hole.until)
    whom = "nobody" if not hole.reached else f"only {', '.join(who.person for who in hole.reached)}, by a way that was never proved"
    return f"{when}: {'an' if one.severity[:1].upper() in 'AEIO' else 'a'} {one.severity} on {one.service} reaches {whom}"


def pager_view(pager: Pager) -> dict[str, Any]:
    """Return the pager's watch for the API."""
    return {
        "settings": pager.settings, "well": not pager.problems, "problems": pager.problems, "since": pager.since,
        "synthetic": {"began_at": pager.synthetic_at, "arrived_at": pager.arrived_at, "seconds": pager.seconds, "under_way": bool(pager.synthetic)},
    }  # fmt: skip
